import { ran, type RunFacts } from './facts.ts';
import type { StepGraph } from './step-graph.ts';
import { peakOf, walk, type Waits } from './waits.ts';

/** How much ran at once, of a run or of one group. Times in nanoseconds. */
export interface Parallelism {
  /** What its steps took, added up. */
  readonly workNs: number;
  /** How long at least one of them ran. */
  readonly busyNs: number;
  /** `workNs / busyNs`: how many ran at once on average while any did; 0 where none took any time. */
  readonly achieved: number;
  /** Most that ran at once. */
  readonly peak: number;
  /** Most that had all they needed, running or not. */
  readonly possiblePeak: number;
}

/** What ran at once in a group of the plan, beside what the plan says of it. */
export interface GroupParallelism extends Parallelism {
  readonly groupIndex: number;
  /** How many tools the plan lets run at once here. */
  readonly declared: number;
  /** How many steps of it ran. */
  readonly steps: readonly number[];
}

export function measureParallelism(
  facts: RunFacts,
  graph: StepGraph,
  waits: Waits,
  only?: readonly number[],
): Parallelism {
  const { steps, start, end, duration } = graph;
  const { clockNs } = facts;
  const chosen = (only ?? steps.map((_, step) => step)).filter((step) => ran(steps[step]!));
  const starts = Float64Array.from(chosen, (step) => start[step]!).toSorted();
  const ends = Float64Array.from(chosen, (step) => end[step]!).toSorted();
  let [workNs, busyNs, running, since] = [0, 0, 0, 0];
  for (const step of chosen) workNs += duration[step]!;
  walk(starts, ends, (change, at) => {
    if (change === 1 && running++ === 0) since = at;
    else if (change === -1 && --running === 0) busyNs += at - since;
  });
  const long = chosen.filter((step) => duration[step]! > clockNs);
  const readyAt = (step: number): number => {
    const reason = waits.reason[step];
    // Without any other reason its wait is the event loop's, or the clock's.
    return start[step]! - (reason === undefined || reason === 'dependency' ? 0 : waits.ns[step]!);
  };
  return {
    workNs,
    busyNs,
    achieved: busyNs > 0 ? workNs / busyNs : 0,
    peak: peakOf(long, (step) => start[step]!, end, clockNs),
    possiblePeak: peakOf(long, readyAt, end, clockNs),
  };
}

/** The groups of the plan of which something ran. */
export function measureGroups(facts: RunFacts, graph: StepGraph, waits: Waits): GroupParallelism[] {
  const { plan } = facts;
  const declared = new Int32Array(plan.groupCount);
  for (const group of plan.groupOf) declared[group]! += 1;
  const members: number[][] = Array.from({ length: plan.groupCount }, () => []);
  for (const [step, facts] of graph.steps.entries()) {
    if (facts.tool >= 0 && ran(facts)) members[plan.groupOf[facts.tool]!]!.push(step);
  }
  return members.flatMap((steps, groupIndex) => {
    if (steps.length === 0) return [];
    const place = { groupIndex, declared: declared[groupIndex]!, steps };
    return Object.assign(place, measureParallelism(facts, graph, waits, steps));
  });
}
