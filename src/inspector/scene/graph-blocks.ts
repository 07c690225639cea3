import { findLevels, readAdjacency } from './graph-levels.ts';
import type { GraphParts, MergedEdges } from './graph-parts.ts';
import { COLUMN_PITCH, ROW_PITCH } from './graph-sizes.ts';

/** What stands below and beside each other: a group, or nodes outside any group that are on one level. Blocks stand from left to right. */
export interface Block {
  /** -1 for nodes outside any group. */
  readonly group: number;
  readonly isBox: boolean;
  /** From top to bottom, and in each row from left to right. */
  units: readonly number[];
  readonly columns: number;
  rows: number;
}

/** Groups of at most that many rows are one column. */
const MAX_COLUMN = 20;

/** Divides the units into blocks: groups in their order; before each group what is outside any and needs nothing but groups before it. */
export function divideIntoBlocks(parts: GraphParts, edges: MergedEdges): Block[] {
  const { nodeCount, groupCount, isCollapsed, unitOf, groupOf, rowsOf } = parts;
  const unitsOf = new Map<number, number[]>();
  const isLoose = groupOf.includes(-1);
  const levels = isLoose ? levelsOf(parts, edges) : undefined;
  for (let group = 0; group < groupCount; group += 1)
    unitsOf.set(2 * group + 1, isCollapsed[group] ? [nodeCount + group] : []);
  for (let node = 0; node < nodeCount; node += 1) {
    if (unitOf[node] !== node) continue;
    const group = groupOf[node]!;
    const place = group < 0 ? 2 * levels![node]! : 2 * group + 1;
    if (!unitsOf.get(place)?.push(node)) unitsOf.set(place, [node]);
  }
  const places = [...unitsOf.keys()].toSorted((a, b) => a - b);
  return places.map((place) => {
    const units = unitsOf.get(place)!;
    const group = place % 2 === 0 ? -1 : (place - 1) / 2;
    const rows = units.reduce((sum, unit) => sum + rowsOf[unit]!, 0);
    return {
      group,
      isBox: group >= 0 && isCollapsed[group] === 1,
      units,
      columns: columnsFor(units.length, rows),
      rows: 0,
    };
  });
}

/** As many that a group of many rows is about as wide as high. */
function columnsFor(units: number, rows: number): number {
  if (rows <= MAX_COLUMN) return 1;
  return Math.max(1, Math.min(units, Math.ceil(Math.sqrt((rows * ROW_PITCH) / COLUMN_PITCH))));
}

/** Of each unit outside any group the level: after all groups and units that it needs. */
function levelsOf({ nodeCount, groupCount, unitOf, groupOf }: GraphParts, { from, to }: MergedEdges): Int32Array {
  const given = new Int32Array(nodeCount + groupCount).fill(-1);
  for (let node = 0; node < nodeCount; node += 1) given[node] = groupOf[node]!;
  for (let group = 0; group < groupCount; group += 1) given[nodeCount + group] = group;
  const toUnit = (vertex: number): number => unitOf[vertex] ?? vertex;
  return findLevels(given, readAdjacency(given.length, from.map(toUnit), to.map(toUnit)));
}
