import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { estimateAttributes, estimateSpan } from './estimate-bytes.ts';
import type { StoreCounts, StoreLimits } from './store.ts';

/** A trace as a store keeps it. {@link addSpans} changes it in place. */
export interface KeptTrace {
  startNs: bigint;
  endNs: bigint;
  spans: number;
  bytes: number;
}

/** What is remembered of a span that is kept. */
export interface KeptSpan {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly bytes: number;
}

/** Where a store keeps its traces: the part that differs from store to store. */
export interface Shelf<Trace extends KeptTrace> {
  readonly counts: ReturnType<typeof noCounts>;
  /** The trace; an empty one, not yet on the shelf, when there is none. */
  open(traceId: string): Trace;
  find(trace: Trace, spanId: string): KeptSpan | undefined;
  /** Whether a span of the same resource and scope came before: these are kept once a trace. */
  hasOrigin(trace: Trace, span: ReceivedSpan): boolean;
  /** Adds a span, or replaces the one with its id. */
  put(trace: Trace, span: ReceivedSpan, bytes: number): void;
  /** Earliest start that a span of the trace has, but for those that have none. */
  earliestStart(trace: Trace): bigint;
  /** Keeps what was changed on the trace, as the one added to last. */
  save(trace: Trace): void;
  /** The trace that was least recently added to, other than this one. Undefined when there is none. */
  oldest(other: Trace): Trace | undefined;
  delete(trace: Trace): void;
}

/** Counts of a store that is empty. */
export function noCounts(): { -readonly [Name in keyof StoreCounts]: StoreCounts[Name] } {
  return { traces: 0, spans: 0, bytes: 0, evictedTraces: 0, evictedSpans: 0, refusedSpans: 0 };
}

/** Adds spans by the rules that {@link TraceStore.add} states. */
export function addSpans<Trace extends KeptTrace>(
  shelf: Shelf<Trace>,
  limits: StoreLimits,
  spans: readonly ReceivedSpan[],
): void {
  for (const [traceId, ofTrace] of Map.groupBy(spans, ({ traceId }) => traceId)) {
    const trace = shelf.open(traceId);
    let isChanged = false;
    for (const span of ofTrace) isChanged = addSpan(shelf, limits, trace, span) || isChanged;
    if (isChanged) shelf.save(trace);
  }
}

/** Removes a trace by the rules that {@link TraceStore.remove} states. */
export function removeTrace<Trace extends KeptTrace>(shelf: Shelf<Trace>, traceId: string): boolean {
  const trace = shelf.open(traceId);
  if (trace.spans === 0) return false;
  deleteTrace(shelf, trace);
  return true;
}

function deleteTrace<Trace extends KeptTrace>(shelf: Shelf<Trace>, trace: Trace): void {
  shelf.delete(trace);
  shelf.counts.traces--;
  shelf.counts.spans -= trace.spans;
  shelf.counts.bytes -= trace.bytes;
}

/** @returns whether it was taken */
function addSpan<Trace extends KeptTrace>(
  shelf: Shelf<Trace>,
  limits: StoreLimits,
  trace: Trace,
  span: ReceivedSpan,
): boolean {
  const { counts } = shelf;
  const known = shelf.find(trace, span.spanId);
  if (known && span.endNs <= known.endNs) return false;
  const bytes = estimateSpan(span);
  const more: Size = {
    traces: trace.spans === 0 ? 1 : 0,
    spans: known ? 0 : 1,
    bytes: bytes - (known?.bytes ?? 0) + (shelf.hasOrigin(trace, span) ? 0 : estimateAttributes(span.resource)),
  };
  // Asked before anything is evicted: that would be in vain.
  if (isTooMuch({ traces: 0, spans: trace.spans, bytes: trace.bytes }, more, limits)) {
    counts.refusedSpans++;
    return false;
  }
  while (isTooMuch(counts, more, limits)) {
    const evicted = shelf.oldest(trace);
    if (!evicted) break;
    deleteTrace(shelf, evicted);
    counts.evictedTraces++;
    counts.evictedSpans += evicted.spans;
  }
  shelf.put(trace, span, bytes);
  counts.traces += more.traces;
  counts.spans += more.spans;
  counts.bytes += more.bytes;
  trace.spans += more.spans;
  trace.bytes += more.bytes;
  if (span.endNs > trace.endNs) trace.endNs = span.endNs;
  if (known && known.startNs === trace.startNs) trace.startNs = shelf.earliestStart(trace);
  else if (isEarlier(span.startNs, trace.startNs)) trace.startNs = span.startNs;
  return true;
}

type Size = Pick<StoreCounts, 'traces' | 'spans' | 'bytes'>;

function isTooMuch(held: Size, more: Size, limits: StoreLimits): boolean {
  return (
    held.traces + more.traces > limits.maxTraces ||
    held.spans + more.spans > limits.maxSpans ||
    held.bytes + more.bytes > limits.maxBytes
  );
}

/** 0 stands for no time. */
export function isEarlier(a: bigint, b: bigint): boolean {
  return a !== 0n && (b === 0n || a < b);
}
