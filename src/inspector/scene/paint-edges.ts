import type { GraphEdge } from './graph-items.ts';
import { LABEL_HEIGHT, labelWidth, readableLabels } from './graph-labels.ts';
import { ARROW_LENGTH, ARROW_WIDTH, edgeLook, type EdgeLook, opacityOf } from './graph-look.ts';
import { DETAIL_SIZE } from './graph-text.ts';
import { Culler } from './cull.ts';
import { type Canvas, LEAST_TEXT, type Pen, roughly, SCALE, setFont } from './graph-pen.ts';
import { traceCurve } from './trace-curve.ts';

interface Style extends EdgeLook {
  readonly opacity: number;
}

/** Edges that look alike. */
interface Bucket {
  readonly style: Style;
  readonly edges: Culler<GraphEdge>;
}

/** How wide a line is at least, in pixels of the window, for each pixel at scale 1. */
const LEAST_WIDTH = 0.5;
/** Shorter edges show nothing, in pixels of the window. */
const LEAST_LENGTH = 9;

/** How many pieces their curves have. */
export function countPieces(edges: readonly GraphEdge[]): number {
  return edges.reduce((sum, { curve }) => sum + curve.length / 6, 0);
}

/** The edges of a scene, sorted once by how they look: a canvas draws many alike much faster. */
export class EdgePainter {
  readonly #buckets: readonly Bucket[];

  constructor(edges: readonly GraphEdge[]) {
    const styles = new Map<string, { style: Style; edges: GraphEdge[] }>();
    for (const edge of edges) {
      const look = edgeLook(edge);
      const opacity = opacityOf(roughly(edge.weight));
      const name = `${look.color} ${look.width.toFixed(1)} ${look.dash?.join(' ') ?? ''} ${opacity}`;
      const alike = styles.get(name);
      if (alike) alike.edges.push(edge);
      else styles.set(name, { style: { ...look, opacity }, edges: [edge] });
    }
    // The critical path above all others.
    this.#buckets = [...styles.values()]
      .toSorted((a, b) => Number(isCritical(a.style)) - Number(isCritical(b.style)))
      .map(({ style, edges }) => ({ style, edges: new Culler(edges, ({ bounds }) => bounds) }));
  }

  seen({ seen }: Pen): GraphEdge[] {
    return this.#buckets.flatMap(({ edges }) => edges.seen(seen));
  }

  paint(pen: Pen, { isDashed, isCriticalOnly }: EdgeDetail): void {
    for (const { style, edges } of this.#buckets) {
      if (isCriticalOnly && !isCritical(style)) continue;
      paintAlike(pen, isDashed ? style : { ...style, dash: undefined }, edges.seen(pen.seen));
    }
  }
}

function isCritical({ color }: EdgeLook): boolean {
  return color === 'critical';
}

/** What of edges there is time to draw. */
interface EdgeDetail {
  readonly isDashed: boolean;
  readonly isCriticalOnly: boolean;
}

/** Some edges at full strength, whatever their weight. */
export function paintEmphasized(pen: Pen, edges: Iterable<GraphEdge>): void {
  for (const edge of edges) if (isEdgeSeen(edge, pen)) paintAlike(pen, { ...edgeLook(edge), opacity: 1 }, [edge]);
}

function paintAlike(
  { context, palette, scale, seen, dashesCurves }: Pen,
  { color, width, dash, opacity }: Style,
  edges: readonly GraphEdge[],
): void {
  if (edges.length === 0) return;
  if (dashesCurves) context.setLineDash([...(dash ?? [])]);
  context.globalAlpha = opacity;
  context.strokeStyle = palette[color];
  context.fillStyle = palette[color];
  context.lineWidth = Math.max(width, (LEAST_WIDTH * width) / scale);
  const shortest = LEAST_LENGTH / scale;
  // One by one: a path of many curves takes a canvas twice as long.
  for (const { curve, bounds } of edges) {
    if (bounds[2] - bounds[0] < shortest && bounds[3] - bounds[1] < shortest) continue;
    context.beginPath();
    traceCurve(context, curve, dashesCurves ? undefined : dash, seen);
    context.stroke();
  }
  if (dashesCurves) context.setLineDash([]);
  if (scale >= SCALE.arrows) paintArrows(context, edges);
  context.globalAlpha = 1;
}

function paintArrows(context: Canvas, edges: readonly GraphEdge[]): void {
  context.beginPath();
  for (const { curve } of edges) {
    const end = curve.length - 2;
    const [x, y] = [curve[end]!, curve[end + 1]!];
    const back = curve[end - 2]! < x ? -ARROW_LENGTH : ARROW_LENGTH;
    context.moveTo(x, y);
    context.lineTo(x + back, y - ARROW_WIDTH / 2);
    context.lineTo(x + back, y + ARROW_WIDTH / 2);
  }
  context.fill();
}

/** What edges hand over, as far as it can be read: the last of them first, and the critical path before all. */
export function paintLabels(pen: Pen, edges: readonly GraphEdge[]): void {
  const wanted = edges.filter((edge) => edge.label !== '' && isEdgeSeen(edge, pen)).toReversed();
  const { context, palette } = pen;
  const larger = Math.max(1, LEAST_TEXT / DETAIL_SIZE / pen.scale);
  setFont(pen, DETAIL_SIZE * larger);
  context.textAlign = 'center';
  for (const edge of readableLabels(wanted.toSorted((a, b) => Number(b.isCritical) - Number(a.isCritical)))) {
    const [width, height] = [labelWidth(edge) * larger, LABEL_HEIGHT * larger];
    context.fillStyle = palette.surface;
    context.globalAlpha = 0.92;
    context.beginPath();
    context.roundRect(edge.labelX - width / 2, edge.labelY - height / 2, width, height, height / 2);
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = palette[edge.isCritical ? 'critical' : 'data'];
    context.fillText(edge.label, edge.labelX, edge.labelY + 4 * larger);
  }
  context.textAlign = 'left';
}

function isEdgeSeen({ bounds }: GraphEdge, { seen }: Pen): boolean {
  return (
    bounds[2] >= seen.x && bounds[0] <= seen.x + seen.width && bounds[3] >= seen.y && bounds[1] <= seen.y + seen.height
  );
}
