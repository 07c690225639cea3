import type { GraphInput } from './graph-input.ts';

/**
 * What is drawn of a graph. A vertex is a node, by its index, or a collapsed group: the number of nodes plus its index. A unit is a vertex
 * that is moved as a whole: a node with all that it called, or a collapsed group.
 */
export interface GraphParts {
  readonly nodeCount: number;
  readonly groupCount: number;
  /** Of each node; what a node called is in the group of that one. */
  readonly groupOf: Int32Array;
  /** As the input has it. */
  readonly firstPassOf: Int32Array;
  /** How many nodes are above a node, of those that called each other. */
  readonly depthOf: Int32Array;
  readonly isCollapsed: Uint8Array;
  readonly vertexOf: Int32Array;
  /** Of each node the vertex that it is moved with. */
  readonly unitOf: Int32Array;
  /** Of each vertex that is a unit: how many rows it needs. 0 for the others. */
  readonly rowsOf: Int32Array;
  /** How many rows below the top of its unit a node is. */
  readonly rowInUnit: Int32Array;
}

export function readParts(input: GraphInput): GraphParts {
  const nodeCount = input.groupOf.length;
  const { groupCount, firstPassOf } = input;
  const isCollapsed = new Uint8Array(groupCount);
  for (const group of input.collapsed) if (group >= 0 && group < groupCount) isCollapsed[group] = 1;
  const groupOf = new Int32Array(nodeCount).fill(-1);
  const depthOf = new Int32Array(nodeCount);
  const vertexOf = new Int32Array(nodeCount);
  const unitOf = new Int32Array(nodeCount);
  const rowsOf = new Int32Array(nodeCount + groupCount);
  const children = new Children(input.parentOf);
  for (let node = 0; node < nodeCount; node += 1) {
    const parent = children.parentOf(node);
    const given = input.groupOf[node]!;
    if (parent >= 0) groupOf[node] = groupOf[parent]!;
    else if (given >= 0 && given < groupCount) groupOf[node] = given;
    const group = groupOf[node]!;
    const box = group >= 0 && isCollapsed[group] === 1 ? nodeCount + group : -1;
    depthOf[node] = parent < 0 ? 0 : depthOf[parent]! + 1;
    vertexOf[node] = box < 0 ? node : box;
    unitOf[node] = box < 0 && parent >= 0 ? unitOf[parent]! : vertexOf[node]!;
    if (box < 0) rowsOf[unitOf[node]!]! += 1;
  }
  for (let group = 0; group < groupCount; group += 1) rowsOf[nodeCount + group] = isCollapsed[group]!;
  const rowInUnit = children.rows();
  return { nodeCount, groupCount, groupOf, firstPassOf, depthOf, isCollapsed, vertexOf, unitOf, rowsOf, rowInUnit };
}

/** Those that were called by each node, in order. */
class Children {
  readonly #parents: Int32Array;

  constructor(parents: Int32Array) {
    this.#parents = parents;
  }

  parentOf(node: number): number {
    const parent = this.#parents[node] ?? -1;
    return parent >= 0 && parent < node ? parent : -1;
  }

  /** Each node below its caller, after all that an earlier callee of that one called. */
  rows(): Int32Array {
    const size = this.#parents.length;
    const descendants = new Int32Array(size);
    for (let node = size - 1; node >= 0; node -= 1) {
      const parent = this.parentOf(node);
      if (parent >= 0) descendants[parent]! += descendants[node]! + 1;
    }
    const rows = new Int32Array(size);
    const next = new Int32Array(size);
    for (let node = 0; node < size; node += 1) {
      const parent = this.parentOf(node);
      if (parent < 0) continue;
      rows[node] = rows[parent]! + 1 + next[parent]!;
      next[parent]! += descendants[node]! + 1;
    }
    return rows;
  }
}

/** Edges, each pair of ends once. */
export interface MergedEdges {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Of each edge of the input the one that it became; -1 where there is none. */
  readonly edgeOf: Int32Array;
}

/**
 * Makes one edge of all that lead from the same to the same.
 *
 * @param endOf what stands for each node
 * @param isHidden whether edges from it to itself are left out
 */
export function mergeEdges(
  { from: starts, to: stops }: Pick<GraphInput, 'from' | 'to'>,
  endOf: Int32Array,
  isHidden: (end: number) => boolean,
): MergedEdges {
  const ends = endOf.reduce((most, end) => Math.max(most, end), 0) + 1;
  const seen = new Map<number, number>();
  const from: number[] = [];
  const to: number[] = [];
  const edgeOf = Int32Array.from(starts, (start, edge) => {
    const [a, b] = [endOf[start], endOf[stops[edge] ?? -1]];
    if (a === undefined || b === undefined || (a === b && isHidden(a))) return -1;
    const pair = a * ends + b;
    const known = seen.get(pair);
    if (known !== undefined) return known;
    seen.set(pair, from.length);
    from.push(a);
    return to.push(b) - 1;
  });
  return { from: Int32Array.from(from), to: Int32Array.from(to), edgeOf };
}
