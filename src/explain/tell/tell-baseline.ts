import { type BaselineComparison, isOutside, type Placed, type PlacedStep } from '../compare/baseline-comparison.ts';
import { materialMs } from '../compare/comparison-summary.ts';
import { isFailing } from '../failures.ts';
import { count, formatDuration } from '../format.ts';
import type { Baseline, Spread, StepBaseline } from '../compare/baseline.ts';
import { nameStep } from './name-step.ts';
import { OUTCOMES } from './outcomes.ts';
import {
  type ToldComparison,
  describePlanChanges,
  describeRun,
  formatChange,
  formatStep,
  heaviest,
  OUTCOME_WEIGHT,
  sectionsThatSay,
  type ToldRow,
  type WeighedRow,
} from './told-comparison.ts';

/**
 * A run beside many.
 *
 * @param asked how many runs were asked for; there may be fewer
 */
export function tellBaseline(comparison: BaselineComparison, asked: number): ToldComparison {
  const { summary, after, planChanges, limits } = comparison;
  const { rows, rest } = stepRows(comparison);
  return {
    summary,
    sides: [
      ['before', describeBaseline(comparison, asked)],
      ['after', describeRun(after)],
    ],
    columns: ['median', 'range', 'after', 'change'],
    rows: [...totalRows(comparison), ...rows],
    rest,
    sections: sectionsThatSay(['the plan', describePlanChanges(planChanges)], ['not compared', limits]),
  };
}

function describeBaseline({ baseline: { runs, succeeded, newest } }: BaselineComparison, asked: number): string {
  const few = runs < asked ? ` (${asked} were asked for)` : '';
  const failed = succeeded === runs ? 'that succeeded' : `of which ${succeeded} succeeded`;
  return `${count(runs, 'run')} of ${newest?.planName ?? 'an unnamed plan'} ${failed}${few}`;
}

function totalRows({ duration, criticalPath, wait }: BaselineComparison): ToldRow[] {
  const totals = [
    ['the run', duration],
    ['critical path', criticalPath],
    ['waits in total', wait?.spread.max === 0 && wait.change.after === 0 ? undefined : wait],
  ] as const;
  return totals.flatMap(([name, placed]) =>
    placed ? { name, isTotal: true, cells: cellsOf(placed, formatDuration(placed.change.after)), note: '' } : [],
  );
}

function cellsOf({ spread, change }: Placed, took: string): string[] {
  return [formatDuration(spread.median), rangeOf(spread), took, formatChange(change)];
}

function rangeOf({ min, max }: Spread): string {
  const [least, most] = [min, max].map(formatDuration);
  return min === max ? '' : `${least} to ${most}`;
}

function stepRows(comparison: BaselineComparison): { rows: readonly ToldRow[]; rest: string | undefined } {
  const { steps, missing, added, baseline } = comparison;
  const least = leastFromMedian(comparison);
  const changed = steps.filter((step) => isPlacedWorthARow(step, least));
  const { shown, hidden } = heaviest([
    ...changed.map(rowOf),
    ...missing.map(({ usual, isSkipped, ...step }) => ({
      name: nameStep(step),
      isTotal: false,
      cells: usual.duration
        ? [formatDuration(usual.duration.median), rangeOf(usual.duration), isSkipped ? 'skipped' : '', '']
        : ['', '', '', ''],
      note: describeMissingStep(usual, baseline),
      weight: usual.duration?.median ?? 0,
    })),
    ...added.map(({ durationMs, outcome, ...step }) => ({
      name: nameStep(step),
      isTotal: false,
      cells: ['', '', formatStep(durationMs, outcome), ''],
      note: ADDED_STEP,
      weight: durationMs,
    })),
  ]);
  const same = steps.length - changed.length;
  const parts = [
    ...(hidden > 0 ? [`${count(hidden, 'more step')} changed less`] : []),
    ...(same > 0
      ? [`${count(same, 'step')} within what was usual, or less than ${formatDuration(least)} from it`]
      : []),
  ];
  return { rows: shown, rest: parts.length === 0 ? undefined : parts.join('; ') };
}

/** Least distance of a step from its median that is worth a word, in milliseconds. */
export function leastFromMedian({ duration, baseline }: BaselineComparison): number {
  return materialMs(duration?.spread.median ?? baseline.duration?.median ?? 0);
}

export function isPlacedWorthARow(step: PlacedStep, least: number): boolean {
  const isOff = isOutside(step) && Math.abs(step.duration.change.change) >= least;
  return isOff || step.attempts > 1 || isFailing(step.outcome);
}

function rowOf(step: PlacedStep): WeighedRow {
  const { duration, outcome } = step;
  const cells = cellsOf(duration, formatStep(duration.change.after, outcome));
  const weight = Math.abs(duration.change.change) + (isFailing(outcome) ? OUTCOME_WEIGHT : 0);
  return { name: nameStep(step), isTotal: false, cells, note: describePlacedStep(step).join(', '), weight };
}

/** What is to be said of a step that none of the runs before had: a clause. */
export const ADDED_STEP = 'ran in none of the runs before';

/** Of a step that some of the runs before had: a clause. */
export function describeMissingStep({ ran }: StepBaseline, { runs }: Baseline): string {
  return `ran in ${ran} of ${count(runs, 'run')}`;
}

/** What beside its duration is unusual of a step: clauses. */
export function describePlacedStep({ attempts, outcome, usual }: PlacedStep): string[] {
  return [
    ...(isFailing(outcome)
      ? [`${OUTCOMES[outcome ?? 'unknown'][1]}, before in ${usual.failed} of ${count(usual.ran, 'run')}`]
      : []),
    ...(attempts > 1 ? [count(attempts, 'attempt')] : []),
  ];
}
