import type { Outcome } from '../../semconv.ts';
import { Analysis } from '../analysis.ts';
import { hasOneClock, ran } from '../facts.ts';
import { factsOfRun } from '../facts-of-run.ts';
import type { Run } from '../read/run.ts';

/** What a run took, in nanoseconds: what it can be held to. */
export interface Totals {
  /** Undefined as long as no end of the run arrived. */
  readonly durationNs: number | undefined;
  /** The longest chain of steps that need each other. Undefined where it is not certain: see {@link Analysis.isWhole}. */
  readonly criticalPathNs: number | undefined;
  /** What its steps waited after they had all they need, added up. */
  readonly waitNs: number;
  /** What the steps of each tool took, added up; 0 for one that was skipped. */
  readonly toolNs: ReadonlyMap<string, number>;
}

/** How what has not ended stands: it goes on, or its process died. */
export type Standing = 'running' | 'interrupted';

/** What of a run has not ended. */
export interface LiveRun {
  /** Undefined for a run that has ended, and where nobody knows. */
  readonly standing: Standing | undefined;
  /** Spans by id, whose ends are those that were known last. */
  readonly open: ReadonlyMap<string, Standing>;
}

/** A step as it is held against that of another run. Skips take no time. */
export interface MeasuredStep {
  readonly toolId: string;
  readonly iteration: number;
  readonly outcome: Outcome | undefined;
  readonly attempts: number;
  /** Since its run started. */
  readonly startNs: number;
  readonly durationNs: number;
  /** Undefined in a run of several clocks, which do not tell it. */
  readonly waitNs: number | undefined;
  /** Whether its times are of another clock than those of its run: its start says nothing then. */
  readonly hasOtherClock: boolean;
  /** Undefined for one that has ended: what others took so far is not compared. */
  readonly standing: Standing | undefined;
}

/** A run as it is held against others. */
export interface MeasuredRun {
  readonly run: Run;
  readonly analysis: Analysis;
  readonly standing: Standing | undefined;
  readonly totals: Totals;
  /** Steps directly of the run that ran or were skipped, by their identity: tool, iteration, and a number for those that have both in common. */
  readonly steps: ReadonlyMap<string, MeasuredStep>;
  /** The identity of each step of the analysis. */
  readonly keys: readonly string[];
}

/** @param live what of it has not ended; default nothing that is known of */
export function measureRun(run: Run, live?: LiveRun): MeasuredRun {
  const analysis = new Analysis(factsOfRun(run));
  const { facts, graph, waits } = analysis;
  const keys: string[] = Array.from({ length: facts.steps.length }, () => '');
  const steps = new Map<string, MeasuredStep>();
  const toolNs = new Map<string, number>();
  const seen = new Map<string, number>();
  const isOfOneClock = hasOneClock(facts);
  let waitNs = 0;
  let { isWhole } = analysis;
  for (const at of graph.byStart) {
    const step = facts.steps[at]!;
    const { toolId, iteration, outcome, attempts, startNs, clock } = step;
    const name = JSON.stringify([toolId, iteration]);
    const occurrence = (seen.get(name) ?? 0) + 1;
    seen.set(name, occurrence);
    keys[at] = occurrence === 1 ? name : `${name} ${occurrence}`;
    const durationNs = graph.duration[at]!;
    const standing = step.span && live?.open.get(step.span.spanId);
    if (standing) isWhole = false;
    const wait = ran(step) ? waits.ns[at]! : 0;
    steps.set(keys[at], {
      toolId,
      iteration,
      outcome,
      attempts,
      startNs,
      durationNs,
      waitNs: isOfOneClock ? wait : undefined,
      hasOtherClock: clock !== 0,
      standing,
    });
    toolNs.set(toolId, (toolNs.get(toolId) ?? 0) + durationNs);
    waitNs += wait;
  }
  const durationNs = run.span ? facts.durationNs : undefined;
  const criticalPathNs = isWhole && facts.plan.tools.length > 0 ? analysis.criticalPath.length : undefined;
  const totals = { durationNs, criticalPathNs, waitNs, toolNs };
  return { run, analysis, standing: live?.standing, totals, steps, keys };
}
