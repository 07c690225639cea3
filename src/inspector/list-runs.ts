import type { OpenSpan } from './live-spans.ts';
import type { RunSummary } from './store.ts';
import { isRunSpan, planNameOf, servicesOf, tellsOfRun } from './summarize-runs.ts';
import { outcomeAt, textAt } from '../explain/read/read-attributes.ts';
import type { ListedTrace } from './trace-library.ts';
import type { RunRow, RunState, TraceRow } from './view/run-view.ts';
import { ATTR_ORCHESTRATION_OUTCOME, ATTR_ORCHESTRATION_STRATEGY } from '../semconv.ts';

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
  const openOf = new Map(live.map(({ traceId, open }) => [traceId, open]));
  const known = new Set(traces.flatMap(({ traceId, runs }) => runs.map(({ spanId }) => traceId + spanId)));
  const started = live.flatMap(listStarted).filter(({ traceId, runSpanId }) => !known.has(traceId + runSpanId));
  const kept = traces.flatMap((trace) => trace.runs.map((run) => rowOf(run, trace, openOf.get(trace.traceId) ?? [])));
  const runs = withUsual([...started, ...kept].toSorted((a, b) => b.startedAtMs - a.startedAtMs));
  const otherTraces = traces
    .filter((trace) => trace.runs.length === 0 && !openOf.has(trace.traceId))
    .map(({ traceId, startNs, spans, services }) => ({ traceId, startedAtMs: Number(startNs) / 1e6, spans, services }));
  return { runs, otherTraces };
}

function rowOf(run: RunSummary, trace: ListedTrace, open: readonly OpenSpan[]): RunRow {
  const state = stateOf(run, trace, open);
  const started = open.find(({ span }) => span.spanId === run.spanId)?.span;
  return {
    traceId: trace.traceId,
    runSpanId: run.spanId,
    planName: run.planName,
    // As long as a run is told by its plan, the span that has begun knows more.
    strategy: run.strategy ?? (started && textAt(started.attributes, ATTR_ORCHESTRATION_STRATEGY)),
    state,
    outcome: run.outcome,
    verdict: run.verdict,
    startedAtMs: Number(run.startNs) / 1e6,
    durationMs: state === 'ended' && run.endNs > run.startNs ? Number(run.endNs - run.startNs) / 1e6 : undefined,
    services: trace.services,
    spans: trace.spans,
    source: trace.source,
  };
}

/** The summary of a run whose own span did not arrive is that of its plan, which has no outcome and no length. */
function stateOf(
  { outcome, startNs, endNs }: RunSummary,
  { source }: ListedTrace,
  open: readonly OpenSpan[],
): RunState {
  if (outcome !== undefined || endNs > startNs) return 'ended';
  if (open.length > 0) return open.every(({ isInterrupted }) => isInterrupted) ? 'interrupted' : 'running';
  return source === undefined ? 'unfinished' : 'ended';
}

/** Runs of a trace that have started and not ended, but for those that a step of another started. */
function listStarted({ traceId, open }: LiveTrace): RunRow[] {
  const steps = new Set(open.flatMap(({ span }) => (tellsOfRun(span) ? [] : span.spanId)));
  return open
    .filter(({ span }) => isRunSpan(span) && !steps.has(span.parentSpanId ?? ''))
    .map(({ span, isInterrupted }) => ({
      traceId,
      runSpanId: span.spanId,
      planName: planNameOf(span),
      strategy: textAt(span.attributes, ATTR_ORCHESTRATION_STRATEGY),
      state: isInterrupted ? 'interrupted' : 'running',
      outcome: outcomeAt(span.attributes, ATTR_ORCHESTRATION_OUTCOME),
      startedAtMs: Number(span.startNs) / 1e6,
      services: servicesOf([span.resource]),
      spans: open.length,
    }));
}

/** Most runs that what is usual is taken from. */
const MAX_USUAL = 20;

/** Adds to each run what the successful runs of its plan before it took, the last of them. */
function withUsual(newestFirst: readonly RunRow[]): RunRow[] {
  const successes = new Map<string, number[]>();
  const rows = newestFirst.toReversed().map((row) => {
    const { planName, outcome, durationMs } = row;
    if (planName === undefined) return row;
    const before = successes.get(planName) ?? [];
    if (outcome === 'success' && durationMs !== undefined)
      successes.set(planName, [...before.slice(1 - MAX_USUAL), durationMs]);
    return before.length === 0 ? row : { ...row, usual: { runs: before.length, medianMs: medianOf(before) } };
  });
  return rows.toReversed();
}

/** @param values one at least */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
