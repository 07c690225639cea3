import { type Graph, layerGraph } from '../graph.ts';
import { ran, type RunFacts, type StepFacts } from './facts.ts';
import { Passes } from './passes.ts';

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
  /** Whether some of what steps needed is missing, because loops were too many and too long to follow. */
  readonly isPartial: boolean;
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
 * Connects the steps of a run. Of a tool that ran several times, the pass counts that the step links to, else the one that ended last before it started. Linear but for
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
  const passes = new Passes(facts, start, end);
  const previous = serialOrder && plan.isSerial ? passes.previous() : undefined;
  const early: EarlyStart[] = [];
  /** Whether a dependency is enough for a step that joins any: it succeeded, in its last pass where the step is behind its loop. */
  const isEnough = (needed: number, step: number): boolean =>
    steps[needed]!.outcome === 'success' && (passes.isLast(needed) || passes.isRepeated(steps[step]!.tool));
  /** Of two dependencies the one that let a step start: the first that was enough, else the first that ended. */
  const firstToJoin = (a: number, b: number, step: number): number => {
    if (a < 0) return b;
    const [isA, isB] = [isEnough(a, step), isEnough(b, step)];
    return isA === isB ? (end[b]! < end[a]! ? b : a) : isA ? a : b;
  };
  /** Times of two clocks say nothing of each other: what the plan says counts. */
  const endedBefore = (needed: number, step: number): boolean =>
    end[needed]! <= start[step]! + clockNs || steps[needed]!.clock !== steps[step]!.clock;
  const needs = edges(size, (step, add) => {
    const { tool, iteration } = steps[step]!;
    if (tool < 0) return;
    const joinsAny = plan.tools[tool]!.joinsAny === true;
    let [isUnseen, joined, late] = [false, -1, -1];
    for (let edge = plan.needs.start[tool]!; edge < plan.needs.start[tool + 1]!; edge += 1) {
      const needed = plan.needs.needs[edge]!;
      if (!passes.has(needed)) {
        isUnseen = true;
        continue;
      }
      const dependency = passes.before(needed, step);
      if (dependency < 0) continue;
      const hasEnded = endedBefore(dependency, step);
      if (joinsAny && hasEnded) joined = firstToJoin(joined, dependency, step);
      else if (joinsAny) late = late < 0 || end[dependency]! < end[late]! ? dependency : late;
      else if (hasEnded) add(dependency);
      else if (ran(steps[step]!)) early.push({ step, dependency });
    }
    // It did not wait for the others.
    if (joined >= 0) add(joined);
    else if (late >= 0 && ran(steps[step]!)) early.push({ step, dependency: late });
    const addIfEnded = (tool: number): void => {
      const before = passes.before(tool, step);
      if (before >= 0 && endedBefore(before, step)) add(before);
    };
    if (isUnseen) for (const needed of passes.behindUnseen(tool)) addIfEnded(needed);
    if (previous && previous[tool]! >= 0) addIfEnded(previous[tool]!);
    const last = iteration > 1 ? passes.lastOfPass(tool, step) : -1;
    if (last >= 0) add(last);
  });
  const byStart = orderBy(start);
  const order = orderNodes(needs, byStart);
  const sound = order ? { needs, order } : forwardsOnly(needs, start, end);
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
    isPartial: passes.isExhausted,
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

function forwardsOnly(needs: Graph, start: Float64Array, end: Float64Array): Pick<StepGraph, 'needs' | 'order'> {
  const forwards = forwardsInTime(needs, start, end);
  return { needs: forwards, order: layerGraph(forwards).order };
}

/** The edges that lead from an earlier step to a later one: a cycle has at least one that does not. */
export function forwardsInTime({ size, start: from, needs }: Graph, start: Float64Array, end: Float64Array): Graph {
  const isBefore = (a: number, b: number): boolean =>
    start[a] !== start[b] ? start[a]! < start[b]! : end[a] !== end[b] ? end[a]! < end[b]! : a < b;
  return edges(size, (step, add) => {
    for (let edge = from[step]!; edge < from[step + 1]!; edge += 1) if (isBefore(needs[edge]!, step)) add(needs[edge]!);
  });
}
