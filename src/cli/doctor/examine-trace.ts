import { count } from '../../explain/format.ts';
import type { ReceivedSpan } from '../../explain/read/received-span.ts';
import type { Run, Step } from '../../explain/read/run.ts';
import { isRunSpan } from '../../inspector/summarize-runs.ts';
import { ATTR_ORCHESTRATION_PLAN_SOURCE } from '../../semconv.ts';
import { stepsOf } from '../../explain/read/steps-of.ts';
import { describeForeign } from '../source/describe-foreign.ts';
import type { FoundTrace } from '../trace-source.ts';

/** Whether all of a trace is there, and what is not. */
export interface TraceDiagnosis {
  readonly complete: boolean;
  readonly traceId: string | undefined;
  readonly planName: string | undefined;
  readonly plannedSteps: number;
  readonly seenSteps: number;
  readonly spans: number;
  /** What did not arrive, a sentence each. Empty for a trace that is complete. */
  readonly missing: readonly string[];
  /** Planned steps without a span: those that did not start, and those of which that cannot be told. */
  readonly stepsWithoutSpan: readonly Pick<Step, 'toolId' | 'absence' | 'reason'>[];
  /** What else is odd about it. */
  readonly notes: readonly string[];
}

export function examineTrace(found: FoundTrace): TraceDiagnosis {
  const { run, spans } = found;
  if (!run) {
    const missing = [describeForeign(found)];
    const nothing = { traceId: spans[0]?.traceId, planName: undefined, plannedSteps: 0, seenSteps: 0 };
    return { complete: false, ...nothing, spans: spans.length, missing, stepsWithoutSpan: [], notes: [] };
  }
  const absent = stepsOf(run).filter(({ absence }) => absence !== undefined);
  const missing = missingOf(run, spans, absent);
  return {
    complete: missing.length === 0,
    traceId: run.traceId,
    planName: run.planName,
    plannedSteps: run.plannedTools,
    seenSteps: run.seenTools,
    spans: spans.length,
    missing,
    stepsWithoutSpan: absent.map(({ toolId, absence, reason }) => ({ toolId, absence, reason })),
    // That some of the strays are spans of others is no news.
    notes: run.notes.filter((note) => !STRAYS.test(note)),
  };
}

/** What reading says of the spans of others among them. */
const STRAYS = /^the parent of \d+ spans? did not arrive$/;

function missingOf(run: Run, spans: readonly ReceivedSpan[], absent: readonly Step[]): string[] {
  const lost = absent.filter(({ absence }) => absence === 'no span').length;
  const strays = countStrays(spans);
  const isLoose = !run.span && !run.plan;
  return [
    ...(isLoose ? ['its steps belong to no run: neither the span of a run nor a plan arrived'] : []),
    ...(run.span || isLoose
      ? []
      : ["the run's own span did not arrive: the run goes on, its process was killed, or the span was lost"]),
    ...(run.span?.attributes.get(ATTR_ORCHESTRATION_PLAN_SOURCE) === 'declared' && !run.plan
      ? ['the plan did not arrive whole']
      : []),
    ...(lost > 0 ? [`${count(lost, 'planned step')} may have run, and ${lost === 1 ? 'has' : 'have'} no span`] : []),
    ...(strays > 0 ? [`the parent of ${count(strays, 'span')} did not arrive`] : []),
  ];
}

/** Spans whose parent is missing. That of a run, or of what called it, may be in another system. */
function countStrays(spans: readonly ReceivedSpan[]): number {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const calling = new Set<ReceivedSpan>();
  for (const run of spans.filter(isRunSpan)) {
    for (let span: ReceivedSpan | undefined = run; span && !calling.has(span); span = byId.get(span.parentSpanId ?? ''))
      calling.add(span);
  }
  return spans.filter((span) => span.parentSpanId !== undefined && !byId.has(span.parentSpanId) && !calling.has(span))
    .length;
}
