import type { Outcome } from '../../semconv.ts';
import type { Baseline, Spread, StepBaseline } from './baseline.ts';
import type { Change } from './change.ts';
import type { PlanChange } from './compare-plans.ts';
import type { Reference } from './reference.ts';
import type { Run } from '../read/run.ts';
import type { StepName } from '../step-name.ts';

/** How a run differs from many before it. Times in milliseconds, with fractions. */
export interface BaselineComparison {
  /** One or two sentences, at most 300 characters. */
  readonly summary: string;
  readonly baseline: Baseline;
  readonly after: Run;
  /** Undefined if the run has not ended. */
  readonly duration: Placed | undefined;
  /** Undefined where it is not certain. */
  readonly criticalPath: Placed | undefined;
  readonly wait: Placed | undefined;
  /** Steps that ran to their end, here and there: first those outside of what they took, then by how far they are from the median. */
  readonly steps: readonly PlacedStep[];
  /** Steps that ran in some of the runs and not in this one. */
  readonly missing: readonly MissingStep[];
  /** Steps that ran in this run and in none of the others, the longest first. */
  readonly added: readonly AddedStep[];
  /** Against the newest of the runs. */
  readonly planChanges: readonly PlanChange[];
  /** What cannot be compared, and why: a sentence each. */
  readonly limits: readonly string[];
  /** The medians, as rules are held against them. */
  readonly reference: Reference;
}

/** A number among those of many runs. */
export interface Placed {
  readonly spread: Spread;
  /** From the median. */
  readonly change: Change;
  /** Below their least, above their most, or between. */
  readonly place: 'below' | 'within' | 'above';
}

export interface PlacedStep extends StepName {
  readonly duration: Placed;
  /** Undefined in a run of several clocks, and where all runs before are. */
  readonly wait: Placed | undefined;
  readonly outcome: Outcome | undefined;
  readonly attempts: number;
  readonly usual: StepBaseline;
}

export interface MissingStep extends StepName {
  /** Whether it was skipped; else it did not start or its span did not arrive. */
  readonly isSkipped: boolean;
  readonly usual: StepBaseline;
}

export interface AddedStep extends StepName {
  readonly durationMs: number;
  readonly outcome: Outcome | undefined;
}

/** Whether a step took less or more than in any of the other runs. */
export function isOutside({ duration }: PlacedStep): boolean {
  return duration.place !== 'within';
}
