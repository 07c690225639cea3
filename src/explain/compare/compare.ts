import { stepsOf } from '../read/steps-of.ts';
import { type Change, changeMs, changeOf } from './change.ts';
import { comparePlans } from './compare-plans.ts';
import {
  type Comparison,
  type CriticalPathChange,
  hasOtherOutcome,
  type LoneStep,
  type StepChange,
} from './comparison.ts';
import { summarizeComparison } from './comparison-summary.ts';
import { divideChange } from './divide-change.ts';
import { hasOneClock } from '../facts.ts';
import { limitsOf } from './limits.ts';
import { type MeasuredRun, type MeasuredStep, measureRun } from './measure-run.ts';
import type { Run, Step } from '../read/run.ts';
import { byName, nameOf, passOf, type StepName } from '../step-name.ts';

/**
 * Compares two runs. Their steps are matched by tool and iteration; what is inside a step is not compared. Pure; never fails, whatever the
 * traces hold.
 */
export function compareRuns(before: Run, after: Run): Comparison {
  return compareMeasuredRuns(measureRun(before), measureRun(after));
}

/** The same of runs that are measured already. */
export function compareMeasuredRuns(old: MeasuredRun, now: MeasuredRun): Comparison {
  const [before, after] = [old.run, now.run];
  const planChanges = comparePlans(before, after);
  const criticalPath = comparePaths(old, now);
  const areOfOneClock = [old, now].every(({ analysis }) => hasOneClock(analysis.facts));
  const limits = [limitsOf(old, 'the run before'), limitsOf(now, 'the run after')];
  const facts = {
    before,
    after,
    duration: changeOfKnown(old.totals.durationNs, now.totals.durationNs),
    criticalPath,
    wait: areOfOneClock ? changeMs(old.totals.waitNs, now.totals.waitNs) : undefined,
    shares: criticalPath && areOfOneClock ? divideChange(old, now) : undefined,
    steps: compareSteps(old, now),
    onlyBefore: loneSteps(old, now),
    onlyAfter: loneSteps(now, old),
    planChanges,
    // First, why durations are not compared.
    limits: (before.span && !after.span ? limits.toReversed() : limits).flat(),
    reference: { ...old.totals, name: 'the run before', planChanges },
  };
  return { summary: summarizeComparison(facts, old, now), ...facts };
}

function changeOfKnown(beforeNs: number | undefined, afterNs: number | undefined): Change | undefined {
  return beforeNs === undefined || afterNs === undefined ? undefined : changeMs(beforeNs, afterNs);
}

function comparePaths(before: MeasuredRun, after: MeasuredRun): CriticalPathChange | undefined {
  const length = changeOfKnown(before.totals.criticalPathNs, after.totals.criticalPathNs);
  if (!length) return undefined;
  return { before: namesOf(before), after: namesOf(after), length };
}

function namesOf({ analysis: { facts, path } }: MeasuredRun): StepName[] {
  return path.map((step) => nameOf(facts.steps[step]!));
}

function compareSteps(before: MeasuredRun, after: MeasuredRun): StepChange[] {
  const steps: StepChange[] = [];
  for (const [key, was] of before.steps) {
    const is = after.steps.get(key);
    if (is && !was.standing && !is.standing) steps.push(changeOfStep(was, is));
  }
  return steps.toSorted(
    (a, b) =>
      Number(hasOtherOutcome(b)) - Number(hasOtherOutcome(a)) ||
      Math.abs(b.duration.change) - Math.abs(a.duration.change) ||
      byName(a, b),
  );
}

/** What became of a step that both runs have. */
export function changeOfStep(was: MeasuredStep, is: MeasuredStep): StepChange {
  return {
    toolId: is.toolId,
    iteration: is.iteration,
    start: was.hasOtherClock || is.hasOtherClock ? undefined : changeMs(was.startNs, is.startNs),
    duration: changeMs(was.durationNs, is.durationNs),
    wait: changeOfKnown(was.waitNs, is.waitNs),
    attempts: changeOf(was.attempts, is.attempts),
    outcomeBefore: was.outcome,
    outcomeAfter: is.outcome,
  };
}

function loneSteps(own: MeasuredRun, other: MeasuredRun): LoneStep[] {
  const absent = new Map(stepsOf(other.run).flatMap((step) => (step.span ? [] : [[passOf(step), step]])));
  return [...own.steps]
    .filter(([key]) => !other.steps.has(key))
    .map(([, { toolId, iteration, durationNs, outcome }]) => {
      const reason = reasonOf({ toolId, iteration }, absent, other);
      return { toolId, iteration, durationMs: durationNs / 1e6, outcome, reason };
    })
    .toSorted((a, b) => b.durationMs - a.durationMs || byName(a, b));
}

/** @param absent passes without a span; of a tool that did not run at all there is the first */
function reasonOf(
  { toolId, iteration }: StepName,
  absent: ReadonlyMap<string, Step>,
  { run, totals, analysis, standing }: MeasuredRun,
): LoneStep['reason'] {
  const ran = totals.toolNs.has(toolId);
  const step = absent.get(passOf({ toolId, iteration: ran ? iteration : 1 }));
  // Where it is told what starts, it is certain of more steps that they did not.
  if (step?.absence && standing) return 'not started';
  if (step) return step.absence ?? 'skipped';
  if (ran) return 'fewer passes';
  return run.plan && !analysis.facts.plan.index.has(toolId) ? 'not planned' : 'not called';
}
