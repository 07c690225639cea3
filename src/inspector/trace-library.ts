import type { ReceivedSpan } from '../explain/read/received-span.ts';
import type { JaegerClient, RecentRun } from './jaeger.ts';
import type { TraceStore, TraceSummary } from './store.ts';

const JAEGER_RUNS = 100;
const JAEGER_LOOKBACK_MS = 7 * 24 * 60 * 60 * 1_000;
/** For how long the list of a Jaeger is taken as it was. */
const JAEGER_FRESH_MS = 5_000;
/** For how long a list waits for a Jaeger: what that says later is in the next one. */
const JAEGER_PATIENCE_MS = 3_000;

/** A trace as a list has it, with where it is kept when that is not the store. */
export interface ListedTrace extends TraceSummary {
  readonly source?: string | undefined;
}

/** Where the Inspector looks traces up: its store, then a Jaeger. */
export class TraceLibrary {
  readonly store: TraceStore;
  readonly #jaeger: JaegerClient | undefined;
  #fromJaeger: readonly ListedTrace[] = [];
  #answeredAtMs = -Infinity;
  #fault: string | undefined;
  /** As long as a Jaeger is asked. */
  #asking: Promise<void> | undefined;
  /** Resolves when it has answered, or is not waited for any longer. */
  #waiting: Promise<void> | undefined;

  constructor(store: TraceStore, jaeger: JaegerClient | undefined) {
    this.store = store;
    this.#jaeger = jaeger;
  }

  /** Why the last list is without what a Jaeger has. */
  get fault(): string | undefined {
    return this.#asking ? 'Jaeger has not answered yet: reload to see its runs' : this.#fault;
  }

  /** The spans of a trace; empty where there is none. */
  async trace(traceId: string): Promise<readonly ReceivedSpan[]> {
    const kept = this.store.trace(traceId);
    return kept.length > 0 || !this.#jaeger ? kept : this.#jaeger.trace(traceId);
  }

  /** Newest first. A Jaeger that does not answer costs its traces alone. */
  async list(): Promise<readonly ListedTrace[]> {
    const kept = this.store.list();
    if (!this.#jaeger) return kept;
    await this.#askJaeger(this.#jaeger);
    const known = new Set(kept.map(({ traceId }) => traceId));
    const others = this.#fromJaeger.filter(({ traceId }) => !known.has(traceId));
    return [...kept, ...others].toSorted((a, b) => Number(b.startNs - a.startNs));
  }

  async #askJaeger(jaeger: JaegerClient): Promise<void> {
    if (!this.#asking && Date.now() - this.#answeredAtMs >= JAEGER_FRESH_MS) {
      this.#asking = this.#listJaeger(jaeger);
      const tooLong = new Promise<void>((resolve) => setTimeout(resolve, JAEGER_PATIENCE_MS).unref());
      this.#waiting = Promise.race([this.#asking, tooLong]);
    }
    await this.#waiting;
  }

  async #listJaeger(jaeger: JaegerClient): Promise<void> {
    try {
      const runs = await jaeger.recentRuns({ limit: JAEGER_RUNS, lookbackMs: JAEGER_LOOKBACK_MS });
      this.#fromJaeger = runs.map(toListed);
      this.#fault = undefined;
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    }
    this.#answeredAtMs = Date.now();
    this.#asking = undefined;
  }
}

function toListed({ traceId, startNs, planName, outcome, service }: RecentRun): ListedTrace {
  return {
    traceId,
    startNs,
    endNs: startNs,
    spans: 0,
    services: service === '' ? [] : [{ name: service }],
    runs: [
      {
        spanId: '',
        runId: undefined,
        planName,
        strategy: undefined,
        outcome,
        verdict: undefined,
        startNs,
        endNs: startNs,
      },
    ],
    source: 'Jaeger',
  };
}
