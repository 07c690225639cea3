import { baselineOf } from '../../explain/compare/baseline.ts';
import type { BaselineComparison, Placed } from '../../explain/compare/baseline-comparison.ts';
import type { Change } from '../../explain/compare/change.ts';
import { compareMeasuredRuns } from '../../explain/compare/compare.ts';
import { compareMeasuredWithBaseline } from '../../explain/compare/compare-baseline.ts';
import type { Comparison } from '../../explain/compare/comparison.ts';
import { describeShare } from '../../explain/compare/comparison-summary.ts';
import type { Share as MeasuredShare } from '../../explain/compare/divide-change.ts';
import { type LiveRun, type MeasuredRun, measureRun } from '../../explain/compare/measure-run.ts';
import { zeroOf } from '../../explain/facts-of-run.ts';
import type { Run } from '../../explain/read/run.ts';
import { nameStep } from '../../explain/tell/name-step.ts';
import { leastFromMedian } from '../../explain/tell/tell-baseline.ts';
import { leastOf, materialShares } from '../../explain/tell/tell-comparison.ts';
import { describePlanChanges } from '../../explain/tell/told-comparison.ts';
import type { ComparedRun, CompareView, PathStep, TotalView } from './compare-view.ts';
import { rowsOfBaseline, rowsOfRuns } from './compare-rows.ts';
import { StepKeys } from './step-keys.ts';
import { runSpanIdOf } from './view-run.ts';
import { type Share, waterfallOf } from './waterfall.ts';

/** More parts of a change than these are no picture: the largest are told. */
const MAX_SHARES = 12;

/**
 * Describes two runs side by side for the page.
 *
 * @param live what of the run after has not ended
 * @param liveBefore what of the run before has not ended
 */
export function viewComparison(before: Run, after: Run, live?: LiveRun, liveBefore?: LiveRun): CompareView {
  const [old, now] = [measureRun(before, liveBefore), measureRun(after, live)];
  const comparison = compareMeasuredRuns(old, now);
  const { summary, planChanges, limits } = comparison;
  const keys = new StepKeys(now);
  const totals = old.standing || now.standing ? [] : totalsOf(comparison);
  return {
    summary,
    before: comparedRun(before),
    after: comparedRun(after),
    totals,
    waterfall: waterfallOf(totals, sharesOf(comparison, keys)),
    criticalPath: comparison.criticalPath && {
      before: pathOf(old, keys),
      after: pathOf(now, keys),
    },
    planChanges: describePlanChanges(planChanges),
    limits,
    steps: rowsOfRuns(old, now, comparison, keys),
    materialMs: leastOf(comparison),
  };
}

/**
 * Describes a run beside the middle of many for the page.
 *
 * @param runs of the same plan, in whatever order
 * @param live what of the run after has not ended
 */
export function viewBaseline(runs: readonly Run[], after: Run, live?: LiveRun): CompareView {
  const baseline = baselineOf(runs);
  const measured = measureRun(after, live);
  const comparison = compareMeasuredWithBaseline(baseline, measured);
  const { summary, planChanges, limits } = comparison;
  return {
    summary,
    before: {
      kind: 'runs',
      runs: baseline.runs,
      planName: baseline.newest?.planName,
      durationMs: baseline.duration?.median ?? 0,
    },
    after: comparedRun(after),
    totals: measured.standing ? [] : totalsOfBaseline(comparison),
    planChanges: describePlanChanges(planChanges),
    limits,
    steps: rowsOfBaseline(measured, comparison, new StepKeys(measured)),
    materialMs: leastFromMedian(comparison),
  };
}

function comparedRun(run: Run): ComparedRun {
  const { traceId, planName, strategy, outcome, endNs } = run;
  const zeroNs = zeroOf(run);
  return {
    kind: 'run',
    traceId,
    runSpanId: runSpanIdOf(run),
    planName,
    strategy,
    outcome,
    startedAtMs: Number(zeroNs) / 1e6,
    durationMs: Math.max(0, Number(endNs - zeroNs) / 1e6),
  };
}

function totalsOf({ duration, criticalPath, wait }: Comparison): TotalView[] {
  const hasWaited = wait !== undefined && (wait.before > 0 || wait.after > 0);
  return [
    total('the run', duration),
    total('critical path', criticalPath?.length),
    hasWaited && total('waits in total', wait),
  ].filter(isThere);
}

function totalsOfBaseline({ duration, criticalPath, wait }: BaselineComparison): TotalView[] {
  const hasWaited = wait !== undefined && (wait.spread.max > 0 || wait.change.after > 0);
  return [
    placedTotal('the run', duration),
    placedTotal('critical path', criticalPath),
    hasWaited && placedTotal('waits in total', wait),
  ].filter(isThere);
}

function total(name: string, change: Change | undefined): TotalView | undefined {
  return change && { name, ...change };
}

function placedTotal(name: string, placed: Placed | undefined): TotalView | undefined {
  if (!placed) return undefined;
  const { min, max } = placed.spread;
  return { name, ...placed.change, range: { min, max } };
}

function isThere(total: TotalView | false | undefined): total is TotalView {
  return total !== undefined && total !== false;
}

/** The largest parts of the change, in order of time. */
function sharesOf(comparison: Comparison, keys: StepKeys): Share[] {
  const material = materialShares(comparison);
  const largest = new Set(
    material.toSorted((a, b) => Math.abs(b.total.change) - Math.abs(a.total.change)).slice(0, MAX_SHARES),
  );
  const view = (share: MeasuredShare): Share => {
    const [step] = share.after;
    return {
      text: describeShare(share, comparison),
      changeMs: share.total.change,
      key: step && keys.named(step),
    };
  };
  return material.filter((share) => largest.has(share)).map(view);
}

function pathOf({ analysis, keys: identities, steps }: MeasuredRun, keys: StepKeys): PathStep[] {
  return analysis.path.flatMap((at) => {
    const identity = identities[at]!;
    const step = steps.get(identity);
    if (!step) return [];
    return { name: nameStep(step), durationMs: step.durationNs / 1e6, key: keys.find(identity, step) };
  });
}
