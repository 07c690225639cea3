import type { CompareView } from '../../view/compare-view.ts';
import type { RunView } from '../../view/run-view.ts';
import { source } from '../source.ts';
import { useLoaded } from '../use-loaded.ts';

interface Comparison {
  /** What it is compared with. */
  readonly other: string;
  readonly view?: CompareView;
  /** Why there is none. */
  readonly fault?: string;
}

/** How often a run that goes on is compared anew. */
const LIVE_REFRESH_MS = 5000;

/**
 * Compares a run with another one, and again when something of it arrived. Undefined as long as nothing is known.
 *
 * @param isAsked whether there is something to compare it with
 */
export function useComparison(run: RunView, other: string, isAsked: boolean): Comparison | undefined {
  const { traceId, runSpanId, totalSpans, state, nowMs } = run;
  // One that goes on changes all the time.
  const version = nowMs === undefined ? totalSpans : Math.floor(nowMs / LIVE_REFRESH_MS);
  const load = (): Promise<Comparison> =>
    source.compare(traceId, runSpanId, other).then(
      (view) => ({ other, view }),
      (error: Error) => ({ other, fault: error.message }),
    );
  return useLoaded(isAsked ? load : undefined, [isAsked, traceId, runSpanId, other, version, state])?.value;
}
