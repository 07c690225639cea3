import { type Graph, layerGraph, reverseGraph } from '../graph.ts';
import { type PlanFacts, ran, type RunFacts, type StepFacts } from './facts.ts';

/** The steps of a run with what each had to wait for by its plan. A step is its position in `steps`. */
export interface StepGraph {
  readonly steps: readonly StepFacts[];
  /** Nanoseconds, as in the facts; the duration of a step that was skipped or ends before it starts is 0. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly duration: Float64Array;
  /** What had to end before each step: its dependencies, the step before in a serial plan, the pass before in a loop. */
  readonly needs: Graph;
  /** Every step after what it needs. */
  readonly order: Int32Array;
  /** Dependencies that did not hold: the step started before they ended. */
  readonly early: readonly EarlyStart[];
}

/** A step that started before one that it needs had ended. */
export interface EarlyStart {
  readonly step: number;
  readonly dependency: number;
}

/** Which edges of a plan count. */
export interface EdgeChoice {
  /** Whether the order of a serial plan counts, beside its dependencies. Default true. */
  readonly serialOrder?: boolean;
}

/**
 * Connects the steps of a run. Of a tool that ran several times, the pass counts that ended last before the step started. Linear but for
 * loops; never fails, whatever the facts say: edges of a plan with a cycle count only forwards in time.
 */
export function connectSteps(facts: RunFacts, { serialOrder = true }: EdgeChoice = {}): StepGraph {
  const { plan, steps, clockNs } = facts;
  const size = steps.length;
  const start = new Float64Array(size);
  const end = new Float64Array(size);
  const duration = new Float64Array(size);
  for (let step = 0; step < size; step += 1) {
    const { startNs, endNs } = steps[step]!;
    start[step] = startNs;
    end[step] = Math.max(startNs, endNs);
    duration[step] = ran(steps[step]!) ? end[step]! - startNs : 0;
  }
  const passes = new Passes(facts, end);
  const early: EarlyStart[] = [];
  const needs = edges(size, (step, add) => {
    const { tool, iteration } = steps[step]!;
    if (tool < 0) return;
    const connect = (needed: number, isDependency: boolean): void => {
      const dependency = passes.before(needed, start[step]! + clockNs, step);
      if (dependency < 0 || dependency === step) return;
      if (end[dependency]! <= start[step]! + clockNs) add(dependency);
      else if (isDependency && ran(steps[step]!)) early.push({ step, dependency });
    };
    const from = plan.needs.start[tool]!;
    const to = plan.needs.start[tool + 1]!;
    for (let edge = from; edge < to; edge += 1) connect(plan.needs.needs[edge]!, true);
    if (serialOrder && plan.isSerial && tool > 0) connect(tool - 1, false);
    if (iteration > 1) for (const last of passes.lastOfPass(tool, start[step]! + clockNs, step)) add(last);
  });
  const layers = layerGraph(needs);
  if (layers.placed === size) return { steps, start, end, duration, needs, order: layers.order, early };

  const forwards = forwardsInTime(needs, start, end);
  return { steps, start, end, duration, needs: forwards, order: layerGraph(forwards).order, early };
}

/** Builds a graph from what each node adds. */
export function edges(size: number, of: (node: number, add: (needed: number) => void) => void): Graph {
  const start = new Int32Array(size + 1);
  const needs: number[] = [];
  const add = (needed: number): void => void needs.push(needed);
  for (let node = 0; node < size; node += 1) {
    of(node, add);
    start[node + 1] = needs.length;
  }
  return { size, start, needs: Int32Array.from(needs) };
}

/** The edges that lead from an earlier step to a later one: a cycle has at least one that does not. */
export function forwardsInTime({ size, start: from, needs }: Graph, start: Float64Array, end: Float64Array): Graph {
  const isBefore = (a: number, b: number): boolean =>
    start[a] !== start[b] ? start[a]! < start[b]! : end[a] !== end[b] ? end[a]! < end[b]! : a < b;
  return edges(size, (step, add) => {
    for (let edge = from[step]!; edge < from[step + 1]!; edge += 1) if (isBefore(needs[edge]!, step)) add(needs[edge]!);
  });
}

/** Finds steps by their tools. */
class Passes {
  /** One step of each tool, else -1; the others follow in `#next`, later ones first. */
  readonly #latest: Int32Array;
  readonly #next: Int32Array;
  readonly #end: Float64Array;
  readonly #plan: PlanFacts;
  #dependants: Graph | undefined;
  readonly #loops = new Map<number, readonly number[]>();
  /** Steps that may still be looked at to find loops: a bound for traces that nobody's loop made. */
  #budget = 2_000_000;

  constructor({ plan, steps }: RunFacts, end: Float64Array) {
    this.#plan = plan;
    this.#end = end;
    this.#latest = new Int32Array(plan.tools.length).fill(-1);
    this.#next = new Int32Array(steps.length).fill(-1);
    for (let step = 0; step < steps.length; step += 1) {
      const { tool } = steps[step]!;
      if (tool < 0) continue;
      this.#next[step] = this.#latest[tool]!;
      this.#latest[tool] = step;
    }
  }

  /** The step of a tool that ended last, not after `atNs`; where there is none the one that ended first; -1 if the tool never ran. */
  before(tool: number, atNs: number, self: number): number {
    let best = this.#latest[tool]!;
    if (best < 0 || this.#next[best]! < 0) return best;
    for (let step = best; step >= 0; step = this.#next[step]!) {
      this.#budget -= 1;
      if (step === self) continue;
      const isBetter =
        best === self ||
        (this.#end[best]! <= atNs
          ? this.#end[step]! <= atNs && this.#end[step]! > this.#end[best]!
          : this.#end[step]! < this.#end[best]!);
      if (isBetter) best = step;
      if (this.#budget < 0) break;
    }
    return best;
  }

  /** What a further pass of a tool came after: the step that ended last, of the tool and of those that need it. */
  lastOfPass(tool: number, atNs: number, self: number): number[] {
    let last = -1;
    for (const member of this.#loopOf(tool)) {
      const step = this.before(member, atNs, self);
      if (step >= 0 && step !== self && this.#end[step]! <= atNs && (last < 0 || this.#end[step]! > this.#end[last]!))
        last = step;
    }
    return last < 0 ? [] : [last];
  }

  /** A tool and all that need it, directly or not. */
  #loopOf(tool: number): readonly number[] {
    const known = this.#loops.get(tool);
    if (known) return known;
    this.#dependants ??= reverseGraph(this.#plan.needs);
    const { start, needs } = this.#dependants;
    const members = [tool];
    const seen = new Set(members);
    for (let head = 0; head < members.length && this.#budget > 0; head += 1) {
      const member = members[head]!;
      for (let edge = start[member]!; edge < start[member + 1]!; edge += 1) {
        this.#budget -= 1;
        if (!seen.has(needs[edge]!)) seen.add(needs[edge]!);
        else continue;
        members.push(needs[edge]!);
      }
    }
    this.#loops.set(tool, members);
    return members;
  }
}
