import { outcomeAt, textAt } from '../explain/read-attributes.ts';
import type { ReceivedSpan } from '../explain/received-span.ts';
import {
  ATTR_ORCHESTRATION_OUTCOME,
  ATTR_ORCHESTRATION_PLAN_NAME,
  ATTR_ORCHESTRATION_RUN_ID,
  ATTR_ORCHESTRATION_SPAN_TYPE,
  ATTR_ORCHESTRATION_STRATEGY,
} from '../semconv.ts';
import type { RunSummary } from './store.ts';

/** How far above a run another one is looked for: it is three spans away, a few more across processes. Bounds cycles of parents too. */
const MAX_ANCESTORS = 32;

/** What is asked about a span above a run. */
export interface Ancestor {
  readonly parentSpanId?: string | undefined;
  readonly isRun: boolean;
}

export function isRunSpan(span: ReceivedSpan): boolean {
  return textAt(span.attributes, ATTR_ORCHESTRATION_SPAN_TYPE) === 'run';
}

export function planNameOf(run: ReceivedSpan): string | undefined {
  return textAt(run.attributes, ATTR_ORCHESTRATION_PLAN_NAME);
}

/**
 * Summarizes the runs of a trace, earliest first, without those inside another.
 *
 * @param find looks up a span of the trace by its id
 */
export function summarizeRuns(
  runs: readonly ReceivedSpan[],
  find: (spanId: string) => Ancestor | undefined,
): RunSummary[] {
  const outermost = runs.filter((run) => !isInsideRun(run, find));
  // Runs whose parents form a cycle are all inside one another.
  const shown = outermost.length === 0 ? runs : outermost;
  return shown.map(summarizeRun).toSorted(byStart);
}

function isInsideRun({ spanId, parentSpanId }: ReceivedSpan, find: (spanId: string) => Ancestor | undefined): boolean {
  let above = parentSpanId;
  for (let i = 0; i < MAX_ANCESTORS && above !== undefined && above !== spanId; i++) {
    const ancestor = find(above);
    if (ancestor?.isRun) return true;
    above = ancestor?.parentSpanId;
  }
  return false;
}

function summarizeRun(run: ReceivedSpan): RunSummary {
  const { spanId, startNs, endNs, attributes } = run;
  return {
    spanId,
    runId: textAt(attributes, ATTR_ORCHESTRATION_RUN_ID),
    planName: planNameOf(run),
    strategy: textAt(attributes, ATTR_ORCHESTRATION_STRATEGY),
    outcome: outcomeAt(attributes, ATTR_ORCHESTRATION_OUTCOME),
    startNs,
    endNs,
  };
}

/** By start, then id: the same for every order of arrival. */
function byStart(a: RunSummary, b: RunSummary): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  return a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : 0;
}
