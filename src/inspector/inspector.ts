import { count } from '../explain/format.ts';
import type { LiveRun } from '../explain/compare/measure-run.ts';
import { readTrace, type TraceView } from '../explain/read/read-trace.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import type { Run, Step } from '../explain/read/run.ts';
import { stepsOf } from '../explain/read/steps-of.ts';
import { Refusal } from './answer.ts';
import { EarlierRuns } from './earlier-runs.ts';
import { type EncodedTraces, encodeTracesJson } from './encode-json.ts';
import type { JaegerClient } from './jaeger.ts';
import { listRuns } from './list-runs.ts';
import { LiveSpans, type OpenSpan } from './live-spans.ts';
import type { TraceStore } from './store.ts';
import { TraceLibrary } from './trace-library.ts';
import type { CompareView } from './view/compare-view.ts';
import { liveStateOf } from './view/live-state.ts';
import type { RunList, RunView } from './view/run-view.ts';
import { viewBaseline, viewComparison } from './view/view-comparison.ts';
import { asFarAsItIs, runSpanIdOf, type StartedBy, viewRun } from './view/view-run.ts';
import { spansOf } from './view/view-steps.ts';
import { cut } from '../words.ts';

const DEFAULT_MEDIAN_RUNS = 20;
/** Most of a name that a message repeats. */
const MAX_SHOWN = 200;

/** What the page asks for, whatever asks. Methods throw a {@link Refusal} that says what to do. */
export class Inspector {
  readonly live: LiveSpans = new LiveSpans();
  /** Why the last spans that arrived could not be kept. */
  storeFault: string | undefined;
  readonly #library: TraceLibrary;
  readonly #earlier: EarlierRuns;

  constructor(store: TraceStore, jaeger?: JaegerClient) {
    this.#library = new TraceLibrary(store, jaeger);
    this.#earlier = new EarlierRuns(store);
  }

  async runs(): Promise<RunList> {
    const live = this.live.traces().map((traceId) => ({ traceId, open: this.live.openSpans(traceId) }));
    const traces = await this.#library.list();
    return { ...listRuns(traces, live), notes: this.#notes(), nowMs: Date.now() };
  }

  /**
   * @param runSpanId names the run within the trace; empty for the first
   */
  async run(traceId: string, runSpanId: string): Promise<RunView> {
    const { run, startedBy, open, nowNs } = await this.#read(traceId, runSpanId);
    return viewRun(run, { startedBy, open, nowNs, ...this.#earlier.lookBack(run) });
  }

  /** The runs of a trace whose process died; those of other runs' steps are not among them. */
  async interrupted(traceId: string): Promise<RunView[]> {
    const { runs, open, nowNs } = await this.#readTrace(traceId);
    return runs
      .filter((run) => liveRunOf({ run, open, nowNs }).standing === 'interrupted')
      .map((run) => viewRun(run, { open, nowNs, usual: undefined, lastSuccess: undefined }));
  }

  /** Removes a trace from the store, and what is open of it. Gives whether it was there. */
  remove(traceId: string): boolean {
    const wasLive = this.live.forget(traceId);
    return this.#library.store.remove(traceId) || wasLive;
  }

  /** @param under a span: of this one and all below it alone */
  async spans(traceId: string, under: string): Promise<EncodedTraces> {
    const spans = await this.#spansOf(traceId);
    return encodeTracesJson(under === '' ? spans : subtree(spans, under));
  }

  /** @param other `last-success` or empty, `median:20`, or a run as `<trace id>` or `<trace id>.<span id>` */
  async compare(traceId: string, runSpanId: string, other: string): Promise<CompareView> {
    const found = await this.#read(traceId, runSpanId);
    const after = asFarAsItIs(found.run, found.open);
    const live = liveRunOf(found);
    const [, most] = /^median:(\d{1,3})$/.exec(other) ?? [];
    if (most !== undefined) {
      const runs = this.#earlier.successes(after, Number(most) || DEFAULT_MEDIAN_RUNS);
      if (runs.length > 0) return viewBaseline(runs, after, live);
      throw noSuccess(after);
    }
    if (other === '' || other === 'last-success') {
      const { lastSuccess } = this.#earlier.lookBack(after);
      const before = lastSuccess && this.#earlier.read(lastSuccess);
      if (before) return viewComparison(before, after, live);
      throw noSuccess(after);
    }
    const [otherTrace = '', otherRun = ''] = other.split('.', 2);
    const before = await this.#read(otherTrace, otherRun);
    return viewComparison(asFarAsItIs(before.run, before.open), after, live, liveRunOf(before));
  }

  async #read(traceId: string, runSpanId: string): Promise<FoundRun & Now> {
    const { runs, notes, ...now } = await this.#readTrace(traceId);
    const found = findRun(runs, runSpanId);
    if (!found)
      throw new Refusal(404, runSpanId === '' ? (notes[0] ?? 'there is no run in it') : 'this trace has no such run');
    return { ...found, ...now };
  }

  async #readTrace(traceId: string): Promise<TraceView & Now> {
    const spans = await this.#spansOf(traceId);
    const openSpans = this.live.openSpans(traceId);
    const nowNs = latestOf([...spans, ...openSpans.map(({ span }) => span)]);
    const open = new Map(openSpans.map((openSpan) => [openSpan.span.spanId, openSpan]));
    return { ...readTrace([...spans, ...openSpans.map((openSpan) => asEnded(openSpan, nowNs))]), open, nowNs };
  }

  /** The spans of a trace that have ended. */
  async #spansOf(traceId: string): Promise<readonly ReceivedSpan[]> {
    if (!/^[0-9a-f]{32}$/.test(traceId)) throw new Refusal(404, 'a trace id has 32 hex digits');
    const isLive = this.live.openSpans(traceId).length > 0;
    // What goes on is told here: no Jaeger is waited for.
    const spans = isLive ? this.#library.store.trace(traceId) : await this.#library.trace(traceId);
    if (spans.length > 0 || isLive) return spans;
    throw new Refusal(404, `there is no trace ${traceId} here; it was not sent here, or had to make room for others`);
  }

  #notes(): string[] {
    const { evictedTraces, refusedSpans } = this.#library.store.counts;
    return [
      ...(evictedTraces > 0 ? [`${evictedTraces} older traces had to make room`] : []),
      ...(refusedSpans > 0
        ? [`not kept: ${count(refusedSpans, 'span')} of traces that are larger than the store`]
        : []),
      ...(this.#library.fault === undefined ? [] : [this.#library.fault]),
      ...(this.storeFault === undefined ? [] : [`what arrives is not kept: ${this.storeFault}`]),
    ];
  }
}

interface FoundRun {
  readonly run: Run;
  readonly startedBy?: StartedBy | undefined;
}

/** What goes on when a trace is read: the spans that have not ended. */
interface Now {
  readonly open: ReadonlyMap<string, OpenSpan>;
  readonly nowNs: bigint;
}

/** What of a run has not ended. */
function liveRunOf({ run, open, nowNs }: FoundRun & Now): LiveRun {
  const { state } = liveStateOf(run, [...spansOf(run)], { open, nowNs });
  return {
    standing: state === 'running' || state === 'interrupted' ? state : undefined,
    open: new Map(Array.from(open, ([id, { isInterrupted }]) => [id, isInterrupted ? 'interrupted' : 'running'])),
  };
}

/** A span as if it ended now; one whose process died, then. */
function asEnded({ span, interruptedAtNs }: OpenSpan, nowNs: bigint): ReceivedSpan {
  const endNs = interruptedAtNs ?? nowNs;
  return { ...span, endNs: endNs > span.startNs ? endNs : span.startNs };
}

/** Now; or the last start that is known, where the clock of a process is ahead of this one. */
function latestOf(spans: readonly ReceivedSpan[]): bigint {
  return spans.reduce((latest, { startNs }) => (startNs > latest ? startNs : latest), BigInt(Date.now()) * 1_000_000n);
}

function noSuccess({ planName }: Run): Refusal {
  const plan = planName === undefined ? 'this plan' : cut(planName, MAX_SHOWN);
  return new Refusal(404, `there is no earlier run of ${plan} that succeeded: choose another run`);
}

/** Looks inside steps as well. */
function findRun(runs: readonly Run[], runSpanId: string): FoundRun | undefined {
  const waiting: FoundRun[] = runs.toReversed().map((run) => ({ run }));
  if (runSpanId === '') return waiting.at(-1);
  for (let found = waiting.pop(); found; found = waiting.pop()) {
    const { run } = found;
    if (runSpanIdOf(run) === runSpanId) return found;
    const steps: Step[] = [...stepsOf(run)];
    for (let step = steps.pop(); step; step = steps.pop()) {
      for (const called of step.steps) steps.push(called);
      for (const inner of step.runs) waiting.push({ run: inner, startedBy: { run, step } });
    }
  }
}

function subtree(spans: readonly ReceivedSpan[], top: string): ReceivedSpan[] {
  const children = Map.groupBy(spans, ({ parentSpanId }) => parentSpanId);
  const found = new Set(spans.filter(({ spanId }) => spanId === top));
  for (const { spanId } of found) for (const child of children.get(spanId) ?? []) found.add(child);
  return [...found];
}
