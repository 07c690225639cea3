import { type Box, type Camera, seenBox, type Size } from '../../scene/graph-camera.ts';
import type { Emphasis } from '../../scene/graph-emphasis.ts';
import type { GraphScene } from '../../scene/graph-items.ts';
import { NODE_RADIUS } from '../../scene/graph-look.ts';
import type { GraphSelection } from '../../scene/graph-selection.ts';
import type { Palette } from '../../scene/palette.ts';
import { EdgePainter, paintEmphasized, paintLabels } from './paint-edges.ts';
import { paintGroups } from './paint-groups.ts';
import { type Moment, paintNodes } from './paint-nodes.ts';
import { isSeen, type Pen } from './pen.ts';

/** How the graph is looked at. */
export interface GraphLook extends Moment {
  readonly palette: Palette;
  readonly fontFamily: string;
  readonly emphasis: Emphasis;
  readonly selection: GraphSelection;
  /** What is pointed at. */
  readonly hovered: GraphSelection;
  readonly matches: ReadonlySet<number> | undefined;
}

/** Pieces of curves that a frame has time for. */
const MAX_PIECES = 6000;
/** How much of what is not emphasized is covered. */
const PALE = 0.65;

/** Draws one scene. */
export class GraphPainter {
  readonly #scene: GraphScene;
  readonly #edges: EdgePainter;
  readonly #streams: EdgePainter;
  /** Pieces of curves for each square pixel of the graph. */
  readonly #density: number;

  constructor(scene: GraphScene) {
    this.#scene = scene;
    this.#edges = new EdgePainter(scene.edges);
    this.#streams = new EdgePainter(scene.streams);
    const pieces = scene.edges.reduce((sum, { curve }) => sum + curve.length / 6, 0);
    this.#density = pieces / Math.max(1, scene.width * scene.height);
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
    const { groups, nodes, edges } = this.#scene;

    paintGroups(pen, within(groups, pen), look.nowMs);
    this.#painterFor(camera, window).paint(pen);
    paintNodes(pen, within(nodes, pen), look);
    if (emphasis.vertices) this.#paintEmphasis(pen, look);
    if (hovered.edge) paintEmphasized(pen, [hovered.edge]);
    if (matches)
      for (const item of within([...groups, ...nodes], pen))
        if (matches.has(item.vertex)) paintRing(pen, item, palette.cancellation, 2);
    for (const item of [hovered.node, hovered.group]) if (item) paintRing(pen, item, palette.dim, 1);
    for (const item of [selection.node, selection.group]) if (item) paintRing(pen, item, palette.accent, 2.5);
    const labelled = hovered.edge ? new Set([...(emphasis.edges ?? []), hovered.edge]) : emphasis.edges;
    paintLabels(pen, edges, labelled);
  }

  /** Edges, unless there are too many to see: then how groups follow each other. */
  #painterFor({ scale }: Camera, { width, height }: Size): EdgePainter {
    return (this.#density * width * height) / scale ** 2 <= MAX_PIECES ? this.#edges : this.#streams;
  }

  /** Makes all pale, then draws some of it again. */
  #paintEmphasis(pen: Pen, { emphasis: { vertices, edges }, ...look }: GraphLook): void {
    const { context, palette, seen } = pen;
    context.globalAlpha = PALE;
    context.fillStyle = palette.background;
    context.fillRect(seen.x, seen.y, seen.width, seen.height);
    context.globalAlpha = 1;
    if (edges) paintEmphasized(pen, edges);
    const isBright = ({ vertex }: { readonly vertex: number }): boolean => vertices!.has(vertex);
    paintGroups(pen, within(this.#scene.groups, pen).filter(isBright), look.nowMs);
    paintNodes(pen, within(this.#scene.nodes, pen).filter(isBright), look);
  }
}

function within<T extends Box>(boxes: readonly T[], pen: Pen): T[] {
  return boxes.filter((box) => isSeen(box, pen));
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
