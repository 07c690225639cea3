import { changeOf, formatLonger } from '../compare/change.ts';
import { type Comparison, hasOtherOutcome, type LoneStep, type StepChange } from '../compare/comparison.ts';
import { describeOutcomes, describeShare, endedMs, materialMs } from '../compare/comparison-summary.ts';
import type { Share } from '../compare/divide-change.ts';
import type { Standing } from '../compare/measure-run.ts';
import { count, formatDuration } from '../format.ts';
import { namePath, nameStep } from './name-step.ts';
import {
  type ToldComparison,
  describePlanChanges,
  describeRun,
  formatChange,
  formatSigned,
  formatStep,
  heaviest,
  OUTCOME_WEIGHT,
  sectionsThatSay,
  type ToldRow,
  type WeighedRow,
} from './told-comparison.ts';

/** Why a step is in one run alone: said of the run after, and of the run before. */
const REASONS: Readonly<Record<LoneStep['reason'], readonly [now: string, before: string]>> = {
  'not planned': ['gone from the plan', 'new in the plan'],
  skipped: ['now skipped', 'skipped before'],
  'not started': ['did not start', 'did not start before'],
  'no span': ['no span arrived', 'no span arrived before'],
  'fewer passes': ['one pass fewer', 'one pass more'],
  'not called': ['not called now', 'not called before'],
};

/** Two runs side by side. */
export function tellComparison(comparison: Comparison): ToldComparison {
  const { before, after, summary, planChanges, limits } = comparison;
  const { rows, rest } = stepRows(comparison);
  return {
    summary,
    sides: [
      ['before', describeRun(before)],
      ['after', describeRun(after)],
    ],
    columns: ['before', 'after', 'change'],
    rows: [...totalRows(comparison), ...rows],
    rest,
    sections: sectionsThatSay(
      ['where the change is', sharesOf(comparison)],
      ['the plan', describePlanChanges(planChanges)],
      ['critical path', pathsOf(comparison)],
      ['not compared', limits],
    ),
  };
}

function totalRows({ duration, criticalPath, wait }: Comparison): ToldRow[] {
  const totals = [
    ['the run', duration],
    ['critical path', criticalPath?.length],
    ['waits in total', wait?.before === 0 && wait.after === 0 ? undefined : wait],
  ] as const;
  return totals.flatMap(([name, change]) => {
    if (!change) return [];
    const cells = [formatDuration(change.before), formatDuration(change.after), formatChange(change)];
    return { name, isTotal: true, cells, note: '' };
  });
}

function stepRows(comparison: Comparison): { rows: readonly ToldRow[]; rest: string | undefined } {
  const { steps, onlyBefore, onlyAfter } = comparison;
  const least = leastOf(comparison);
  const changed = steps.filter((step) => isWorthARow(step, least));
  const { shown, hidden } = heaviest([
    ...changed.map((step) => rowOf(step, least)),
    ...onlyBefore.map((step) => loneRow(step, 0)),
    ...onlyAfter.map((step) => loneRow(step, 1)),
  ]);
  const same = steps.length - changed.length;
  const parts = [
    ...(hidden > 0 ? [`${count(hidden, 'more step')} changed less`] : []),
    ...(same > 0 ? [`${count(same, 'step')} changed by less than ${formatDuration(least)}, or not at all`] : []),
  ];
  return { rows: shown, rest: parts.length === 0 ? undefined : parts.join('; ') };
}

/** Least change of a step that is worth a word, in milliseconds. */
export function leastOf(comparison: Comparison): number {
  const { duration } = comparison;
  return materialMs(duration ? Math.max(duration.before, duration.after) : endedMs(comparison));
}

export function isWorthARow(step: StepChange, least: number): boolean {
  return hasOtherOutcome(step) || step.attempts.change !== 0 || Math.abs(step.duration.change) >= least;
}

function rowOf(step: StepChange, least: number): WeighedRow {
  const { duration, outcomeBefore, outcomeAfter } = step;
  const cells = [
    formatStep(duration.before, outcomeBefore),
    formatStep(duration.after, outcomeAfter),
    formatChange(duration),
  ];
  const weight = Math.abs(duration.change) + (hasOtherOutcome(step) ? OUTCOME_WEIGHT : 0);
  return { name: nameStep(step), isTotal: false, cells, note: describeStepChange(step, least).join(', '), weight };
}

/** What beside its duration changed of a step: clauses. */
export function describeStepChange(step: StepChange, least: number): string[] {
  const { attempts, wait } = step;
  return [
    ...(hasOtherOutcome(step) ? [describeOutcomes(step)] : []),
    ...(attempts.change === 0 ? [] : [`${count(attempts.after, 'attempt')} instead of ${attempts.before}`]),
    ...(wait && Math.abs(wait.change) >= least ? [`waited ${formatLonger(wait)}`] : []),
  ];
}

/** @param side 0 for a step of the run before, 1 for one of the run after */
function loneRow(step: LoneStep, side: 0 | 1): WeighedRow {
  const { durationMs, outcome, reason } = step;
  const took = formatStep(durationMs, outcome);
  const cells = [...(side === 0 ? [took, ''] : ['', took]), ''];
  return { name: nameStep(step), isTotal: false, cells, note: describeLoneStep(reason, side), weight: durationMs };
}

/**
 * Why one run alone has a step: a clause.
 *
 * @param side 0 for a step of the run before, 1 for one of the run after
 */
export function describeLoneStep(reason: LoneStep['reason'], side: 0 | 1): string {
  return REASONS[reason][side];
}

/**
 * How a step stands that has not ended: a clause.
 *
 * @param ms what it took so far
 * @param side 0 for a step of the run before, 1 for one of the run after
 */
export function describeStanding(standing: Standing, ms: number, side: 0 | 1): string {
  const took = formatDuration(ms);
  const text = standing === 'running' ? `running for ${took} so far` : `interrupted after ${took}`;
  return side === 0 ? `before, ${text}` : text;
}

/** The parts of the change that are worth a word, in order of time; of a step, what passed before its start and what it took apart. */
export function materialShares(comparison: Comparison): readonly Share[] {
  const least = leastOf(comparison);
  return (comparison.shares ?? []).flatMap(divideShare).filter(({ total }) => Math.abs(total.change) >= least);
}

function divideShare(share: Share): Share[] {
  const { gap, total } = share;
  if (!gap) return [share];
  const own = changeOf(total.before - gap.before, total.after - gap.after);
  return [
    { ...share, total: gap },
    { ...share, total: own, gap: undefined },
  ];
}

/** The parts of the change that are worth a line, unless the summary says the only one. */
function sharesOf(comparison: Comparison): string[] {
  const { summary } = comparison;
  const lines = materialShares(comparison)
    .toSorted((a, b) => Math.abs(b.total.change) - Math.abs(a.total.change))
    .map((share) => `${formatSigned(share.total.change)}: ${describeShare(share, comparison)}`);
  return lines.length === 1 && lines.every((line) => summary.includes(line.slice(line.indexOf(': ') + 2))) ? [] : lines;
}

function pathsOf({ criticalPath }: Comparison): string[] {
  if (!criticalPath) return [];
  const [old, now] = [criticalPath.before, criticalPath.after].map(namePath);
  const isSame = JSON.stringify(criticalPath.before) === JSON.stringify(criticalPath.after);
  if (isSame) return old === '' ? [] : [`${old}, as before`];
  return [`before: ${old || 'none'}`, `after: ${now || 'none'}`];
}
