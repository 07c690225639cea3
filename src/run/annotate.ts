import type { StepResult } from './types.ts';

/** The results with each step's metadata in its data too: in a copy, where the data is a plain object without a key `orchestration`. */
export function annotate(results: ReadonlyMap<string, StepResult>): Map<string, StepResult> {
  return new Map([...results].map(([toolId, result]) => [toolId, { ...result, data: annotated(result) }]));
}

function annotated({ data, orchestration }: StepResult): unknown {
  return isPlain(data) && !Object.hasOwn(data, 'orchestration') ? { ...data, orchestration } : data;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
