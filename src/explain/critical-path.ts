import type { Graph } from '../graph.ts';

/** When every node could start and had to end, and the chain that decides how long it all takes. */
export class CriticalPath {
  /** How long it takes at least: the length of the longest chain. */
  readonly length: number;
  /** The nodes of the longest chain, in order. Of chains that are equally long, the one whose last node comes first. */
  readonly path: readonly number[];
  /** The length of the longest chain that leads to each node, itself not counted: its earliest start. */
  readonly earliest: Float64Array;
  readonly #slackOf: () => Float64Array;
  #slack: Float64Array | undefined;

  constructor(length: number, path: readonly number[], earliest: Float64Array, slackOf: () => Float64Array) {
    this.length = length;
    this.path = path;
    this.earliest = earliest;
    this.#slackOf = slackOf;
  }

  /** How much longer each node could take before all of it does. 0 on the path. */
  get slack(): Float64Array {
    return (this.#slack ??= this.#slackOf());
  }
}

/**
 * The critical path method (Kelley and Walker 1959): a forward pass for the earliest starts, a backward pass for the slack. Exact where
 * the weights are whole numbers below 2^53.
 *
 * @param weights how long each node takes
 * @param order every node after what it needs
 */
export function findCriticalPath(needs: Graph, order: Int32Array, weights: Float64Array): CriticalPath {
  const { size, start } = needs;
  const earliest = new Float64Array(size);
  const from = new Int32Array(size).fill(-1);
  let length = 0;
  let last = -1;
  for (let place = 0; place < size; place += 1) {
    const node = order[place]!;
    for (let edge = start[node]!; edge < start[node + 1]!; edge += 1) {
      const needed = needs.needs[edge]!;
      const end = earliest[needed]! + weights[needed]!;
      if (from[node]! < 0 || end > earliest[node]!) {
        earliest[node] = end;
        from[node] = needed;
      }
    }
    const end = earliest[node]! + weights[node]!;
    if (last < 0 || end > length || (end === length && weights[node]! > 0 && weights[last] === 0)) {
      length = end;
      last = node;
    }
  }
  const path: number[] = [];
  for (let node = last; node >= 0; node = from[node]!) path.push(node);
  return new CriticalPath(length, path.toReversed(), earliest, () => slackOf(needs, order, weights, earliest, length));
}

/**
 * The length of the longest chain alone.
 *
 * @param needsOf the graph that has what a node needs: the same nodes in each
 */
export function longestChain(needsOf: (node: number) => Graph, order: Int32Array, weights: Float64Array): number {
  const ends = new Float64Array(order.length);
  let length = 0;
  for (const node of order) {
    const { start, needs } = needsOf(node);
    const from = start[node]!;
    const to = start[node + 1]!;
    let earliest = from < to ? ends[needs[from]!]! : 0;
    for (let edge = from + 1; edge < to; edge += 1) earliest = Math.max(earliest, ends[needs[edge]!]!);
    const end = earliest + weights[node]!;
    ends[node] = end;
    length = Math.max(length, end);
  }
  return length;
}

function slackOf(
  needs: Graph,
  order: Int32Array,
  weights: Float64Array,
  earliest: Float64Array,
  length: number,
): Float64Array {
  const { size, start } = needs;
  const latestEnd = new Float64Array(size).fill(length);
  const slack = new Float64Array(size);
  for (let place = size - 1; place >= 0; place -= 1) {
    const node = order[place]!;
    const latestStart = latestEnd[node]! - weights[node]!;
    slack[node] = latestStart - earliest[node]!;
    for (let edge = start[node]!; edge < start[node + 1]!; edge += 1) {
      const needed = needs.needs[edge]!;
      if (latestStart < latestEnd[needed]!) latestEnd[needed] = latestStart;
    }
  }
  return slack;
}

/**
 * For each node of the path the length of the longest chain that does not hold it: how long all of it would take without that node. (No
 * other node matters: without it the path is still there.) A chain without a node has an edge that passes over the node in the topological
 * order; so every edge raises the nodes that it passes over to the longest chain through it.
 */
export function lengthsWithout(
  needs: Graph,
  order: Int32Array,
  weights: Float64Array,
  { length, path, earliest, slack }: CriticalPath,
): Float64Array {
  const { size, start } = needs;
  const place = new Int32Array(size);
  for (let at = 0; at < size; at += 1) place[order[at]!] = at;
  // How many nodes of the path stand before each place.
  const before = new Int32Array(size + 1);
  for (const node of path) before[place[node]! + 1] = 1;
  for (let at = 0; at < size; at += 1) before[at + 1]! += before[at]!;

  const highest = new RangeMaximum(path.length);
  const passOver = (from: number, to: number, chain: number): void =>
    highest.raise(before[from + 1]!, before[to]!, chain);
  const isNeeded = new Uint8Array(size);
  for (let node = 0; node < size; node += 1) {
    const through = length - slack[node]!;
    const rest = through - earliest[node]!;
    for (let edge = start[node]!; edge < start[node + 1]!; edge += 1) {
      const needed = needs.needs[edge]!;
      isNeeded[needed] = 1;
      passOver(place[needed]!, place[node]!, earliest[needed]! + weights[needed]! + rest);
    }
    if (start[node] === start[node + 1]) passOver(-1, place[node]!, through);
  }
  for (let node = 0; node < size; node += 1)
    if (isNeeded[node] === 0) passOver(place[node]!, size, length - slack[node]!);
  return highest.values();
}

/** Values that are raised range by range and read at the end: a sparse table, filled from the top. */
class RangeMaximum {
  readonly #size: number;
  /** By level: the value of the range of 2^level that starts at each place. */
  readonly #levels: Float64Array[] = [];

  constructor(size: number) {
    this.#size = size;
    for (let width = 1; width <= size; width *= 2) this.#levels.push(new Float64Array(size));
  }

  /** Raises the values from `from` on and before `to` to at least `value`. */
  raise(from: number, to: number, value: number): void {
    if (from >= to) return;
    const level = 31 - Math.clz32(to - from);
    const values = this.#levels[level]!;
    const second = to - (1 << level);
    if (values[from]! < value) values[from] = value;
    if (values[second]! < value) values[second] = value;
  }

  values(): Float64Array {
    for (let level = this.#levels.length - 1; level > 0; level -= 1) {
      const half = 1 << (level - 1);
      const below = this.#levels[level - 1]!;
      this.#levels[level]!.forEach((value, at) => {
        if (value > below[at]!) below[at] = value;
        if (at + half < this.#size && value > below[at + half]!) below[at + half] = value;
      });
    }
    return this.#levels[0] ?? new Float64Array(0);
  }
}
