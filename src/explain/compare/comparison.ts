import type { Outcome } from '../../semconv.ts';
import type { Change } from './change.ts';
import type { PlanChange } from './compare-plans.ts';
import type { Share } from './divide-change.ts';
import type { Reference } from './reference.ts';
import type { Run } from '../read/run.ts';
import type { StepName } from '../step-name.ts';

/** How a run differs from one before it. Times in milliseconds, with fractions. */
export interface Comparison {
  /** One or two sentences, at most 300 characters. */
  readonly summary: string;
  readonly before: Run;
  readonly after: Run;
  /** Undefined unless both runs ended. */
  readonly duration: Change | undefined;
  /** The longest chains of steps that need each other. Undefined unless both runs ended, have a plan and lost no spans. */
  readonly criticalPath: CriticalPathChange | undefined;
  /** What steps waited after they had all they need, added up. Undefined unless each run is of one clock. */
  readonly wait: Change | undefined;
  /** The change of the duration, divided: see {@link divideChange}. Undefined where the critical path or the wait is. */
  readonly shares: readonly Share[] | undefined;
  /** Steps that ended in both: first those with another outcome, then by how much their duration changed. */
  readonly steps: readonly StepChange[];
  /** Steps of one run alone, the longest first. */
  readonly onlyBefore: readonly LoneStep[];
  readonly onlyAfter: readonly LoneStep[];
  readonly planChanges: readonly PlanChange[];
  /** What cannot be compared, and why: a sentence each. */
  readonly limits: readonly string[];
  /** The run before, as rules are held against it. */
  readonly reference: Reference;
}

export interface CriticalPathChange {
  readonly before: readonly StepName[];
  readonly after: readonly StepName[];
  readonly length: Change;
}

export interface StepChange extends StepName {
  /** Since its run started. Undefined where one of them ran by another clock than its run. */
  readonly start: Change | undefined;
  /** A skip takes no time. */
  readonly duration: Change;
  /** Undefined unless each run is of one clock. */
  readonly wait: Change | undefined;
  readonly attempts: Change;
  readonly outcomeBefore: Outcome | undefined;
  readonly outcomeAfter: Outcome | undefined;
}

/** A step that the other run does not have. */
export interface LoneStep extends StepName {
  readonly durationMs: number;
  readonly outcome: Outcome | undefined;
  /** Why the other run does not have it. */
  readonly reason: 'not planned' | 'skipped' | 'not started' | 'no span' | 'fewer passes' | 'not called';
}

/** Whether a step ended otherwise than before. */
export function hasOtherOutcome({ outcomeBefore, outcomeAfter }: StepChange): boolean {
  return outcomeBefore !== outcomeAfter;
}
