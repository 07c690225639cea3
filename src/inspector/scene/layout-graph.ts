import { type Block, divideIntoBlocks } from './graph-blocks.ts';
import type { Curves } from './graph-curves.ts';
import { type Band, type Frame, placeBlocks } from './graph-frames.ts';
import type { GraphInput } from './graph-input.ts';
import { orderUnits, type Places } from './graph-order.ts';
import { type GraphParts, type MergedEdges, mergeEdges, readParts } from './graph-parts.ts';
import { type Port, Router } from './graph-routes.ts';
import * as sizes from './graph-sizes.ts';

/**
 * Where everything stands, in pixels at scale 1, from 0 on. A vertex is a node, by its index, or a collapsed group: the number of nodes plus its index.
 * Plain numbers, so that a worker can give it away.
 */
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  /** Left edge and top of each node; of one in a collapsed group those of the box. */
  readonly nodeX: Float64Array;
  readonly nodeY: Float64Array;
  /** The right edges of nodes are where their column ends: what was called is indented. */
  readonly nodeWidth: Float64Array;
  readonly groupX: Float64Array;
  readonly groupY: Float64Array;
  readonly groupWidth: Float64Array;
  readonly groupHeight: Float64Array;
  readonly isCollapsed: Uint8Array;
  /** Of each node the vertex that stands for it: itself, or the box of its group. */
  readonly vertexOf: Int32Array;
  /** Between vertices; where no edge is known, from each group to the next one. */
  readonly edges: LaidOutEdges;
  /** For who looks from far away: between groups, and between levels of what is outside any, from left to right. The edges, where they are no fewer. */
  readonly streams: LaidOutEdges;
}

export interface LaidOutEdges extends MergedEdges, Curves {}

/** Around everything. */
const MARGIN = 16;

/**
 * Lays a graph out, time from left to right: groups as boxes in their order, nodes outside any by what they need (longest path), nodes of a group
 * below each other, those of a large one in several columns. What a node called stands below it. Never fails, whatever the edges; the same for the
 * same input. O(n log n), but for long edges, which pass each group between its nodes.
 */
export function layoutGraph(input: GraphInput): GraphLayout {
  const parts = readParts(input);
  const edges = mergeEdges(input, parts.vertexOf, (vertex) => vertex >= parts.nodeCount);
  const blocks = divideIntoBlocks(parts, edges);
  const places = orderUnits(blocks, parts, edges);
  const { frames, bands } = placeBlocks(blocks);
  const ports = placeVertices(parts, places, blocks, frames);
  const framePorts = frames.map((frame, at): Port => ({ ...frame, at, column: 0, isLast: true }));
  const frameOf: Frame[] = [];
  for (const [at, { group }] of blocks.entries()) if (group >= 0) frameOf[group] = frames[at]!;
  const drawn = input.from.length > 0 ? edges : edgesInOrder(parts);
  for (const [at, { group }] of blocks.entries()) if (group >= 0) ports[parts.nodeCount + group] ??= framePorts[at]!;
  const portOf = Array.from(parts.vertexOf, (vertex) => ports[vertex]!);
  const streams = mergeEdges(
    input,
    Int32Array.from(portOf, ({ at }) => at),
    () => true,
  );
  const laidOut = { ...drawn, ...routeEdges(drawn, ports, frames, bands) };
  const layout = {
    nodeX: Float64Array.from(portOf, ({ left }) => left),
    nodeY: Float64Array.from(portOf, ({ top }) => top),
    nodeWidth: Float64Array.from(portOf, ({ left, right }) => right - left),
    groupX: Float64Array.from(frameOf, ({ left }) => left),
    groupY: Float64Array.from(frameOf, ({ top }) => top),
    groupWidth: Float64Array.from(frameOf, ({ left, right }) => right - left),
    groupHeight: Float64Array.from(frameOf, ({ top, bottom }) => bottom - top),
    isCollapsed: parts.isCollapsed,
    vertexOf: parts.vertexOf,
    edges: laidOut,
    streams:
      streams.from.length === drawn.from.length
        ? laidOut
        : { ...streams, ...routeEdges(streams, framePorts, frames, bands) },
  };
  return { ...layout, ...moveToOrigin(layout, frames) };
}

function edgesInOrder({ nodeCount, groupCount }: GraphParts): MergedEdges {
  const from = Int32Array.from({ length: Math.max(0, groupCount - 1) }, (_, group) => nodeCount + group);
  return { from, to: from.map((vertex) => vertex + 1), edgeOf: new Int32Array() };
}

function routeEdges(
  { from, to }: MergedEdges,
  ports: readonly Port[],
  frames: readonly Frame[],
  bands: readonly Band[],
): Curves {
  const router = new Router(frames, bands, from.length);
  for (const [edge, start] of from.entries()) router.route(ports[start]!, ports[to[edge]!]!);
  return router.curves.end();
}

/** Of each vertex its place; of nodes in collapsed groups none. */
function placeVertices(parts: GraphParts, places: Places, blocks: readonly Block[], frames: readonly Frame[]): Port[] {
  const ports: Port[] = [];
  for (let node = 0; node < parts.nodeCount; node += 1) {
    const vertex = parts.vertexOf[node]!;
    const unit = parts.unitOf[node]!;
    const at = places.blockOf[unit]!;
    const frame = frames[at]!;
    const column = places.column[unit]!;
    if (vertex !== node) {
      const { left, right, top, middle } = frame;
      ports[vertex] ??= { at, column, left, right, top, middle, isLast: true };
      continue;
    }
    const indent = Math.min(sizes.MAX_INDENT, parts.depthOf[node]! * sizes.INDENT);
    const columnLeft = frame.nodesLeft + column * sizes.COLUMN_PITCH;
    const middle = frame.middle + places.middle[unit]! + parts.rowInUnit[node]! * sizes.ROW_PITCH;
    ports[node] = {
      at,
      column,
      left: columnLeft + indent,
      right: columnLeft + sizes.NODE_WIDTH,
      top: middle - sizes.NODE_HEIGHT / 2,
      middle,
      isLast: column === blocks[at]!.columns - 1,
    };
  }
  return ports;
}

/** Moves everything so that it begins at the margin. */
function moveToOrigin(
  { nodeX, nodeY, groupX, groupY, edges, streams }: Omit<GraphLayout, 'width' | 'height'>,
  frames: readonly Frame[],
): Pick<GraphLayout, 'width' | 'height'> {
  const [across, down] = [new Extent(), new Extent()];
  for (const { left, right, top, bottom } of frames) {
    across.add(left, right);
    down.add(top, bottom);
  }
  const lists = new Set([edges, streams]);
  for (const { curves } of lists) {
    for (let at = 0; at < curves.length; at += 2) {
      across.add(curves[at]!);
      down.add(curves[at + 1]!);
    }
  }
  const [x, y] = [MARGIN - across.least, MARGIN - down.least];
  for (const list of [nodeX, groupX]) move(list, x, 0, 1);
  for (const list of [nodeY, groupY]) move(list, y, 0, 1);
  for (const { curves, labels } of lists)
    for (const list of [curves, labels]) {
      move(list, x, 0, 2);
      move(list, y, 1, 2);
    }
  return { width: across.most + x + MARGIN, height: down.most + y + MARGIN };
}

class Extent {
  least = 0;
  most = 0;

  add(first: number, last: number = first): void {
    if (first < this.least) this.least = first;
    if (last > this.most) this.most = last;
  }
}

function move(list: Float64Array, by: number, first: number, step: number): void {
  for (let at = first; at < list.length; at += step) list[at]! += by;
}
