import type { Run, Step } from '../../explain/read/run.ts';
import type { MappingRecord } from '../../mapping.ts';
import { stepsOf } from '../../explain/read/steps-of.ts';
import { escapeText, formatBytes } from '../terminal-text.ts';

/** A line for each parameter that is mapped: from where, and what came. Escaped. */
export function describeDataFlow(run: Run): string[] {
  return stepsOf(run).flatMap(flowsOf);
}

function flowsOf(step: Step): string[] {
  const read = new Map(step.mappings.map((mapping) => [mapping.field, mapping]));
  const unread = Object.entries(step.outputMapping).filter(([field]) => !read.has(field));
  return [
    ...step.mappings.map((mapping) => flow(step, mapping.field, mapping.ref, whatOf(mapping))),
    ...unread.map(([field, ref]) => flow(step, field, ref, 'not read')),
  ];
}

function flow({ toolId }: Step, field: string, ref: string, what: string): string {
  return escapeText(`${toolId}.${field} <- ${ref.replace(/^\{(.*)\}$/s, '$1')}  (${what})`);
}

function whatOf({ resolved, type, bytes }: MappingRecord): string {
  if (!resolved) return 'found nothing';
  return [type ?? 'a value', bytes === undefined ? undefined : formatBytes(bytes)].filter(Boolean).join(', ');
}
