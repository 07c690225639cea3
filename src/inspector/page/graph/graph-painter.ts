import { type Box, type Camera, seenBox, type Size } from '../../scene/graph-camera.ts';
import type { Emphasis } from '../../scene/graph-emphasis.ts';
import type { GraphHit } from '../../scene/graph-hit.ts';
import type { GraphEdge, GraphGroup, GraphNode, GraphScene } from '../../scene/graph-items.ts';
import { DASHES, NODE_RADIUS } from '../../scene/graph-look.ts';
import type { GraphSelection } from '../../scene/graph-selection.ts';
import type { Palette } from '../../scene/palette.ts';
import { boundsOfBox, Culler } from '../../scene/cull.ts';
import { countPieces, EdgePainter, paintEmphasized, paintLabels } from '../../scene/paint-edges.ts';
import { paintGroups } from '../../scene/paint-groups.ts';
import { type Moment, paintNodes } from '../../scene/paint-nodes.ts';
import { type Pen, SCALE } from '../../scene/graph-pen.ts';

/** How the graph is looked at. */
export interface GraphLook extends Moment {
  readonly palette: Palette;
  readonly fontFamily: string;
  readonly emphasis: Emphasis;
  readonly selection: GraphSelection;
  /** What is pointed at. */
  readonly hovered: GraphHit | undefined;
  readonly matches: ReadonlySet<number> | undefined;
}

/** Pieces of curves that a frame has time for, and dashed ones. */
const MAX_PIECES = 2000;
const MAX_DASHED = 250;
/** How much of what is not emphasized is covered. */
const PALE = 0.58;

/** Draws one scene. */
export class GraphPainter {
  readonly #edges: EdgePainter;
  readonly #streams: EdgePainter;
  readonly #nodes: Culler<GraphNode>;
  readonly #groups: Culler<GraphGroup>;
  /** Pieces of curves, of all edges and of dashed ones, for each square pixel of the graph. */
  readonly #density: number;
  readonly #dashDensity: number;
  readonly #streamDensity: number;

  constructor(scene: GraphScene) {
    this.#edges = new EdgePainter(scene.edges);
    this.#streams = scene.streams === scene.edges ? this.#edges : new EdgePainter(scene.streams);
    this.#nodes = new Culler(scene.nodes, boundsOfBox);
    this.#groups = new Culler(scene.groups, boundsOfBox);
    this.#density = densityOf(scene, scene.edges);
    this.#streamDensity = densityOf(scene, scene.streams);
    this.#dashDensity = densityOf(
      scene,
      scene.edges.filter(({ kind }) => DASHES[kind]),
    );
  }

  /** @param ratio how many pixels of the canvas one of the window has */
  paint(context: CanvasRenderingContext2D, camera: Camera, window: Size, ratio: number, look: GraphLook): void {
    const { palette, fontFamily, emphasis, selection, hovered, matches } = look;
    const scale = camera.scale * ratio;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, window.width * ratio, window.height * ratio);
    const [x, y] = [(window.width * ratio) / 2 - camera.x * scale, (window.height * ratio) / 2 - camera.y * scale];
    context.setTransform(scale, 0, 0, scale, x, y);
    const pen = { context, palette, fontFamily, scale: camera.scale, seen: seenBox(camera, window) };
    const [groups, nodes] = [this.#groups.seen(pen.seen), this.#nodes.seen(pen.seen)];
    paintGroups(pen, groups, look.nowMs);
    this.#paintEdges(pen);
    paintNodes(pen, nodes, look);
    if (emphasis.vertices) this.#paintEmphasis(pen, groups, nodes, look);
    const edge = hovered?.kind === 'edge' ? [hovered.item] : [];
    paintEmphasized(pen, edge);
    if (matches)
      for (const item of [...groups, ...nodes])
        if (matches.has(item.vertex)) paintRing(pen, item, palette.cancellation, 2);
    if (hovered && hovered.kind !== 'edge') paintRing(pen, hovered.item, palette.dim, 1);
    for (const item of [selection.node, selection.group]) if (item) paintRing(pen, item, palette.accent, 2.5);
    const near = pen.scale >= SCALE.labels ? this.#edges.seen(pen) : [];
    paintLabels(pen, [...(emphasis.edges ?? near), ...edge]);
  }

  /** Edges; where they are too many, how groups follow each other; where that is too much, the critical path. Dashes where they can be told apart. */
  #paintEdges(pen: Pen): void {
    const area = pen.seen.width * pen.seen.height;
    const isDashed = pen.scale >= SCALE.dashes;
    if (this.#density * area <= MAX_PIECES)
      this.#edges.paint(pen, { isDashed: isDashed && this.#dashDensity * area <= MAX_DASHED, isCriticalOnly: false });
    else this.#streams.paint(pen, { isDashed, isCriticalOnly: this.#streamDensity * area > MAX_PIECES });
  }

  /** Makes all pale, then draws some of it again. */
  #paintEmphasis(
    pen: Pen,
    groups: readonly GraphGroup[],
    nodes: readonly GraphNode[],
    { emphasis: { vertices, edges }, ...look }: GraphLook,
  ): void {
    const { context, palette, seen } = pen;
    context.globalAlpha = PALE;
    context.fillStyle = palette.background;
    context.fillRect(seen.x, seen.y, seen.width, seen.height);
    context.globalAlpha = 1;
    const isBright = ({ vertex }: { readonly vertex: number }): boolean => vertices!.has(vertex);
    paintGroups(pen, groups.filter(isBright), look.nowMs);
    if (edges) paintEmphasized(pen, edges);
    paintNodes(pen, nodes.filter(isBright), look);
  }
}

function densityOf({ width, height }: Size, edges: readonly GraphEdge[]): number {
  return countPieces(edges) / Math.max(1, width * height);
}

/** A line around something, as thick at every scale. */
function paintRing({ context, scale }: Pen, { x, y, width, height }: Box, color: string, thickness: number): void {
  const gap = 1 + thickness / scale;
  context.strokeStyle = color;
  context.lineWidth = thickness / scale;
  context.beginPath();
  context.roundRect(x - gap, y - gap, width + 2 * gap, height + 2 * gap, NODE_RADIUS + gap);
  context.stroke();
}
