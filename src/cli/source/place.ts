import type { ReceivedSpan } from '../../explain/read/received-span.ts';

/** Where traces are looked up by id or by plan: a store, or a Jaeger. */
export interface Place extends AsyncDisposable {
  /** What it is called in a sentence, e.g. `the store /tmp/traces.sqlite`. */
  readonly name: string;
  /** The spans of a trace; empty when there is none. */
  trace(traceId: string, signal: AbortSignal): Promise<readonly ReceivedSpan[]>;
  /** The ids of traces that begin with a few digits. */
  idsFrom(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Traces that may hold a run, newest first. With a plan, those without a run of this plan are left out where that is known. */
  recent(plan: string | undefined, signal: AbortSignal): Promise<readonly RecentTrace[]>;
}

export interface RecentTrace {
  readonly traceId: string;
  readonly startNs: bigint;
  /** Of the runs in it, as far as that is known. */
  readonly planNames: readonly string[];
}
