import type { ReceivedSpan } from '../explain/read/received-span.ts';
import type { Outcome } from '../semconv.ts';

/** Keeps the spans that were received. Bounded: the traces that were least recently added to go first, and are counted. */
export interface TraceStore extends AsyncDisposable {
  readonly counts: StoreCounts;
  /**
   * Takes spans, all or none of them. A span that is there already (trace and span id) changes nothing, unless it ends later: then it
   * replaces it. Spans of a trace that fills the store alone are refused and counted.
   *
   * @throws {OrchestraceError} code `USAGE_INVALID`: they cannot be written, for a full disk for example, and may be given again
   */
  add(spans: readonly ReceivedSpan[]): void;
  /** The spans of one trace, in no particular order; empty when there is none. */
  trace(traceId: string): ReceivedSpan[];
  /** Traces, newest first by start. `plan`: only those with a run of this plan. `limit`: at most so many; default all. */
  list(filter?: { plan?: string | undefined; limit?: number | undefined }): TraceSummary[];
  /** Removes a trace. Gives whether it was there. */
  remove(traceId: string): boolean;
  /** Nothing is taken or read after it. */
  close(): Promise<void>;
}

/** What a trace is, as far as a list of traces tells. */
export interface TraceSummary {
  readonly traceId: string;
  /** Start of its first span; 0 when none of its spans says when it started. */
  readonly startNs: bigint;
  /** End of the span that ended last. */
  readonly endNs: bigint;
  readonly spans: number;
  /** Its runs, earliest first, without those inside a run. Empty as long as neither the span of a run nor a plan arrived. */
  readonly runs: readonly RunSummary[];
  /** The services that sent it, each of its versions once, in the order in which they appeared. */
  readonly services: readonly TraceService[];
}

/** Who sent spans, as their resource says. */
export interface TraceService {
  readonly name: string;
  readonly version?: string;
}

/**
 * A run as its own span tells it; undefined where that does not say. Until it arrives, as its plan does: that starts and ends with the
 * run's start, and knows no outcome.
 */
export interface RunSummary {
  readonly spanId: string;
  readonly runId: string | undefined;
  readonly planName: string | undefined;
  readonly strategy: string | undefined;
  readonly outcome: Outcome | undefined;
  /** How it went and why, in a sentence or two. */
  readonly verdict: string | undefined;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** What a store holds, and what it could not keep. */
export interface StoreCounts {
  readonly traces: number;
  readonly spans: number;
  /** Estimate of what they take, in memory and in a file alike. */
  readonly bytes: number;
  readonly evictedTraces: number;
  readonly evictedSpans: number;
  readonly refusedSpans: number;
}

/** Most that a store holds. */
export interface StoreLimits {
  /** Default 1,000. */
  readonly maxTraces: number;
  /** Default 500,000. */
  readonly maxSpans: number;
  /** As `bytes` of {@link StoreCounts} counts them. Default 256 MiB. */
  readonly maxBytes: number;
}
