import type { BaselineComparison } from '../../explain/compare/baseline-comparison.ts';
import type { StepBaseline } from '../../explain/compare/baseline.ts';
import { changeOfStep } from '../../explain/compare/compare.ts';
import { placeStep } from '../../explain/compare/compare-baseline.ts';
import { type Comparison, hasOtherOutcome } from '../../explain/compare/comparison.ts';
import type { MeasuredRun, MeasuredStep } from '../../explain/compare/measure-run.ts';
import { passOf } from '../../explain/step-name.ts';
import { nameStep } from '../../explain/tell/name-step.ts';
import {
  ADDED_STEP,
  describeMissingStep,
  describePlacedStep,
  isPlacedWorthARow,
  leastFromMedian,
} from '../../explain/tell/tell-baseline.ts';
import {
  describeLoneStep,
  describeStanding,
  describeStepChange,
  isWorthARow,
  leastOf,
} from '../../explain/tell/tell-comparison.ts';
import { isFailing } from '../../explain/failures.ts';
import type { StepRow, StepSide } from './compare-view.ts';
import type { StepKeys } from './step-keys.ts';

/**
 * The steps of two runs, side by side.
 *
 * @param comparison of these two
 */
export function rowsOfRuns(before: MeasuredRun, after: MeasuredRun, comparison: Comparison, keys: StepKeys): StepRow[] {
  const { onlyBefore, onlyAfter } = comparison;
  const least = leastOf(comparison);
  const [critical, criticalBefore] = [after, before].map(criticalSteps) as [Set<string>, Set<string>];
  const reasons = new Map([...onlyBefore, ...onlyAfter].map((step) => [passOf(step), step.reason]));
  const alone = (step: MeasuredStep, side: 0 | 1): Told =>
    unique(...standingOf(step, side), describeLoneStep(reasons.get(passOf(step)) ?? 'not called', side));
  const rows: StepRow[] = [];
  for (const [identity, is] of after.steps) {
    const was = before.steps.get(identity);
    const row = { key: keys.find(identity, is), name: nameStep(is), after: sideOf(is, critical.has(identity)) };
    if (!was) {
      rows.push({ ...row, ...alone(is, 1) });
      continue;
    }
    const change = changeOfStep(was, is);
    const both = { ...row, before: sideOf(was, criticalBefore.has(identity)), shiftMs: change.start?.change };
    if (was.standing || is.standing) {
      rows.push({ ...both, ...unended(is, change.duration.before + least, was) });
      continue;
    }
    rows.push({
      ...both,
      changeMs: change.duration.change,
      hasOtherOutcome: hasOtherOutcome(change),
      notes: describeStepChange(change, least),
      isMaterial: isWorthARow(change, least),
    });
  }
  for (const [identity, was] of before.steps) {
    if (after.steps.has(identity) || after.standing === 'running') continue;
    const side = sideOf(was, criticalBefore.has(identity));
    rows.push({ key: keys.find(identity, was), name: nameStep(was), before: side, ...alone(was, 0) });
  }
  return inOrder(rows);
}

/** The steps of a run, each beside the middle of what it took in many. */
export function rowsOfBaseline(measured: MeasuredRun, comparison: BaselineComparison, keys: StepKeys): StepRow[] {
  const { baseline } = comparison;
  const least = leastFromMedian(comparison);
  const critical = criticalSteps(measured);
  const rows: StepRow[] = [];
  for (const [identity, is] of measured.steps) {
    const usual = baseline.steps.get(identity);
    const row = { key: keys.find(identity, is), name: nameStep(is), after: sideOf(is, critical.has(identity)) };
    const placed = is.outcome === 'skip' ? undefined : placeStep(is, usual);
    const before = usual && middleOf(usual);
    const shiftMs = !before || is.hasOtherClock || usual.hasOtherClock ? undefined : row.after.startMs - before.startMs;
    if (before && is.standing) rows.push({ ...row, before, shiftMs, ...unended(is, before.durationMs + least) });
    else if (placed && before) {
      rows.push({
        ...row,
        before,
        shiftMs,
        changeMs: placed.duration.change.change,
        hasOtherOutcome: isFailing(placed.outcome) && placed.usual.failed === 0,
        notes: describePlacedStep(placed),
        isMaterial: isPlacedWorthARow(placed, least),
      });
    } else if (usual && before) {
      rows.push({
        ...row,
        before,
        ...unique(`skipped; ${describeMissingStep(usual, baseline)}`),
        hasOtherOutcome: true,
      });
    } else rows.push({ ...row, ...(is.outcome === 'skip' ? NOTHING_NEW : unique(...standingOf(is, 1), ADDED_STEP)) });
  }
  for (const [identity, usual] of baseline.steps) {
    const before = middleOf(usual);
    if (measured.steps.has(identity) || !before || measured.standing === 'running') continue;
    const why = unique(`did not run here; ${describeMissingStep(usual, baseline)}`);
    rows.push({ key: keys.find(identity, usual), name: nameStep(usual), before, ...why });
  }
  return inOrder(rows);
}

type Told = Pick<StepRow, 'hasOtherOutcome' | 'notes' | 'isMaterial'>;

/** A step that is skipped as always. */
const NOTHING_NEW: Told = { hasOtherOutcome: false, notes: [], isMaterial: false };

/** A step that one side alone has. */
function unique(...notes: readonly string[]): Told {
  return { hasOtherOutcome: false, notes, isMaterial: true };
}

/**
 * A step that has not ended in one of the runs. One that still runs is news when it takes long.
 *
 * @param longMs what is long for it
 * @param was the same step of the run before
 */
function unended(is: MeasuredStep, longMs: number, was?: MeasuredStep): Told {
  const hasOtherOutcome = (is.standing === 'interrupted') !== (was?.standing === 'interrupted');
  const isLong = is.standing === 'running' && is.durationNs / 1e6 >= longMs;
  const notes = [...standingOf(is, 1), ...(was ? standingOf(was, 0) : [])];
  return { hasOtherOutcome, notes, isMaterial: hasOtherOutcome || isLong };
}

/** How it stands, where it has not ended: a clause or none. */
function standingOf({ standing, durationNs }: MeasuredStep, side: 0 | 1): string[] {
  return standing ? [describeStanding(standing, durationNs / 1e6, side)] : [];
}

function sideOf(step: MeasuredStep, isCritical: boolean): StepSide {
  const { startNs, durationNs, waitNs, attempts, outcome, standing } = step;
  return {
    startMs: startNs / 1e6,
    durationMs: durationNs / 1e6,
    waitMs: (waitNs ?? 0) / 1e6,
    attempts,
    state: standing ?? outcome ?? 'unknown',
    isCritical,
  };
}

/** Undefined for a step that ran in none of the runs. */
function middleOf({ start, duration, wait }: StepBaseline): StepSide | undefined {
  if (!start || !duration) return undefined;
  const { median, min, max } = duration;
  const range = { min, max };
  return { startMs: start.median, durationMs: median, waitMs: wait?.median ?? 0, isCritical: false, range };
}

function criticalSteps({ analysis, keys }: MeasuredRun): Set<string> {
  return new Set(analysis.path.map((at) => keys[at]!));
}

/** By when they started: in the run after, else in the run before. */
function inOrder(rows: readonly StepRow[]): StepRow[] {
  return rows.toSorted((a, b) => startOf(a) - startOf(b));
}

function startOf({ before, after }: StepRow): number {
  return (after ?? before)?.startMs ?? 0;
}
