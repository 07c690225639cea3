import type { Emphasis } from '../../scene/graph-emphasis.ts';
import type { GraphEdge } from '../../scene/graph-items.ts';
import { LABEL_HEIGHT, labelWidth, readableLabels } from '../../scene/graph-labels.ts';
import { ARROW_LENGTH, ARROW_WIDTH, edgeLook, type EdgeLook, opacityOf } from '../../scene/graph-look.ts';
import { DETAIL_SIZE } from '../../scene/graph-text.ts';
import { LEAST_TEXT, type Pen, roughly, SCALE, setFont } from './pen.ts';

/** Edges that look alike. */
interface Bucket extends EdgeLook {
  readonly opacity: number;
  readonly edges: GraphEdge[];
}

/** Pieces of curves that are drawn at once: one path of many is slower than several of some. */
const MAX_PIECES = 400;
/** The thinnest line, in pixels of the window. */
const LEAST_WIDTH = 0.7;

/** The edges of a scene, sorted once by how they look: a canvas draws many alike much faster. */
export class EdgePainter {
  readonly #buckets: readonly Bucket[];

  constructor(edges: readonly GraphEdge[]) {
    const buckets = new Map<string, Bucket>();
    for (const edge of edges) {
      const look = edgeLook(edge);
      const opacity = opacityOf(roughly(edge.weight));
      const name = `${look.color} ${look.width.toFixed(1)} ${look.dash.join(' ')} ${opacity}`;
      const bucket = buckets.get(name);
      if (bucket) bucket.edges.push(edge);
      else buckets.set(name, { ...look, opacity, edges: [edge] });
    }
    // The critical path above all others.
    this.#buckets = [...buckets.values()].toSorted((a, b) => Number(isCritical(a)) - Number(isCritical(b)));
  }

  paint(pen: Pen): void {
    for (const bucket of this.#buckets) {
      const edges = bucket.edges.filter((edge) => isEdgeSeen(edge, pen));
      if (edges.length > 0) paintBucket(pen, { ...bucket, edges });
    }
  }
}

function isCritical({ color }: EdgeLook): boolean {
  return color === 'critical';
}

/** Some edges at full strength, whatever their weight. */
export function paintEmphasized(pen: Pen, edges: Iterable<GraphEdge>): void {
  for (const edge of edges)
    if (isEdgeSeen(edge, pen)) paintBucket(pen, { ...edgeLook(edge), opacity: 1, edges: [edge] });
}

function paintBucket({ context, palette, scale }: Pen, { color, width, dash, opacity, edges }: Bucket): void {
  context.globalAlpha = opacity;
  context.strokeStyle = palette[color];
  context.fillStyle = palette[color];
  context.lineWidth = Math.max(width, (LEAST_WIDTH * width) / scale / 1.4);
  context.setLineDash(scale >= SCALE.dashes ? (dash as number[]) : []);
  let pieces = 0;
  context.beginPath();
  for (const { curve } of edges) {
    context.moveTo(curve[0]!, curve[1]!);
    for (let at = 2; at < curve.length; at += 6)
      context.bezierCurveTo(curve[at]!, curve[at + 1]!, curve[at + 2]!, curve[at + 3]!, curve[at + 4]!, curve[at + 5]!);
    pieces += curve.length / 6;
    if (pieces < MAX_PIECES) continue;
    context.stroke();
    context.beginPath();
    pieces = 0;
  }
  context.stroke();
  context.setLineDash([]);
  if (scale >= SCALE.arrows) paintArrows(context, edges);
  context.globalAlpha = 1;
}

function paintArrows(context: CanvasRenderingContext2D, edges: readonly GraphEdge[]): void {
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

/** What edges hand over, as far as it can be read; where some are emphasized, of these alone. */
export function paintLabels(pen: Pen, edges: readonly GraphEdge[], emphasized: Emphasis['edges']): void {
  if (pen.scale < SCALE.labels && !emphasized) return;
  const wanted = [...(emphasized ?? edges)].filter((edge) => edge.label !== '' && isEdgeSeen(edge, pen));
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
