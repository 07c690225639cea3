import type { PlanChange } from './compare-plans.ts';
import type { Totals } from './measure-run.ts';

/** What a run is held against: another run, or the middle of many. */
export interface Reference extends Totals {
  /** In a sentence, e.g. `the run before` or `the median of 20 runs`. */
  readonly name: string;
  /** How the plan of the run differs from what was planned there. */
  readonly planChanges: readonly PlanChange[];
}
