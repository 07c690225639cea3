import type { GraphEdge, GraphScene, LegendEntry } from './graph-items.ts';
import { edgeLook, opacityOf, UNPLANNED_DASH } from './graph-look.ts';
import { type Pen, setFont } from './graph-pen.ts';
import { DETAIL_SIZE, textWidth, wrapText } from './graph-text.ts';
import { countPieces, EdgePainter, paintLabels } from './paint-edges.ts';
import { paintGroups } from './paint-groups.ts';
import { paintNodes } from './paint-nodes.ts';
import type { Palette } from './palette.ts';
import { SvgCanvas } from './svg-canvas.ts';
import { svgPicture, svgTag } from './svg-text.ts';

const HEAD_HEIGHT = 48;
const LINE_HEIGHT = 16;
const LEGEND_HEIGHT = 40;
const MARGIN = 24;
/** Pieces of curves that a picture may have: about 11 MB. */
const MAX_PIECES = 300_000;

/**
 * The graph as a picture that stands alone: nothing is loaded, nothing runs. Painted as the page paints it.
 *
 * @param nowMs how far the run is, where it goes on
 */
export function renderGraphSvg(scene: GraphScene, palette: Palette, nowMs: number): string {
  const { title } = scene;
  const edges = drawnEdges(scene);
  const note = edges === scene.edges ? '' : ` ${edges.length} lines for ${scene.edges.length} edges.`;
  const description = scene.description + note;
  const width = Math.max(480, scene.width);
  const lines = wrapText(description, width - 2 * MARGIN, DETAIL_SIZE);
  const headHeight = HEAD_HEIGHT + lines.length * LINE_HEIGHT;
  const height = scene.height + headHeight + LEGEND_HEIGHT;
  const [frame, graph] = [new SvgCanvas(), new SvgCanvas()];
  const seen = { x: 0, y: 0, width, height: scene.height };
  const pen = { palette, fontFamily: '', scale: 1, seen, dashesCurves: true };

  const framePen = { ...pen, context: frame };
  frame.fillStyle = palette.text;
  setFont(framePen, 16, 600);
  frame.fillText(title, MARGIN, 28);
  frame.fillStyle = palette.dim;
  setFont(framePen, DETAIL_SIZE);
  for (const [at, line] of lines.entries()) frame.fillText(line, MARGIN, HEAD_HEIGHT + at * LINE_HEIGHT);
  paintLegend(framePen, scene.legend, height - LEGEND_HEIGHT / 2);

  const graphPen = { ...pen, context: graph };
  paintGroups(graphPen, scene.groups, nowMs);
  new EdgePainter(edges).paint(graphPen, { isDashed: true, isCriticalOnly: false });
  paintNodes(graphPen, scene.nodes, { nowMs, pulse: 1 });
  paintLabels(graphPen, edges);

  const content = [
    ...frame.elements,
    svgTag('g', { transform: `translate(0 ${headHeight})` }, graph.elements.join('\n')),
  ];
  return svgPicture({ title, description, width, height, background: palette.background }, content);
}

/** Edges; where they are too many, how groups follow each other; where that is too much, the critical path. */
function drawnEdges({ edges, streams }: GraphScene): readonly GraphEdge[] {
  return (
    [edges, streams].find((edges) => countPieces(edges) <= MAX_PIECES) ?? edges.filter(({ isCritical }) => isCritical)
  );
}

function paintLegend(pen: Pen, entries: readonly LegendEntry[], y: number): void {
  const { context, palette } = pen;
  let x = MARGIN;
  for (const { sample, text } of entries) {
    paintSample(pen, sample, x, y);
    context.fillStyle = palette.dim;
    context.fillText(text, x + 36, y + 4);
    x += 36 + textWidth(text, DETAIL_SIZE) + 24;
  }
}

function paintSample({ context, palette }: Pen, sample: LegendEntry['sample'], x: number, y: number): void {
  if (sample === 'slack') {
    context.fillStyle = palette.success;
    for (const [at, weight] of [1, 0.5, 0].entries()) {
      context.globalAlpha = opacityOf(weight);
      context.fillRect(x + 10 * at, y - 6, 8, 12);
    }
    context.globalAlpha = 1;
    return;
  }
  context.beginPath();
  if (sample === 'unplanned') {
    context.strokeStyle = palette.dim;
    context.lineWidth = 1;
    context.setLineDash([...UNPLANNED_DASH]);
    context.roundRect(x, y - 6, 28, 12, 3);
  } else {
    const isCritical = sample === 'critical';
    const { color, width, dash } = edgeLook({ kind: isCritical ? 'control' : sample, isCritical, edges: [0] });
    context.strokeStyle = palette[color];
    context.lineWidth = width;
    context.setLineDash([...(dash ?? [])]);
    context.moveTo(x, y);
    context.lineTo(x + 28, y);
  }
  context.stroke();
}
