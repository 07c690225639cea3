import { hasOneClock } from '../facts.ts';
import { isFailing } from '../failures.ts';
import { medianOf } from '../median.ts';
import { type MeasuredRun, type MeasuredStep, measureRun } from './measure-run.ts';
import type { Run } from '../read/run.ts';
import { byName, type StepName } from '../step-name.ts';

/** What many runs of a plan took. Times in milliseconds, with fractions. */
export interface Baseline {
  /** How many runs; those of which no end arrived do not count. */
  readonly runs: number;
  readonly unended: number;
  readonly succeeded: number;
  /** Undefined without runs. */
  readonly duration: Spread | undefined;
  /** Of the runs whose critical path is certain. */
  readonly criticalPath: Spread | undefined;
  /** What steps waited after they had all they need, added up: of the runs that are each of one clock. */
  readonly wait: Spread | undefined;
  /** By the identity of the step, as a measured run has it; in the order of tools and iterations. */
  readonly steps: ReadonlyMap<string, StepBaseline>;
  /** What the steps of each tool took, added up. */
  readonly tools: ReadonlyMap<string, Spread>;
  /** The run that started last: with its plan others are compared. */
  readonly newest: Run | undefined;
}

/** Between the least and the most of several values. The median of an even number lies in the middle between two. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A step of many runs. */
export interface StepBaseline extends StepName {
  /** In how many runs it ran, in how many of these it failed, and in how many it was skipped. */
  readonly ran: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of the runs in which it ran; undefined without one. Starts are those since the run started. */
  readonly start: Spread | undefined;
  readonly duration: Spread | undefined;
  /** Of those runs that are each of one clock. */
  readonly wait: Spread | undefined;
  /** Whether it ever ran by another clock than its run: its starts are not compared then. */
  readonly hasOtherClock: boolean;
}

/** Sums up runs of a plan, in whatever order they come. Pure; never fails, whatever the traces hold. */
export function baselineOf(runs: readonly Run[]): Baseline {
  const measured = runs.filter(({ span }) => span !== undefined).map((run) => measureRun(run));
  const steps = Map.groupBy(
    measured.flatMap((run) => [...run.steps]),
    ([key]) => key,
  );
  const tools = Map.groupBy(
    measured.flatMap(({ totals }) => [...totals.toolNs]),
    ([toolId]) => toolId,
  );
  const summed = [...steps].map(([key, same]) => [key, sumUp(same.map(([, step]) => step))] as const);
  return {
    runs: measured.length,
    unended: runs.length - measured.length,
    succeeded: measured.filter(({ run }) => run.outcome === 'success').length,
    duration: spreadOf(measured.flatMap(({ totals }) => totals.durationNs ?? [])),
    criticalPath: spreadOf(measured.flatMap(({ totals }) => totals.criticalPathNs ?? [])),
    wait: spreadOf(measured.flatMap(({ totals, analysis }) => (hasOneClock(analysis.facts) ? totals.waitNs : []))),
    steps: new Map(summed.toSorted(([a, one], [b, two]) => byName(one, two) || (a < b ? -1 : 1))),
    tools: new Map([...tools].map(([toolId, same]) => [toolId, spreadOf(same.map(([, ns]) => ns))!])),
    newest: newestOf(measured),
  };
}

/** In a sentence: `the median of 20 runs`, `the one run before`. */
export function nameBaseline({ runs }: Baseline): string {
  return runs === 1 ? 'the one run before' : `the median of ${runs} runs`;
}

/** @param steps the same one of several runs; one at least */
function sumUp(steps: readonly MeasuredStep[]): StepBaseline {
  const { toolId, iteration } = steps[0]!;
  const ran = steps.filter(({ outcome }) => outcome !== 'skip');
  return {
    toolId,
    iteration,
    ran: ran.length,
    failed: ran.filter(({ outcome }) => isFailing(outcome)).length,
    skipped: steps.length - ran.length,
    start: spreadOf(ran.map(({ startNs }) => startNs)),
    duration: spreadOf(ran.map(({ durationNs }) => durationNs)),
    wait: spreadOf(ran.flatMap(({ waitNs }) => waitNs ?? [])),
    hasOtherClock: ran.some(({ hasOtherClock }) => hasOtherClock),
  };
}

function spreadOf(valuesNs: readonly number[]): Spread | undefined {
  if (valuesNs.length === 0) return undefined;
  const sorted = valuesNs.toSorted((a, b) => a - b);
  return { median: medianOf(sorted) / 1e6, min: sorted[0]! / 1e6, max: sorted.at(-1)! / 1e6 };
}

function newestOf(measured: readonly MeasuredRun[]): Run | undefined {
  let newest: Run | undefined;
  for (const { run } of measured) {
    const isLater = !newest || run.startNs > newest.startNs;
    // Of two at the same time any will do, but always the same.
    if (isLater || (run.startNs === newest?.startNs && rankOf(run) > rankOf(newest))) newest = run;
  }
  return newest;
}

function rankOf({ traceId, runId }: Run): string {
  return `${traceId} ${runId}`;
}
