import type { Block } from './graph-blocks.ts';
import { type Adjacency, readAdjacency } from './graph-levels.ts';
import type { GraphParts, MergedEdges } from './graph-parts.ts';
import { NODE_HEIGHT, ROW_GAP, ROW_PITCH } from './graph-sizes.ts';

/** Where units stand in their blocks. */
export interface Places {
  readonly blockOf: Int32Array;
  readonly column: Int32Array;
  readonly row: Int32Array;
  /** Middle of the unit's first row; blocks are centred at 0. */
  readonly middle: Float64Array;
}

const SWEEPS = 6;

/**
 * Orders the units of each block so that edges are short: by the middle of what they need, then of what needs them, in turn (barycentre method of
 * Sugiyama, Tagawa and Toda 1981). Of all that were tried the one with the shortest edges stays; the given order is the first. Passes of a tool
 * stay in their order.
 */
export function orderUnits(blocks: readonly Block[], parts: GraphParts, edges: MergedEdges): Places {
  const vertices = parts.nodeCount + parts.groupCount;
  const toUnit = (vertex: number): number => parts.unitOf[vertex] ?? vertex;
  const [from, to] = [edges.from.map(toUnit), edges.to.map(toUnit)];
  const [needs, followers] = [readAdjacency(vertices, to, from), readAdjacency(vertices, from, to)];
  const places: Places = {
    blockOf: new Int32Array(vertices),
    column: new Int32Array(vertices),
    row: new Int32Array(vertices),
    middle: new Float64Array(vertices),
  };
  for (const [index, block] of blocks.entries()) {
    for (const unit of block.units) places.blockOf[unit] = index;
    fillBlock(block, parts, places);
  }
  const heightOf = (): number =>
    from.reduce((sum, unit, edge) => sum + Math.abs(places.middle[unit]! - places.middle[to[edge]!]!), 0);
  let least = heightOf();
  let best = blocks.map(({ units }) => units);
  const reversed = blocks.toReversed();
  for (let sweep = 0; sweep < SWEEPS && least > 0; sweep += 1) {
    const isForward = sweep % 2 === 0;
    for (const block of isForward ? blocks : reversed) sortBlock(block, isForward ? needs : followers, parts, places);
    const height = heightOf();
    if (height >= least) continue;
    least = height;
    best = blocks.map(({ units }) => units);
  }
  for (const [index, block] of blocks.entries()) {
    block.units = best[index]!;
    fillBlock(block, parts, places);
  }
  return places;
}

function sortBlock(block: Block, neighbours: Adjacency, parts: GraphParts, places: Places): void {
  if (block.units.length < 2) return;
  const wanted = new Map(block.units.map((unit) => [unit, wantedMiddle(unit, neighbours, places)]));
  const firstPassOf = (unit: number): number => parts.firstPassOf[unit] ?? unit;
  const passes = new Map(
    Array.from(Map.groupBy(block.units, firstPassOf), ([first, units]) => [first, units.values()]),
  );
  block.units = block.units
    .toSorted((a, b) => wanted.get(a)! - wanted.get(b)! || a - b)
    .map((unit) => passes.get(firstPassOf(unit))!.next().value!);
  fillBlock(block, parts, places);
}

/** The middle of its neighbours in other blocks; its own where it has none. */
function wantedMiddle(unit: number, { start, next }: Adjacency, { blockOf, middle }: Places): number {
  let [sum, count] = [0, 0];
  for (let edge = start[unit]!; edge < start[unit + 1]!; edge += 1) {
    const neighbour = next[edge]!;
    if (blockOf[neighbour] === blockOf[unit]) continue;
    sum += middle[neighbour]!;
    count += 1;
  }
  return count === 0 ? middle[unit]! : sum / count;
}

/** Puts each unit in turn below the shortest column. */
function fillBlock(block: Block, { rowsOf }: GraphParts, { column, row, middle }: Places): void {
  const used = new Int32Array(block.columns);
  for (const unit of block.units) {
    let shortest = 0;
    for (let at = 1; at < used.length; at += 1) if (used[at]! < used[shortest]!) shortest = at;
    column[unit] = shortest;
    row[unit] = used[shortest]!;
    used[shortest]! += rowsOf[unit]!;
  }
  block.rows = Math.max(...used);
  const top = -(block.rows * ROW_PITCH - ROW_GAP) / 2;
  for (const unit of block.units) middle[unit] = block.isBox ? 0 : top + row[unit]! * ROW_PITCH + NODE_HEIGHT / 2;
}
