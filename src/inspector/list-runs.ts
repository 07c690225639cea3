import { Wording } from '../explain/format.ts';
import { medianOf } from '../explain/median.ts';
import type { OpenSpan } from './live-spans.ts';
import type { RunSummary } from './store.ts';
import { isRunSpan, planNameOf, servicesOf } from './summarize-runs.ts';
import { integerAt, outcomeAt, textAt } from '../explain/read/read-attributes.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import type { ListedTrace } from './trace-library.ts';
import { tellDeath } from './view/describe-live-run.ts';
import type { RunRow, RunState, TraceRow } from './view/run-view.ts';
import {
  ATTR_ORCHESTRATION_ITERATION,
  ATTR_ORCHESTRATION_OUTCOME,
  ATTR_ORCHESTRATION_SPAN_TYPE,
  ATTR_ORCHESTRATION_STRATEGY,
  ATTR_ORCHESTRATION_TOOL_ID,
} from '../semconv.ts';

/** A trace of which something is open. */
export interface LiveTrace {
  readonly traceId: string;
  readonly open: readonly OpenSpan[];
}

/** The runs of traces, newest first, those that have only just started among them, and the traces in which there is none. */
export function listRuns(
  traces: readonly ListedTrace[],
  live: readonly LiveTrace[],
): { runs: RunRow[]; otherTraces: TraceRow[] } {
  const openOf = new Map(live.map(({ traceId, open }) => [traceId, new OpenTrace(open)]));
  const kept = traces.flatMap((trace) => {
    const open = openOf.get(trace.traceId) ?? NOTHING_OPEN;
    return trace.runs.filter(({ spanId }) => !open.isInsideStep(spanId)).map((run) => rowOf(run, trace, open));
  });
  const known = new Set(kept.map(({ traceId, runSpanId }) => traceId + runSpanId));
  const started = [...openOf]
    .flatMap(([traceId, open]) => listStarted(traceId, open))
    .filter(({ traceId, runSpanId }) => !known.has(traceId + runSpanId));
  const runs = withUsual([...started, ...kept].toSorted((a, b) => b.startedAtMs - a.startedAtMs));
  const withRun = new Set(runs.map(({ traceId }) => traceId));
  return { runs, otherTraces: listOthers(traces, live).filter(({ traceId }) => !withRun.has(traceId)) };
}

const say = new Wording();

/** How far above a span another is looked for: bounds cycles of parents. */
const MAX_ANCESTORS = 32;

/** What is open of one trace. */
class OpenTrace {
  readonly spans: readonly OpenSpan[];
  readonly #byId: ReadonlyMap<string, OpenSpan>;

  constructor(spans: readonly OpenSpan[]) {
    this.spans = spans;
    this.#byId = new Map(spans.map((open) => [open.span.spanId, open]));
  }

  find(spanId: string): OpenSpan | undefined {
    return this.#byId.get(spanId);
  }

  /** Whether a run that is open was started by a step that is. */
  isInsideStep(runSpanId: string): boolean {
    return this.#above(runSpanId).some(isStepSpan);
  }

  /** What is known of a run whose process died: what ran then, and how long it went on. */
  endOf(runSpanId: string, startNs: bigint): Pick<RunRow, 'verdict' | 'durationMs'> {
    const steps = this.spans.filter(
      ({ span }) => isStepSpan(span) && this.#above(span.spanId).find(isRunSpan)?.spanId === runSpanId,
    );
    const names = steps.map(({ span: { attributes } }) =>
      say.step({
        toolId: textAt(attributes, ATTR_ORCHESTRATION_TOOL_ID) ?? '',
        iteration: integerAt(attributes, ATTR_ORCHESTRATION_ITERATION) ?? 1,
      }),
    );
    const { interruptedAtNs: diedAtNs = 0n } = this.find(runSpanId) ?? this.spans[0] ?? {};
    return { verdict: tellDeath(say.names(names)), durationMs: msBetween(startNs, diedAtNs) };
  }

  /** The open spans above one, the nearest first. */
  #above(spanId: string): ReceivedSpan[] {
    const found: ReceivedSpan[] = [];
    let above = this.find(spanId)?.span.parentSpanId;
    for (let i = 0; i < MAX_ANCESTORS && above !== undefined; i += 1) {
      const span = this.find(above)?.span;
      if (span) found.push(span);
      above = span?.parentSpanId;
    }
    return found;
  }
}

function isStepSpan({ attributes }: ReceivedSpan): boolean {
  return textAt(attributes, ATTR_ORCHESTRATION_SPAN_TYPE) === 'step';
}

const NOTHING_OPEN = new OpenTrace([]);

function rowOf(run: RunSummary, trace: ListedTrace, open: OpenTrace): RunRow {
  const state = stateOf(run, trace, open);
  const started = open.find(run.spanId)?.span;
  return {
    traceId: trace.traceId,
    runSpanId: run.spanId,
    planName: run.planName,
    // As long as a run is told by its plan, the span that has begun knows more.
    strategy: run.strategy ?? (started && textAt(started.attributes, ATTR_ORCHESTRATION_STRATEGY)),
    state,
    outcome: run.outcome,
    startedAtMs: Number(run.startNs) / 1e6,
    ...endOf(run, trace, state, open),
    services: trace.services,
    spans: trace.spans,
    source: trace.source,
  };
}

/** As far as it is known: of a run that nobody tells the end of, when the last span of its trace ended. */
function endOf(
  { spanId, verdict, startNs, endNs }: RunSummary,
  trace: ListedTrace,
  state: RunState,
  open: OpenTrace,
): Pick<RunRow, 'verdict' | 'durationMs'> {
  switch (state) {
    case 'running':
      return { verdict };
    case 'interrupted':
      return open.endOf(spanId, startNs);
    case 'unfinished':
      return {
        verdict: 'no end of it arrived',
        durationMs: trace.runs.length === 1 ? msBetween(startNs, trace.endNs) : undefined,
      };
    default:
      return { verdict, durationMs: msBetween(startNs, endNs) };
  }
}

function msBetween(startNs: bigint, endNs: bigint): number | undefined {
  return endNs > startNs ? Number(endNs - startNs) / 1e6 : undefined;
}

/** The summary of a run whose own span did not arrive is that of its plan, which has no outcome and no length. */
function stateOf({ spanId, outcome, startNs, endNs }: RunSummary, { source }: ListedTrace, open: OpenTrace): RunState {
  if (outcome !== undefined || endNs > startNs) return 'ended';
  const own = open.find(spanId);
  const spans = own ? [own] : open.spans;
  if (spans.length > 0) return spans.every(({ isInterrupted }) => isInterrupted) ? 'interrupted' : 'running';
  return source === undefined ? 'unfinished' : 'ended';
}

/** Runs of a trace that have started and not ended, but for those that a step of another started. */
function listStarted(traceId: string, open: OpenTrace): RunRow[] {
  return open.spans
    .filter(({ span }) => isRunSpan(span) && !open.isInsideStep(span.spanId))
    .map(({ span, isInterrupted }) => startedRow(traceId, span, isInterrupted, open));
}

function startedRow(traceId: string, span: ReceivedSpan, isInterrupted: boolean, open: OpenTrace): RunRow {
  return {
    traceId,
    runSpanId: span.spanId,
    planName: planNameOf(span),
    strategy: textAt(span.attributes, ATTR_ORCHESTRATION_STRATEGY),
    state: isInterrupted ? 'interrupted' : 'running',
    outcome: outcomeAt(span.attributes, ATTR_ORCHESTRATION_OUTCOME),
    startedAtMs: Number(span.startNs) / 1e6,
    ...(isInterrupted && open.endOf(span.spanId, span.startNs)),
    services: servicesOf([span.resource]),
    spans: open.spans.length,
  };
}

/** Traces by what they have besides runs; of those that are kept, and of those of which nothing has ended yet. */
function listOthers(traces: readonly ListedTrace[], live: readonly LiveTrace[]): TraceRow[] {
  const kept = traces
    .filter(({ runs }) => runs.length === 0)
    .map(({ traceId, startNs, endNs, spans, services }) => ({
      traceId,
      startedAtMs: Number(startNs) / 1e6,
      durationMs: Number(endNs - startNs) / 1e6,
      spans,
      services,
    }));
  const known = new Set(traces.map(({ traceId }) => traceId));
  const started = live
    .filter(({ traceId, open }) => open.length > 0 && !known.has(traceId))
    .map(({ traceId, open }) => ({
      traceId,
      startedAtMs: open.reduce((first, { span }) => Math.min(first, Number(span.startNs) / 1e6), Infinity),
      spans: open.length,
      services: servicesOf(open.map(({ span }) => span.resource)),
    }));
  return [...started, ...kept];
}

/** Most runs that what is usual is taken from. */
const MAX_USUAL = 20;

/** Adds to each run what the successful runs of its plan before it took, the last of them. */
function withUsual(newestFirst: readonly RunRow[]): RunRow[] {
  const successes = new Map<string, number[]>();
  return newestFirst
    .toReversed()
    .map((row) => {
      const { planName, outcome, durationMs } = row;
      if (planName === undefined) return row;
      const before = successes.get(planName) ?? [];
      if (outcome === 'success' && durationMs !== undefined)
        successes.set(planName, [...before.slice(1 - MAX_USUAL), durationMs]);
      const usual =
        before.length === 0 ? undefined : { runs: before.length, medianMs: medianOf(before.toSorted((a, b) => a - b)) };
      return Object.assign({}, row, { usual });
    })
    .toReversed();
}
