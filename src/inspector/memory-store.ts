import { OrchestraceError } from '../errors.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { addSpans, isEarlier, type KeptSpan, type KeptTrace, noCounts, removeTrace, type Shelf } from './add-spans.ts';
import { originJson } from './encode-json.ts';
import { estimateSpan } from './estimate-bytes.ts';
import type { StoreCounts, StoreLimits, TraceStore, TraceSummary } from './store.ts';
import { planNameOf, servicesOf, summarizeRuns, tellsOfRun } from './summarize-runs.ts';

/** Keeps traces as long as the process lives. */
export class MemoryStore implements TraceStore {
  readonly #limits: StoreLimits;
  #kept: MemoryShelf | undefined = new MemoryShelf();

  constructor(limits: StoreLimits) {
    this.#limits = limits;
  }

  get counts(): StoreCounts {
    return { ...this.#shelf().counts };
  }

  add(spans: readonly ReceivedSpan[]): void {
    addSpans(this.#shelf(), this.#limits, spans);
  }

  trace(traceId: string): ReceivedSpan[] {
    return [...(this.#shelf().traces.get(traceId)?.byId.values() ?? [])];
  }

  list({ plan, limit }: { plan?: string | undefined; limit?: number | undefined } = {}): TraceSummary[] {
    const traces = [...this.#shelf().traces.values()].filter(
      ({ runs }) => plan === undefined || [...runs.values()].some((run) => planNameOf(run) === plan),
    );
    return traces.toSorted(newestFirst).slice(0, limit).map(summarize);
  }

  remove(traceId: string): boolean {
    return removeTrace(this.#shelf(), traceId);
  }

  close(): Promise<void> {
    this.#kept = undefined;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #shelf(): MemoryShelf {
    if (this.#kept) return this.#kept;
    throw new OrchestraceError('USAGE_INVALID', 'cannot use the store: it was closed');
  }
}

interface MemoryTrace extends KeptTrace {
  readonly traceId: string;
  readonly byId: Map<string, ReceivedSpan>;
  /** Those that tell of a run. */
  readonly runs: Map<string, ReceivedSpan>;
  /** The first span of each resource and scope: the others are made to share its objects. */
  readonly origins: Map<string, ReceivedSpan>;
}

class MemoryShelf implements Shelf<MemoryTrace> {
  readonly counts: ReturnType<typeof noCounts> = noCounts();
  /** Least recently added to first. */
  readonly traces = new Map<string, MemoryTrace>();

  open(traceId: string): MemoryTrace {
    const known = this.traces.get(traceId);
    if (known) return known;
    const maps = { byId: new Map(), runs: new Map(), origins: new Map() };
    return { traceId, startNs: 0n, endNs: 0n, spans: 0, bytes: 0, ...maps };
  }

  find(trace: MemoryTrace, spanId: string): KeptSpan | undefined {
    const span = trace.byId.get(spanId);
    return span && { startNs: span.startNs, endNs: span.endNs, bytes: estimateSpan(span) };
  }

  hasOrigin(trace: MemoryTrace, span: ReceivedSpan): boolean {
    return trace.origins.has(originJson(span));
  }

  put(trace: MemoryTrace, span: ReceivedSpan): void {
    const key = originJson(span);
    const { resource, scope } = trace.origins.get(key) ?? span;
    const kept = span.resource === resource && span.scope === scope ? span : { ...span, resource, scope };
    if (!trace.origins.has(key)) trace.origins.set(key, kept);
    trace.byId.set(span.spanId, kept);
    if (tellsOfRun(kept)) trace.runs.set(span.spanId, kept);
    else trace.runs.delete(span.spanId);
  }

  earliestStart(trace: MemoryTrace): bigint {
    let earliest = 0n;
    for (const { startNs } of trace.byId.values()) if (isEarlier(startNs, earliest)) earliest = startNs;
    return earliest;
  }

  save(trace: MemoryTrace): void {
    this.traces.delete(trace.traceId);
    this.traces.set(trace.traceId, trace);
  }

  oldest(other: MemoryTrace): MemoryTrace | undefined {
    for (const trace of this.traces.values()) if (trace !== other) return trace;
  }

  delete({ traceId }: MemoryTrace): void {
    this.traces.delete(traceId);
  }
}

function summarize({ traceId, startNs, endNs, spans, byId, runs, origins }: MemoryTrace): TraceSummary {
  const services = servicesOf([...origins.values()].map(({ resource }) => resource));
  const find = (spanId: string) => {
    const span = byId.get(spanId);
    return span && { parentSpanId: span.parentSpanId, isRun: tellsOfRun(span) };
  };
  const summaries = summarizeRuns([...runs.values()], find);
  return { traceId, startNs, endNs, spans, runs: summaries, services };
}

function newestFirst(a: MemoryTrace, b: MemoryTrace): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? 1 : -1;
  return a.traceId < b.traceId ? -1 : 1;
}
