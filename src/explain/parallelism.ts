import { busyTimeOf, intervalsOf, type Ordered, peakOf, thoseThatRan } from './concurrency.ts';
import type { RunFacts } from './facts.ts';
import type { StepGraph } from './step-graph.ts';
import type { Waits } from './waits.ts';

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

export function measureParallelism(graph: StepGraph, waits: Waits, clockNs: number): Parallelism {
  return measure(thoseThatRan(graph), graph, waits, clockNs);
}

/** The groups of the plan of which something ran. */
export function measureGroups({ plan, clockNs }: RunFacts, graph: StepGraph, waits: Waits): GroupParallelism[] {
  const declared = new Int32Array(plan.groupCount);
  for (const group of plan.groupOf) declared[group]! += 1;
  const { byStart, byEnd } = thoseThatRan(graph);
  const started = divide(byStart, graph, plan);
  const ended = divide(byEnd, graph, plan);
  return started.flatMap((steps, groupIndex) => {
    if (steps.length === 0) return [];
    const place = { groupIndex, declared: declared[groupIndex]!, steps };
    return Object.assign(place, measure({ byStart: steps, byEnd: ended[groupIndex]! }, graph, waits, clockNs));
  });
}

/** The steps of each group, in the order that they have. */
function divide(steps: Int32Array, graph: StepGraph, plan: RunFacts['plan']): number[][] {
  const groups: number[][] = Array.from({ length: plan.groupCount }, () => []);
  for (const step of steps) {
    const { tool } = graph.steps[step]!;
    if (tool >= 0) groups[plan.groupOf[tool]!]!.push(step);
  }
  return groups;
}

function measure(ordered: Ordered, graph: StepGraph, { possibleStart }: Waits, clockNs: number): Parallelism {
  let workNs = 0;
  for (let at = 0; at < ordered.byStart.length; at += 1) workNs += graph.duration[ordered.byStart[at]!]!;
  const busyNs = busyTimeOf(intervalsOf(ordered, graph, 0));
  // Only of steps that last longer than the clock may be off is it known what ran at once.
  const peak = peakOf(intervalsOf(ordered, graph, -clockNs));
  const possiblePeak = Math.max(peak, peakOf(intervalsOf(ordered, graph, -clockNs, possibleStart)));
  return { workNs, busyNs, achieved: busyNs > 0 ? workNs / busyNs : 0, peak, possiblePeak };
}
