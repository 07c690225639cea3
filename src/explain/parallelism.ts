import { busyTimeOf, intervalsOf, type Ordered, peakOf, thoseThatRan } from './concurrency.ts';
import type { RunFacts } from './facts.ts';
import type { StepGraph } from './step-graph.ts';
import type { Waits } from './waits.ts';

/** How much ran at once of some steps. Times in nanoseconds, each number computed when it is asked for. */
export class Parallelism {
  readonly #ordered: Ordered;
  readonly #graph: StepGraph;
  readonly #waits: Waits;
  readonly #clockNs: number;

  constructor(ordered: Ordered, graph: StepGraph, waits: Waits, clockNs: number) {
    this.#ordered = ordered;
    this.#graph = graph;
    this.#waits = waits;
    this.#clockNs = clockNs;
  }

  /** What the steps took, added up. */
  get workNs(): number {
    let workNs = 0;
    const { byStart } = this.#ordered;
    for (let at = 0; at < byStart.length; at += 1) workNs += this.#graph.duration[byStart[at]!]!;
    return workNs;
  }

  /** How long at least one of them ran. */
  get busyNs(): number {
    return busyTimeOf(intervalsOf(this.#ordered, this.#graph, 0));
  }

  /** How many ran at once on average while any did; 0 where none lasted longer than the clock may be off. */
  get achieved(): number {
    const certain = intervalsOf(this.#ordered, this.#graph, -this.#clockNs);
    const busyNs = busyTimeOf(certain);
    let workNs = 0;
    for (let at = 0; at < certain.ends.length; at += 1) workNs += certain.ends[at]! - certain.starts[at]!;
    return busyNs > 0 ? workNs / busyNs : 0;
  }

  /** Most that ran at once, of those that lasted longer than the clock may be off. */
  get peak(): number {
    return peakOf(intervalsOf(this.#ordered, this.#graph, -this.#clockNs));
  }

  /** Most that had all they needed, running or not. */
  get possiblePeak(): number {
    const { possibleStart } = this.#waits;
    return Math.max(this.peak, peakOf(intervalsOf(this.#ordered, this.#graph, -this.#clockNs, possibleStart)));
  }
}

/** What ran at once in a group of the plan, beside what the plan says of it. */
export interface GroupParallelism {
  readonly groupIndex: number;
  /** How many tools the plan lets run at once here. */
  readonly declared: number;
  /** The steps of it that ran, by start. */
  readonly steps: readonly number[];
  readonly parallelism: Parallelism;
}

/** All steps that ran. */
export function measureRun(graph: StepGraph, waits: Waits, clockNs: number): Parallelism {
  return new Parallelism(thoseThatRan(graph), graph, waits, clockNs);
}

/** The groups of the plan of which something ran. */
export function measureGroups({ plan, clockNs }: RunFacts, graph: StepGraph, waits: Waits): GroupParallelism[] {
  const declared = new Int32Array(plan.groupCount);
  for (const group of plan.groupOf) declared[group]! += 1;
  const { byStart, byEnd } = thoseThatRan(graph);
  const started = divide(byStart, graph, plan);
  const ended = divide(byEnd, graph, plan);
  return started.flatMap((steps, group) => {
    if (steps.length === 0) return [];
    const parallelism = new Parallelism({ byStart: steps, byEnd: ended[group]! }, graph, waits, clockNs);
    return { groupIndex: plan.groupIndexes[group]!, declared: declared[group]!, steps, parallelism };
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
