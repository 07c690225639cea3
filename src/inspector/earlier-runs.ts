import { baselineOf } from '../explain/compare/baseline.ts';
import { reconstruct } from '../explain/read/reconstruct.ts';
import type { Run } from '../explain/read/run.ts';
import { passOf } from '../explain/step-name.ts';
import type { TraceStore } from './store.ts';
import type { RunRef } from './view/run-view.ts';
import { runSpanIdOf, type UsualTimes } from './view/view-run.ts';

/** Most runs that are taken for what is usual. */
const MAX_RUNS = 20;
/** Most spans that are read for it: whoever opens a run waits for that. */
const MAX_SPANS = 20_000;
/** Plans of which it is remembered. */
const MAX_REMEMBERED = 100;

/** A run of a plan that succeeded, as the list of traces tells. */
interface Success extends RunRef {
  readonly startNs: bigint;
  readonly spans: number;
}

/** Finds successful runs of a plan before a run, and what they usually take. */
export class EarlierRuns {
  readonly #store: TraceStore;
  /** By which runs it was made of. */
  readonly #usual = new Map<string, UsualTimes | undefined>();

  constructor(store: TraceStore) {
    this.#store = store;
  }

  /** The last success of the plan before a run, and what is usual for it; undefined where no run of it succeeded before. */
  lookBack(run: Run): { lastSuccess: RunRef | undefined; usual: UsualTimes | undefined } {
    const before = this.#before(run);
    const [last] = before;
    return {
      lastSuccess: last && { traceId: last.traceId, runSpanId: last.runSpanId },
      usual: this.#usualOf(withinBudget(before)),
    };
  }

  #usualOf(chosen: readonly Success[]): UsualTimes | undefined {
    const key = JSON.stringify(chosen.map(({ traceId, runSpanId }) => [traceId, runSpanId]));
    if (this.#usual.has(key)) return this.#usual.get(key);
    const usual = usualOf(chosen.flatMap((ref) => this.read(ref) ?? []));
    this.#usual.set(key, usual);
    const [oldest] = this.#usual.keys();
    if (this.#usual.size > MAX_REMEMBERED && oldest !== undefined) this.#usual.delete(oldest);
    return usual;
  }

  /** The last successes of the plan before a run, newest first, read whole. */
  successes(run: Run, most: number): Run[] {
    return this.#before(run)
      .slice(0, most)
      .flatMap((ref) => this.read(ref) ?? []);
  }

  read({ traceId, runSpanId }: RunRef): Run | undefined {
    return reconstruct(this.#store.trace(traceId)).find((run) => runSpanIdOf(run) === runSpanId);
  }

  /** Newest first. */
  #before({ planName, startNs }: Run): Success[] {
    if (planName === undefined) return [];
    return this.#store
      .list({ plan: planName })
      .flatMap(({ traceId, runs, spans }) =>
        runs
          .filter((run) => run.planName === planName && run.outcome === 'success')
          .map((run) => ({ traceId, runSpanId: run.spanId, startNs: run.startNs, spans })),
      )
      .filter((run) => run.startNs < startNs)
      .toSorted((a, b) => Number(b.startNs - a.startNs));
  }
}

/** The newest in any case: one is better than none. */
function withinBudget(successes: readonly Success[]): Success[] {
  let taken = 0;
  return successes.slice(0, MAX_RUNS).filter(({ spans }, index) => {
    if (index > 0 && taken + spans > MAX_SPANS) return false;
    taken += spans;
    return true;
  });
}

function usualOf(runs: readonly Run[]): UsualTimes | undefined {
  const { duration, steps, runs: counted } = baselineOf(runs);
  if (!duration) return undefined;
  const medians = [...steps.values()].flatMap((step) =>
    step.duration ? [[passOf(step), step.duration.median] as const] : [],
  );
  return { runs: counted, medianMs: duration.median, steps: new Map(medians) };
}
