import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { estimateAttributes, estimateSpan } from '../../src/inspector/estimate-bytes.ts';
import type { StoreCounts, StoreLimits, TraceSummary } from '../../src/inspector/store.ts';

interface ModelTrace {
  readonly traceId: string;
  readonly spans: ReceivedSpan[];
  readonly resources: ReadonlyMap<string, unknown>[];
}

/** What a store must do, in the simplest way there is: everything is counted anew each time. For spans of one scope. */
export class ModelStore {
  readonly #limits: StoreLimits;
  /** Least recently added to first. */
  #traces: ModelTrace[] = [];
  #evictedTraces = 0;
  #evictedSpans = 0;
  #refusedSpans = 0;

  constructor(limits: StoreLimits) {
    this.#limits = limits;
  }

  get counts(): StoreCounts {
    return {
      ...sizeOf(this.#traces),
      evictedTraces: this.#evictedTraces,
      evictedSpans: this.#evictedSpans,
      refusedSpans: this.#refusedSpans,
    };
  }

  add(spans: readonly ReceivedSpan[]): void {
    for (const traceId of new Set(spans.map((span) => span.traceId))) {
      for (const span of spans) if (span.traceId === traceId) this.#addSpan(span);
    }
  }

  trace(traceId: string): readonly ReceivedSpan[] {
    return this.#traces.find((trace) => trace.traceId === traceId)?.spans ?? [];
  }

  list(plan?: string): TraceSummary[] {
    return this.#traces
      .filter(({ spans }) => plan === undefined || spans.some((span) => tells(span) && planOf(span) === plan))
      .map(summarize)
      .toSorted((a, b) => Number(b.startNs - a.startNs) || (a.traceId < b.traceId ? -1 : 1));
  }

  #addSpan(span: ReceivedSpan): void {
    const old = this.#traces.find(({ traceId }) => traceId === span.traceId);
    const known = old?.spans.find(({ spanId }) => spanId === span.spanId);
    if (known && known.endNs >= span.endNs) return;
    const service = span.resource.get('service.name');
    const isKnown = old?.resources.some((resource) => resource.get('service.name') === service);
    const trace = {
      traceId: span.traceId,
      spans: [...(old?.spans ?? []).filter((other) => other !== known), span],
      resources: [...(old?.resources ?? []), ...(isKnown ? [] : [span.resource])],
    };
    if (!this.#fits([trace])) {
      this.#refusedSpans++;
      return;
    }
    const others = this.#traces.filter((other) => other !== old);
    while (!this.#fits([...others, trace])) {
      this.#evictedTraces++;
      this.#evictedSpans += others.shift()!.spans.length;
    }
    this.#traces = [...others, trace];
  }

  #fits(traces: readonly ModelTrace[]): boolean {
    const { maxTraces, maxSpans, maxBytes } = this.#limits;
    const size = sizeOf(traces);
    return size.traces <= maxTraces && size.spans <= maxSpans && size.bytes <= maxBytes;
  }
}

function sizeOf(traces: readonly ModelTrace[]): { traces: number; spans: number; bytes: number } {
  const spans = traces.flatMap((trace) => trace.spans);
  const bytes = [
    ...spans.map(estimateSpan),
    ...traces.flatMap(({ resources }) => resources.map((resource) => estimateAttributes(resource as never))),
  ];
  return { traces: traces.length, spans: spans.length, bytes: bytes.reduce((sum, size) => sum + size, 0) };
}

function summarize({ traceId, spans, resources }: ModelTrace): TraceSummary {
  const times = (of: readonly bigint[]) => of.filter((ns) => ns > 0n).toSorted((a, b) => Number(a - b));
  const telling = spans
    .filter(tells)
    .toSorted((a, b) => Number(a.startNs - b.startNs) || (a.spanId < b.spanId ? -1 : 1));
  const outermost = telling.filter((span) => !ancestorsOf(span, spans).some(tells));
  const runs = (outermost.length === 0 ? telling.filter(isRun) : outermost).map((span) => ({
    spanId: isRun(span) ? span.spanId : (span.parentSpanId ?? span.spanId),
    runId: undefined,
    planName: planOf(span),
    strategy: undefined,
    outcome: undefined,
    verdict: undefined,
    startNs: span.startNs,
    endNs: isRun(span) ? span.endNs : span.startNs,
  }));
  return {
    traceId,
    startNs: times(spans.map(({ startNs }) => startNs))[0] ?? 0n,
    endNs: times(spans.map(({ endNs }) => endNs)).at(-1) ?? 0n,
    spans: spans.length,
    runs: runs.filter(({ spanId }, index) => runs.findIndex((run) => run.spanId === spanId) === index),
    services: resources.map((resource) => ({ name: resource.get('service.name') as string })),
  };
}

function ancestorsOf(span: ReceivedSpan, spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  const found: ReceivedSpan[] = [];
  let { parentSpanId } = span;
  while (parentSpanId !== undefined) {
    const id: string = parentSpanId;
    const parent = spans.find(({ spanId }) => spanId === id);
    if (!parent || parent === span || found.includes(parent)) break;
    found.push(parent);
    ({ parentSpanId } = parent);
  }
  return found;
}

function isRun(span: ReceivedSpan): boolean {
  return span.attributes.get('orchestration.span.type') === 'run';
}

/** Whether it tells of a run: its own span, or its plan. */
function tells(span: ReceivedSpan): boolean {
  return isRun(span) || span.attributes.get('orchestration.span.type') === 'plan';
}

function planOf(span: ReceivedSpan): string {
  return span.attributes.get('orchestration.plan.name') as string;
}
