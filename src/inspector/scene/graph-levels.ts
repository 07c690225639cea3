/** Who follows whom: the followers of `v` are `next` from `start[v]` to `start[v + 1]`. */
export interface Adjacency {
  readonly start: Int32Array;
  readonly next: Int32Array;
}

export function readAdjacency(size: number, from: Int32Array, to: Int32Array): Adjacency {
  const start = new Int32Array(size + 1);
  for (const vertex of from) start[vertex + 1]! += 1;
  for (let vertex = 0; vertex < size; vertex += 1) start[vertex + 1]! += start[vertex]!;
  const free = start.slice();
  const next = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge += 1) next[free[from[edge]!]!++] = to[edge]!;
  return { start, next };
}

/**
 * The level of each vertex: one more than the highest before it, by the longest path. Edges that close a cycle, looked for from the first
 * vertex on, do not count.
 *
 * @param given levels that stand; -1 for those to find
 */
export function findLevels(given: Int32Array, followers: Adjacency): Int32Array {
  const { order, place } = topologicalOrder(followers);
  const levels = given.map((level) => Math.max(0, level));
  for (const vertex of order) {
    for (let edge = followers.start[vertex]!; edge < followers.start[vertex + 1]!; edge += 1) {
      const follower = followers.next[edge]!;
      if (given[follower]! >= 0 || place[follower]! <= place[vertex]!) continue;
      levels[follower] = Math.max(levels[follower]!, levels[vertex]! + 1);
    }
  }
  return levels;
}

/** Every vertex before its followers, but for cycles: in reverse of the order in which a search in depth leaves them (Tarjan 1976). */
function topologicalOrder({ start, next }: Adjacency): { order: Int32Array; place: Int32Array } {
  const size = start.length - 1;
  const order = new Int32Array(size);
  const place = new Int32Array(size);
  const isSeen = new Uint8Array(size);
  const edge = start.slice();
  const path: number[] = [];
  let free = size;
  for (let root = 0; root < size; root += 1) {
    if (isSeen[root]) continue;
    isSeen[root] = 1;
    path.push(root);
    while (path.length > 0) {
      const vertex = path.at(-1)!;
      if (edge[vertex]! < start[vertex + 1]!) {
        const follower = next[edge[vertex]!++]!;
        if (isSeen[follower]) continue;
        isSeen[follower] = 1;
        path.push(follower);
      } else {
        path.pop();
        free -= 1;
        order[free] = vertex;
        place[vertex] = free;
      }
    }
  }
  return { order, place };
}
