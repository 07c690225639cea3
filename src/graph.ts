/** The tools of a plan as numbers: a tool is its position in the plan. Linear in tools + edges, without recursion. */
export interface Graph {
  readonly size: number;
  /** Where the dependencies of each tool start in `needs`; one entry longer than the plan. */
  readonly start: Int32Array;
  /** The dependencies, in the plan's order. */
  readonly needs: Int32Array;
}

/** What a graph is read from; an entry that is undefined is passed over (a plan with faults). */
export interface GraphTool {
  readonly tool_id: string | undefined;
  readonly depends_on: readonly (string | undefined)[];
}

/** Where a graph's tools stand: {@link layerGraph}. */
export interface Layers {
  /** Topological order: Kahn (1962), first in first out, ties by declaration. Only the first `placed` entries count. */
  readonly order: Int32Array;
  /** 0 without dependencies, else one more than the highest among the dependencies. */
  readonly level: Int32Array;
  /** How many levels there are. */
  readonly depth: number;
  /** Less than the size when there is a cycle. */
  readonly placed: number;
}

/** Positions by id; of duplicates the first. */
export function indexTools(tools: readonly GraphTool[]): Map<string, number> {
  const index = new Map<string, number>();
  for (let i = 0; i < tools.length; i += 1) {
    const id = tools[i]!.tool_id;
    if (id !== undefined && !index.has(id)) index.set(id, i);
  }
  return index;
}

/**
 * Reads the edges.
 *
 * @param refuse told of each edge that is left out: to an unknown id, or to the tool itself
 */
export function readGraph(
  tools: readonly GraphTool[],
  index: ReadonlyMap<string, number>,
  refuse: (tool: number, edge: number) => void,
): Graph {
  const size = tools.length;
  const start = new Int32Array(size + 1);
  let edges = 0;
  for (let i = 0; i < size; i += 1) edges += tools[i]!.depends_on.length;
  const needs = new Int32Array(edges);
  let filled = 0;
  for (let i = 0; i < size; i += 1) {
    const ids = tools[i]!.depends_on;
    for (let k = 0; k < ids.length; k += 1) {
      const id = ids[k];
      if (id === undefined) continue;
      const need = index.get(id);
      if (need === undefined || need === i) refuse(i, k);
      else needs[filled++] = need;
    }
    start[i + 1] = filled;
  }
  return { size, start, needs };
}

/** The edges turned round: who depends on each tool, in the order of declaration. */
export function reverseGraph({ size, start, needs }: Graph): Graph {
  const from = new Int32Array(size + 1);
  const edges = start[size]!;
  for (let e = 0; e < edges; e += 1) from[needs[e]! + 1]!++;
  for (let i = 0; i < size; i += 1) from[i + 1]! += from[i]!;
  const next = from.slice();
  const dependants = new Int32Array(edges);
  for (let i = 0; i < size; i += 1) {
    for (let e = start[i]!; e < start[i + 1]!; e += 1) dependants[next[needs[e]!]!++] = i;
  }
  return { size, start: from, needs: dependants };
}

export function layerGraph(graph: Graph): Layers {
  const { size, start } = graph;
  const { start: from, needs: dependants } = reverseGraph(graph);
  const missing = new Int32Array(size);
  const order = new Int32Array(size);
  const level = new Int32Array(size);
  let placed = 0;
  for (let i = 0; i < size; i += 1) {
    missing[i] = start[i + 1]! - start[i]!;
    if (missing[i] === 0) order[placed++] = i;
  }
  for (let head = 0; head < placed; head += 1) {
    const tool = order[head]!;
    const below = level[tool]! + 1;
    for (let e = from[tool]!; e < from[tool + 1]!; e += 1) {
      const dependant = dependants[e]!;
      if (--missing[dependant]! === 0) {
        level[dependant] = below;
        order[placed++] = dependant;
      }
    }
  }
  const depth = placed === 0 ? 0 : level[order[placed - 1]!]! + 1;
  return { order, level, depth, placed };
}

/**
 * Cycles of a graph that has some: at least one of each knot, at most `limit`. Each in run order, from the tool that is
 * declared first: every tool is a dependency of the next, and the last of the first.
 */
export function findCycles({ size, start, needs }: Graph, limit: number): number[][] {
  const cycles: number[][] = [];
  const next = start.slice();
  const state = new Uint8Array(size); // 0 not seen, 1 on the path, 2 done
  const listed = new Uint8Array(size);
  const path: number[] = [];
  for (let root = 0; root < size; root += 1) {
    if (state[root] !== 0) continue;
    path.push(root);
    state[root] = 1;
    while (path.length > 0) {
      const tool = path.at(-1)!;
      if (next[tool]! >= start[tool + 1]!) {
        state[tool] = 2;
        path.pop();
        continue;
      }
      const need = needs[next[tool]!++]!;
      if (state[need] === 0) {
        state[need] = 1;
        path.push(need);
      } else if (state[need] === 1 && !listed[need] && !listed[tool]) {
        const cycle = path.slice(path.lastIndexOf(need)).toReversed();
        for (const member of cycle) listed[member] = 1;
        cycles.push(fromLowest(cycle));
        if (cycles.length === limit) return cycles;
      }
    }
  }
  return cycles;
}

function fromLowest(cycle: readonly number[]): number[] {
  let lowest = 0;
  for (let i = 1; i < cycle.length; i += 1) if (cycle[i]! < cycle[lowest]!) lowest = i;
  return [...cycle.slice(lowest), ...cycle.slice(0, lowest)];
}
