import type { ReceivedSpan } from '../explain/read/received-span.ts';
import type { JaegerClient } from './jaeger.ts';
import type { TraceStore, TraceSummary } from './store.ts';

const JAEGER_RUNS = 100;
const JAEGER_LOOKBACK_MS = 7 * 24 * 60 * 60 * 1_000;
/** For how long the list of a Jaeger is taken as it was. */
const JAEGER_FRESH_MS = 5_000;

/** A trace as a list has it, with where it is kept when that is not the store. */
export interface ListedTrace extends TraceSummary {
  readonly source?: string | undefined;
}

/** Where the Inspector looks traces up: its store, then a Jaeger. */
export class TraceLibrary {
  readonly store: TraceStore;
  readonly #jaeger: JaegerClient | undefined;
  #fromJaeger: { readonly atMs: number; readonly traces: readonly ListedTrace[] } | undefined;
  #fault: string | undefined;

  constructor(store: TraceStore, jaeger: JaegerClient | undefined) {
    this.store = store;
    this.#jaeger = jaeger;
  }

  /** Why Jaeger did not answer when it was last asked. */
  get fault(): string | undefined {
    return this.#fault;
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
    const known = new Set(kept.map(({ traceId }) => traceId));
    const others = (await this.#listJaeger(this.#jaeger)).filter(({ traceId }) => !known.has(traceId));
    return [...kept, ...others].toSorted((a, b) => Number(b.startNs - a.startNs));
  }

  async #listJaeger(jaeger: JaegerClient): Promise<readonly ListedTrace[]> {
    const known = this.#fromJaeger;
    if (known && Date.now() - known.atMs < JAEGER_FRESH_MS) return known.traces;
    let traces: readonly ListedTrace[] = known?.traces ?? [];
    try {
      const runs = await jaeger.recentRuns({ limit: JAEGER_RUNS, lookbackMs: JAEGER_LOOKBACK_MS });
      traces = runs.map(({ traceId, startNs, planName, outcome, service }) => ({
        traceId,
        startNs,
        endNs: startNs,
        spans: 0,
        services: service === '' ? [] : [{ name: service }],
        runs: [{ spanId: '', runId: undefined, planName, strategy: undefined, outcome, startNs, endNs: startNs }],
        source: 'Jaeger',
      })) as readonly ListedTrace[];
      this.#fault = undefined;
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    }
    this.#fromJaeger = { atMs: Date.now(), traces };
    return traces;
  }
}
