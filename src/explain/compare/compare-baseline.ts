import { type Baseline, nameBaseline, type Spread, type StepBaseline } from './baseline.ts';
import {
  type AddedStep,
  type BaselineComparison,
  isOutside,
  type Placed,
  type PlacedStep,
} from './baseline-comparison.ts';
import { summarizeAgainstBaseline } from './baseline-summary.ts';
import { changeOf } from './change.ts';
import { comparePlans } from './compare-plans.ts';
import { count } from '../format.ts';
import { hasOneClock } from '../facts.ts';
import { limitsOf } from './limits.ts';
import { type MeasuredRun, type MeasuredStep, measureRun } from './measure-run.ts';
import type { Reference } from './reference.ts';
import type { Run } from '../read/run.ts';
import { byName } from '../step-name.ts';

/** Holds a run against many. Pure; never fails, whatever the traces hold. */
export function compareWithBaseline(baseline: Baseline, run: Run): BaselineComparison {
  return compareMeasuredWithBaseline(baseline, measureRun(run));
}

/** The same of a run that is measured already. */
export function compareMeasuredWithBaseline(baseline: Baseline, measured: MeasuredRun): BaselineComparison {
  const { run, totals } = measured;
  const { runs, newest } = baseline;
  const planChanges = newest ? comparePlans(newest, run) : [];
  const facts = {
    baseline,
    after: run,
    duration: place(totals.durationNs, baseline.duration),
    criticalPath: place(totals.criticalPathNs, baseline.criticalPath),
    wait: place(hasOneClock(measured.analysis.facts) ? totals.waitNs : undefined, baseline.wait),
    ...compareSteps(baseline, measured),
    planChanges,
    limits: [
      ...(runs === 0 ? ['there is no run to compare with'] : []),
      ...limitsOf(measured, 'the run'),
      ...unendedLimit(baseline),
      ...clockLimit(baseline),
    ],
    reference: { ...mediansOf(baseline), name: nameBaseline(baseline), planChanges },
  };
  return { summary: summarizeAgainstBaseline(facts, measured), ...facts };
}

function place(ns: number | undefined, spread: Spread | undefined): Placed | undefined {
  if (ns === undefined || spread === undefined) return undefined;
  const ms = ns / 1e6;
  return {
    spread,
    change: changeOf(spread.median, ms),
    place: ms < spread.min ? 'below' : ms > spread.max ? 'above' : 'within',
  };
}

function compareSteps(
  baseline: Baseline,
  measured: MeasuredRun,
): Pick<BaselineComparison, 'steps' | 'missing' | 'added'> {
  const steps: PlacedStep[] = [];
  const added: AddedStep[] = [];
  for (const [key, step] of measured.steps) {
    const { toolId, iteration, outcome, durationNs } = step;
    if (outcome === 'skip' || step.standing) continue;
    const placed = placeStep(step, baseline.steps.get(key));
    if (placed) steps.push(placed);
    else added.push({ toolId, iteration, durationMs: durationNs / 1e6, outcome });
  }
  const missing = [...baseline.steps].flatMap(([key, usual]) => {
    const own = measured.steps.get(key)?.outcome;
    const { toolId, iteration } = usual;
    const isMissing = usual.ran > 0 && (own === 'skip' || !measured.steps.has(key));
    return isMissing ? { toolId, iteration, isSkipped: own === 'skip', usual } : [];
  });
  return {
    steps: steps.toSorted(
      (a, b) =>
        Number(isOutside(b)) - Number(isOutside(a)) ||
        Math.abs(b.duration.change.change) - Math.abs(a.duration.change.change) ||
        byName(a, b),
    ),
    missing,
    added: added.toSorted((a, b) => b.durationMs - a.durationMs || byName(a, b)),
  };
}

/** A step that ran, among those of other runs; undefined where it ran in none of them. */
export function placeStep(step: MeasuredStep, usual: StepBaseline | undefined): PlacedStep | undefined {
  const { toolId, iteration, outcome, attempts } = step;
  const duration = place(step.durationNs, usual?.duration);
  const wait = place(step.waitNs, usual?.wait);
  return usual && duration ? { toolId, iteration, duration, wait, outcome, attempts, usual } : undefined;
}

function unendedLimit({ unended }: Baseline): string[] {
  if (unended === 0) return [];
  return [
    `${count(unended, 'run')} before ${unended === 1 ? 'has' : 'have'} not ended and ${unended === 1 ? 'does' : 'do'} not count`,
  ];
}

function clockLimit({ steps }: Baseline): string[] {
  const hasOtherClock = [...steps.values()].some((step) => step.hasOtherClock);
  return hasOtherClock ? ['steps of runs before ran by several clocks: starts and waits are not compared'] : [];
}

function mediansOf({ duration, criticalPath, wait, tools }: Baseline): Omit<Reference, 'name' | 'planChanges'> {
  return {
    durationNs: medianNs(duration),
    criticalPathNs: medianNs(criticalPath),
    waitNs: medianNs(wait) ?? 0,
    toolNs: new Map([...tools].map(([toolId, spread]) => [toolId, medianNs(spread) ?? 0])),
  };
}

function medianNs(spread: Spread | undefined): number | undefined {
  return spread && Math.round(spread.median * 1e6);
}
