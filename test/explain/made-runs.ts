import * as fc from 'fast-check';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import type { Run } from '../../src/explain/read/run.ts';
import { ours } from './made-spans.ts';

/** A tool of a made run: what it depends on, when it ran, and what else its span says. Without `ms` it has no span. */
export interface MadeTool {
  needs?: readonly string[];
  type?: string;
  mapping?: Record<string, string>;
  ms?: readonly [number, number];
  outcome?: string;
  attempts?: number;
  /** Further passes, when each ran. */
  passes?: readonly (readonly [number, number])[];
  error?: string;
  /** The machine that it ran on, if it is another one than that of the run. */
  host?: string;
}

interface MadeRun {
  /** How long the run took; undefined for one whose end did not arrive. */
  ms: number | undefined;
  /** Tools by id; a group is a dependency level. */
  tools: Record<string, MadeTool>;
  name?: string;
  strategy?: string;
  /** `null` for one that does not say how it ended. */
  outcome?: string | null;
  hash?: string;
  /** Whether the plan arrived. Default true. */
  hasPlan?: boolean;
  error?: string;
  traceId?: string;
  /** When it started, after the others. */
  at?: number;
}

/** A run read back from spans that were made by hand. */
export function madeRun(made: MadeRun): Run {
  const [run] = reconstruct(madeRunSpans(made));
  if (!run) throw new Error('of no span no run can be made');
  return run;
}

export function madeRunSpans({ ms, tools, at = 0, ...run }: MadeRun): ReceivedSpan[] {
  const { name = 'nightly', strategy = 'dag', outcome = 'success', hash, hasPlan = true, error, traceId } = run;
  const trace = traceId === undefined ? {} : { traceId };
  const shifted = ([from, to]: readonly [number, number]): readonly [number, number] => [at + from, at + to];
  const status = error === undefined ? {} : { status: { code: 'error', message: error } as const };
  const hashed = hash === undefined ? {} : { 'plan.hash': hash };
  const spans: ReceivedSpan[] = [];
  if (ms !== undefined)
    spans.push(
      ours('run', 'run', {
        ...trace,
        ...status,
        ms: shifted([0, ms]),
        attributes: { 'plan.name': name, strategy, ...(outcome === null ? {} : { outcome }), ...hashed },
      }),
    );
  if (hasPlan) {
    const attributes = { 'plan.name': name, execution_plan: planOf(strategy, tools) };
    spans.push(ours('plan', 'plan', { ...trace, parent: 'run', ms: shifted([0, 0]), attributes }));
  }
  for (const [id, tool] of Object.entries(tools)) {
    const passes = [...(tool.ms ? [tool.ms] : []), ...(tool.passes ?? [])];
    for (const [index, pass] of passes.entries()) {
      const failed = tool.error === undefined ? {} : { status: { code: 'error', message: tool.error } as const };
      const resource = tool.host === undefined ? {} : { resource: new Map([['host.name', tool.host]]) };
      const iteration = index === 0 ? {} : { iteration: index + 1 };
      const attempts = tool.attempts === undefined ? {} : { attempt_count: tool.attempts };
      const attributes = {
        tool_id: id,
        group_index: levelOf(id, tools),
        depends_on: tool.needs ?? [],
        outcome: tool.outcome ?? 'success',
        ...iteration,
        ...attempts,
      };
      spans.push(
        ours('step', `${id}.${index}`, {
          ...trace,
          ...failed,
          ...resource,
          parent: 'run',
          ms: shifted(pass),
          attributes,
        }),
      );
    }
  }
  return spans;
}

function planOf(strategy: string, tools: Record<string, MadeTool>): string {
  const groups: object[][] = [];
  for (const [id, { type = 'unknown', needs = [], mapping = {} }] of Object.entries(tools)) {
    (groups[levelOf(id, tools)] ??= []).push({
      tool_id: id,
      tool_type: type,
      depends_on: needs,
      output_mapping: mapping,
    });
  }
  return JSON.stringify({ strategy, execution_groups: groups.map((tools) => ({ tools })) });
}

function levelOf(id: string, tools: Record<string, MadeTool>): number {
  return Math.max(-1, ...(tools[id]?.needs ?? []).map((need) => levelOf(need, tools))) + 1;
}

const OUTCOMES = ['success', 'success', 'success', 'failure', 'timeout', 'skip'] as const;

/** Runs of plans that share ids, some of them with failures, retries, loops, waits, steps without a span, no plan or no end. */
export function anyRun({ whole = false }: { whole?: boolean } = {}): fc.Arbitrary<Run> {
  const tool = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    needs: fc.nat(63),
    duration: fc.nat(50),
    gap: fc.constantFrom(0, 0, 0, 4, 15),
    outcome: fc.constantFrom(...OUTCOMES),
    attempts: fc.constantFrom(1, 1, 1, 3),
    passes: fc.constantFrom(0, 0, 0, 0, 2),
    hasSpan: fc.constantFrom(true, true, true, true, whole),
  });
  return fc
    .record({
      tools: fc.uniqueArray(tool, { selector: ({ id }) => id, maxLength: 6 }),
      tail: fc.constantFrom(0, 7),
      name: fc.constantFrom('nightly', 'nightly', 'weekly'),
      hasEnd: fc.constantFrom(true, true, true, whole),
      hasPlan: fc.constantFrom(true, true, true, whole),
      outcome: fc.constantFrom('success', 'failure', 'cancellation'),
      at: fc.nat(1000),
    })
    .filter(({ hasEnd, hasPlan, tools }) => hasEnd || hasPlan || tools.some(({ hasSpan }) => hasSpan))
    .map(({ tools, tail, hasEnd, ...run }) => {
      const made: Record<string, MadeTool> = {};
      let last = 0;
      for (const [index, { id, duration, gap, passes, hasSpan, ...rest }] of tools.entries()) {
        const needs = tools.flatMap(({ id }, other) => (other < index && (rest.needs >> other) & 1 ? id : []));
        const ready = Math.max(0, ...needs.map((need) => made[need]?.ms?.[1] ?? 0));
        const start = ready + gap;
        const end = rest.outcome === 'skip' ? start : start + duration;
        last = Math.max(last, end + passes * 5);
        const more = Array.from({ length: passes }, (_, pass) => [end + pass * 5, end + pass * 5 + 5] as const);
        made[id] = { ...rest, needs, ...(hasSpan ? { ms: [start, end], passes: more } : {}) };
      }
      return madeRun({ ms: hasEnd ? last + tail : undefined, tools: made, ...run });
    });
}
