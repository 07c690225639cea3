import { byStart } from '../explain/read/span-tree.ts';
import { outcomeAt, textAt } from '../explain/read/read-attributes.ts';
import { readPlan } from '../explain/read/read-plan.ts';
import type { Attributes, ReceivedSpan } from '../explain/read/received-span.ts';
import {
  ATTR_ORCHESTRATION_OUTCOME,
  ATTR_ORCHESTRATION_PLAN_NAME,
  ATTR_ORCHESTRATION_RUN_ID,
  ATTR_ORCHESTRATION_SPAN_TYPE,
  ATTR_ORCHESTRATION_STRATEGY,
  ATTR_ORCHESTRATION_VERDICT,
} from '../semconv.ts';
import type { RunSummary, TraceService } from './store.ts';

/** How far above a run another one is looked for: it is three spans away, a few more across processes. Bounds cycles of parents too. */
const MAX_ANCESTORS = 32;

/** What is asked about a span above a run. */
export interface Ancestor {
  readonly parentSpanId?: string | undefined;
  /** Whether it tells of a run. */
  readonly isRun: boolean;
}

export function isRunSpan(span: ReceivedSpan): boolean {
  return textAt(span.attributes, ATTR_ORCHESTRATION_SPAN_TYPE) === 'run';
}

/** Whether it is a run's own span, or its plan: that arrives first, and is all there is of a run that goes on or was killed. */
export function tellsOfRun(span: ReceivedSpan): boolean {
  return isRunSpan(span) || textAt(span.attributes, ATTR_ORCHESTRATION_SPAN_TYPE) === 'plan';
}

export function planNameOf(run: ReceivedSpan): string | undefined {
  return textAt(run.attributes, ATTR_ORCHESTRATION_PLAN_NAME);
}

/** The services that resources name, each of its versions once. */
export function servicesOf(resources: readonly Attributes[]): TraceService[] {
  const services = new Map<string, TraceService>();
  for (const resource of new Set(resources)) {
    const name = textAt(resource, 'service.name');
    const version = textAt(resource, 'service.version');
    if (name !== undefined)
      services.set(JSON.stringify([name, version]), { name, ...(version === undefined ? {} : { version }) });
  }
  return [...services.values()];
}

/**
 * Summarizes the runs of a trace, earliest first, without those inside another. One whose own span did not arrive is told by its plan.
 *
 * @param spans those that tell of a run
 * @param find looks up a span of the trace by its id
 */
export function summarizeRuns(
  spans: readonly ReceivedSpan[],
  find: (spanId: string) => Ancestor | undefined,
): RunSummary[] {
  const outermost = spans.filter((span) => !isInsideRun(span, find));
  // Runs whose parents form a cycle are all inside one another.
  const shown = outermost.length === 0 ? spans.filter(isRunSpan) : outermost;
  const runs = new Map<string, RunSummary>();
  for (const span of shown.toSorted(byStart)) {
    const run = summarizeRun(span);
    // A plan may be in several parts.
    if (!runs.has(run.spanId)) runs.set(run.spanId, run);
  }
  return [...runs.values()];
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

function summarizeRun(span: ReceivedSpan): RunSummary {
  const { spanId, parentSpanId, startNs, attributes } = span;
  return {
    // A plan is a child of its run.
    spanId: isRunSpan(span) ? spanId : (parentSpanId ?? spanId),
    runId: textAt(attributes, ATTR_ORCHESTRATION_RUN_ID),
    planName: planNameOf(span),
    strategy: textAt(attributes, ATTR_ORCHESTRATION_STRATEGY) ?? readPlan([span]).plan?.strategy,
    outcome: outcomeAt(attributes, ATTR_ORCHESTRATION_OUTCOME),
    verdict: textAt(attributes, ATTR_ORCHESTRATION_VERDICT),
    startNs,
    // A plan is told in no time, but its span may have taken some: that is no end of its run.
    endNs: isRunSpan(span) ? span.endNs : startNs,
  };
}
