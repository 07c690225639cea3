import type { ReceivedSpan } from '../../../src/explain/read/received-span.ts';
import { made, ours } from '../../explain/made-spans.ts';

interface MadeTool {
  readonly tool_id: string;
  readonly depends_on?: readonly string[];
  readonly output_mapping?: Record<string, string>;
}

/** A plan as a plan span has it, of groups of tools. */
export function planOf(...groups: readonly (readonly MadeTool[])[]): string {
  return JSON.stringify({ strategy: 'dag', execution_groups: groups.map((tools) => ({ tools })) });
}

/** A step directly of the run `run` that succeeded. */
export function step(id: string, { attributes, ...rest }: Parameters<typeof made>[1] & object): ReceivedSpan {
  return made(id, {
    parent: 'run',
    ...rest,
    attributes: {
      'orchestration.span.type': 'step',
      'orchestration.tool_id': id,
      'orchestration.outcome': 'success',
      ...attributes,
    },
  });
}

/** `fast` had all it needs after 10 ms and was held back by `slow`; `report` needs both. */
export function slowSpans(): ReceivedSpan[] {
  const plan = planOf(
    [{ tool_id: 'load' }, { tool_id: 'slow' }],
    [{ tool_id: 'fast', depends_on: ['load'], output_mapping: { rows: '{load.data.rows}' } }],
    [{ tool_id: 'report', depends_on: ['fast', 'slow'] }],
  );
  return [
    ours('run', 'run', { ms: [0, 180], attributes: { 'plan.name': 'daily', strategy: 'dag', outcome: 'success' } }),
    ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: plan } }),
    step('load', { ms: [0, 10], attributes: { 'orchestration.group_index': 0 } }),
    step('slow', { ms: [0, 100], attributes: { 'orchestration.group_index': 0 } }),
    step('fast', { ms: [100, 160], attributes: { 'orchestration.group_index': 1 } }),
    step('report', { ms: [160, 180], attributes: { 'orchestration.group_index': 2 } }),
  ];
}

/** A run whose every text is the same. */
export function hostileSpans(evil: string): ReceivedSpan[] {
  const other = `${evil}2`;
  const plan = planOf(
    [{ tool_id: evil }],
    [{ tool_id: other, depends_on: [evil], output_mapping: { [evil]: `{["${evil.replaceAll(/["\\]/g, '')}"].data}` } }],
    [{ tool_id: 'third', depends_on: [other] }],
  );
  const attributes = { 'orchestration.outcome': 'failure' };
  return [
    ours('run', 'run', {
      ms: [0, 100],
      attributes: { 'plan.name': evil, strategy: evil, outcome: 'failure' },
      status: { code: 'error', message: evil },
    }),
    ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: plan } }),
    step('a', { ms: [0, 40], attributes: { 'orchestration.tool_id': evil } }),
    step('b', {
      ms: [50, 90],
      attributes: {
        ...attributes,
        'orchestration.tool_id': other,
        'orchestration.mappings': JSON.stringify([
          { field: evil, ref: evil, resolved: false },
          { field: 'x', ref: evil, resolved: false },
        ]),
      },
      status: { code: 'error', message: evil },
    }),
    ours('run', 'in', { parent: 'a', ms: [10, 20], attributes: { 'plan.name': evil, outcome: 'success' } }),
  ];
}
