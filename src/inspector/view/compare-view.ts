import type { Change } from '../../explain/compare/change.ts';
import type { Outcome } from '../../semconv.ts';
import type { RunRef, StepState } from './run-view.ts';

/**
 * A run beside one before it, or beside the middle of many, as the page shows it. Plain JSON, made by the server and drawn by the page, which
 * computes nothing of it again. Times are milliseconds, with fractions; what cannot be compared is absent.
 */
export interface CompareView {
  /** One or two sentences. */
  readonly summary: string;
  readonly before: ComparedRun | ComparedRuns;
  readonly after: ComparedRun;
  /** The run as a whole: what it took, its critical path, what its steps waited in sum. */
  readonly totals: readonly TotalView[];
  /** Where the change of the duration comes from; absent where that is not known. */
  readonly waterfall?: WaterfallView | undefined;
  /** The longest chains of steps that need each other. */
  readonly criticalPath?: { readonly before: readonly PathStep[]; readonly after: readonly PathStep[] } | undefined;
  /** How the plan changed, and what cannot be compared: a clause each. */
  readonly planChanges: readonly string[];
  readonly limits: readonly string[];
  /** Every step directly of either run, by its start in the run after; one that only the run before has, by its start there. */
  readonly steps: readonly StepRow[];
  /** A change of a step below this is not material. */
  readonly materialMs: number;
}

export interface ComparedRun extends RunRef {
  readonly kind: 'run';
  readonly planName?: string | undefined;
  readonly strategy?: string | undefined;
  /** Absent for one that has not ended. */
  readonly outcome?: Outcome | undefined;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** As far as it is known. */
  readonly durationMs: number;
}

/** The middle of many: `before` numbers are medians then. */
export interface ComparedRuns {
  readonly kind: 'runs';
  readonly runs: number;
  readonly planName?: string | undefined;
  readonly durationMs: number;
}

export interface TotalView extends Change {
  readonly name: string;
  /** The least and the most of many runs. */
  readonly range?: Range | undefined;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** How the duration of the run before became that of the run after, one change after another. */
export interface WaterfallView {
  readonly bars: readonly WaterfallBar[];
  /** What is drawn of the axis: changes are often small beside what a run takes. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface WaterfallBar {
  /** E.g. `rank took 3.90 s longer`. */
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent for what a whole run took. */
  readonly changeMs?: number;
  /** `StepView.key` of the step in the run after that it is about. */
  readonly key?: string | undefined;
}

export interface PathStep {
  /** E.g. `rank`, or `rank #2` for its second pass. */
  readonly name: string;
  readonly durationMs: number;
  /** `StepView.key` in the run after, where it has this step. */
  readonly key?: string | undefined;
}

/** A step of one run or of both: the same tool and pass. */
export interface StepRow {
  /** `StepView.key` in the run after; absent where that does not even plan it. */
  readonly key?: string | undefined;
  /** E.g. `rank`, or `rank #2` for its second pass. */
  readonly name: string;
  /** Absent where that run does not have it. */
  readonly before?: StepSide | undefined;
  readonly after?: StepSide | undefined;
  /** By how much it started later, where clocks tell, and took longer, where it has ended; absent unless both have it. */
  readonly shiftMs?: number | undefined;
  readonly changeMs?: number | undefined;
  readonly hasOtherOutcome: boolean;
  /** What beside its times changed, and why one run alone has it: a clause each. */
  readonly notes: readonly string[];
  /** Whether the change is worth a word. */
  readonly isMaterial: boolean;
}

export interface StepSide {
  /** Since the start of its run. */
  readonly startMs: number;
  /** 0 for a skip; so far, of one that has not ended. */
  readonly durationMs: number;
  readonly waitMs: number;
  /** These two are of one run, not of many. */
  readonly attempts?: number | undefined;
  readonly state?: StepState | undefined;
  readonly isCritical: boolean;
  /** The least and the most that it took in many runs. */
  readonly range?: Range | undefined;
}
