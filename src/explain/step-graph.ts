import { type Graph, layerGraph, reverseGraph } from '../graph.ts';
import { type PlanFacts, ran, type RunFacts, type StepFacts } from './facts.ts';

/** The steps of a run with what each had to wait for by its plan. A step is its position in `steps`. */
export interface StepGraph {
  readonly steps: readonly StepFacts[];
  /** Nanoseconds, as in the facts; the duration of a step that was skipped or ends before it starts is 0. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly duration: Float64Array;
  /** The steps in the order in which they started, and in which they ended; ties by position. */
  readonly byStart: Int32Array;
  readonly byEnd: Int32Array;
  /**
   * What had to end before each step: its dependencies, the step before in a serial plan, the pass before in a loop. Behind a tool of which
   * there is no step, what that tool needs.
   */
  readonly needs: Graph;
  /** Every step after what it needs. */
  readonly order: Int32Array;
  /** Dependencies that did not hold: the step started before they ended. */
  readonly early: readonly EarlyStart[];
}

/** A step that started before one that it needs had ended. */
interface EarlyStart {
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
  const previous = serialOrder && plan.isSerial ? passes.previous() : undefined;
  const early: EarlyStart[] = [];
  const connect = (step: number, needed: number, isDependency: boolean, add: (needed: number) => void): void => {
    const dependency = passes.before(needed, start[step]! + clockNs, step);
    if (dependency < 0 || dependency === step) return;
    if (end[dependency]! <= start[step]! + clockNs) add(dependency);
    else if (isDependency && ran(steps[step]!)) early.push({ step, dependency });
  };
  const needs = edges(size, (step, add) => {
    const { tool, iteration } = steps[step]!;
    if (tool < 0) return;
    const from = plan.needs.start[tool]!;
    const to = plan.needs.start[tool + 1]!;
    let isUnseen = false;
    for (let edge = from; edge < to; edge += 1) {
      const needed = plan.needs.needs[edge]!;
      if (passes.has(needed)) connect(step, needed, true, add);
      else isUnseen = true;
    }
    if (isUnseen) for (const needed of passes.behindUnseen(tool)) connect(step, needed, false, add);
    if (previous && previous[tool]! >= 0) connect(step, previous[tool]!, false, add);
    if (iteration > 1) for (const last of passes.lastOfPass(tool, start[step]! + clockNs, step)) add(last);
  });
  const byStart = orderBy(start);
  const order = orderNodes(needs, byStart);
  const sound = order ? { needs, order } : orderForwards(forwardsInTime(needs, start, end));
  let byEnd: Int32Array | undefined;
  return {
    steps,
    start,
    end,
    duration,
    byStart,
    get byEnd() {
      return (byEnd ??= orderBy(end));
    },
    ...sound,
    early,
  };
}

/**
 * An order in which every node comes after what it needs; undefined where there is a cycle.
 *
 * @param guess an order that may be one
 */
export function orderNodes(needs: Graph, guess: Int32Array | undefined): Int32Array | undefined {
  if (guess && isOrder(needs, guess)) return guess;
  const { order, placed } = layerGraph(needs);
  return placed === needs.size ? order : undefined;
}

function isOrder({ size, start, needs }: Graph, order: Int32Array): boolean {
  const isPlaced = new Uint8Array(size);
  for (let place = 0; place < size; place += 1) {
    const node = order[place]!;
    for (let edge = start[node]!; edge < start[node + 1]!; edge += 1) if (isPlaced[needs[edge]!] === 0) return false;
    isPlaced[node] = 1;
  }
  return true;
}

/** Positions by value, ties by position. */
function orderBy(values: Float64Array): Int32Array {
  const order = new Int32Array(values.length);
  let isSorted = true;
  for (let at = 0; at < order.length; at += 1) {
    order[at] = at;
    if (at > 0 && values[at]! < values[at - 1]!) isSorted = false;
  }
  if (isSorted) return order;
  // By the sort of lists, which is quick where most is in order already.
  return Int32Array.from(Array.from(order).toSorted((a, b) => values[a]! - values[b]! || a - b));
}

function orderForwards(needs: Graph): Pick<StepGraph, 'needs' | 'order'> {
  return { needs, order: layerGraph(needs).order };
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
  readonly #behind = new Map<number, readonly number[]>();
  /** Steps and edges that may still be looked at to find loops and what is behind lost spans: a bound for traces that nobody's run made. */
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

  has(tool: number): boolean {
    return this.#latest[tool]! >= 0;
  }

  /** For each tool the one before it in the plan that has a step; -1 without one. */
  previous(): Int32Array {
    let last = -1;
    return this.#latest.map((step, tool) => {
      const before = last;
      if (step >= 0) last = tool;
      return before;
    });
  }

  /** What a tool needs by others of which there is no step, because they were not seen: the nearest that have one. */
  behindUnseen(tool: number): readonly number[] {
    const known = this.#behind.get(tool);
    if (known) return known;
    const { start, needs } = this.#plan.needs;
    const found: number[] = [];
    const open = [tool];
    const seen = new Set(open);
    for (let head = 0; head < open.length && this.#budget > 0; head += 1) {
      const from = open[head]!;
      for (let edge = start[from]!; edge < start[from + 1]!; edge += 1) {
        this.#budget -= 1;
        const needed = needs[edge]!;
        if (seen.has(needed)) continue;
        seen.add(needed);
        if (!this.has(needed)) open.push(needed);
        else if (from !== tool) found.push(needed);
      }
    }
    this.#behind.set(tool, found);
    return found;
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
