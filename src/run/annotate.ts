import { safely } from '../spans/guard.ts';
import type { StepMetadata, StepResult } from './types.ts';

/** The results with each step's metadata in its data too: in a copy, where the data is a plain object without a key `orchestration`. */
export function annotate(results: ReadonlyMap<string, StepResult>): Map<string, StepResult> {
  return new Map([...results].map(([toolId, result]) => [toolId, annotated(result)]));
}

/** Data that cannot be copied (a proxy that throws) stays as it is. */
function annotated(result: StepResult): StepResult {
  const { data, orchestration } = result;
  const copy = safely('put its metadata into the data of a step', () => withMetadata(data, orchestration));
  return copy ? { ...result, data: copy } : result;
}

/** A copy; getters are taken along and not called. */
function withMetadata(data: unknown, orchestration: StepMetadata): object | undefined {
  if (!isPlain(data) || Object.hasOwn(data, 'orchestration')) return undefined;
  const copy = Object.create(Object.getPrototypeOf(data) as object | null) as object;
  for (const key of Reflect.ownKeys(data)) {
    const property = Object.getOwnPropertyDescriptor(data, key)!;
    Object.defineProperty(copy, key, 'value' in property ? { ...property, ...CHANGEABLE } : property);
  }
  return Object.defineProperty(copy, 'orchestration', { value: orchestration, enumerable: true, ...CHANGEABLE });
}

/** Copies of frozen data are not frozen. */
const CHANGEABLE = { writable: true, configurable: true };

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
