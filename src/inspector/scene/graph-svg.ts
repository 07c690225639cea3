import type { Box } from './graph-camera.ts';
import type { EdgeKind, GraphEdge, GraphGroup, GraphNode, GraphScene, LegendEntry } from './graph-items.ts';
import { TITLE_LEFT, TITLE_RIGHT } from './graph-groups.ts';
import { LABEL_HEIGHT, labelWidth, readableLabels } from './graph-labels.ts';
import * as look from './graph-look.ts';
import { TEXT_LEFT, TEXT_RIGHT } from './graph-nodes.ts';
import { INDENT, NODE_HEIGHT } from './graph-sizes.ts';
import { DETAIL_SIZE, LABEL_SIZE, textWidth, wrapText } from './graph-text.ts';
import type { Palette } from './palette.ts';
import { svgNumber as n, svgText } from './svg-text.ts';

const FONT = `system-ui, -apple-system, 'Segoe UI', sans-serif`;
const HEAD_HEIGHT = 48;
const LINE_HEIGHT = 16;
const LEGEND_HEIGHT = 40;
const MARGIN = 24;

/** The graph as a picture that stands alone: nothing is loaded, nothing runs. */
export function renderGraphSvg(scene: GraphScene, palette: Palette): string {
  const width = Math.max(480, scene.width);
  const lines = wrapText(scene.description, width - 2 * MARGIN, DETAIL_SIZE);
  const headHeight = HEAD_HEIGHT + lines.length * LINE_HEIGHT;
  const height = scene.height + headHeight + LEGEND_HEIGHT;
  const { groups, nodes, edges } = scene;
  const draw = new SvgDrawing(palette);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${n(width)}" height="${n(height)}" viewBox="0 0 ${n(width)} ${n(height)}" font-family="${FONT}">`,
    `<title>${svgText(scene.title)}</title>`,
    `<desc>${svgText(scene.description)}</desc>`,
    `<rect width="100%" height="100%" fill="${palette.background}"/>`,
    draw.text(MARGIN, 28, scene.title, { size: 16, weight: 600 }),
    ...lines.map((line, at) => draw.text(MARGIN, HEAD_HEIGHT + at * LINE_HEIGHT, line, { color: 'dim' })),
    `<g transform="translate(0 ${headHeight})">`,
    ...groups.map((group) => draw.group(group)),
    ...edges.map((edge) => draw.edge(edge)),
    ...nodes.map((node) => draw.node(node)),
    ...readableLabels(edges.toSorted((a, b) => Number(b.isCritical) - Number(a.isCritical))).map((edge) =>
      draw.label(edge),
    ),
    '</g>',
    draw.legend(scene.legend, height - LEGEND_HEIGHT / 2),
    '</svg>',
    '',
  ].join('\n');
}

interface TextLook {
  readonly color?: keyof Palette;
  readonly size?: number;
  readonly weight?: number;
  readonly anchor?: 'middle' | 'end';
}

class SvgDrawing {
  readonly #palette: Palette;

  constructor(palette: Palette) {
    this.#palette = palette;
  }

  text(
    x: number,
    y: number,
    text: string,
    { color = 'text', size = DETAIL_SIZE, weight, anchor }: TextLook = {},
  ): string {
    if (text === '') return '';
    const more = `${weight ? ` font-weight="${weight}"` : ''}${anchor ? ` text-anchor="${anchor}"` : ''}`;
    return `<text x="${n(x)}" y="${n(y)}" font-size="${size}" fill="${this.#palette[color]}"${more}>${svgText(text)}</text>`;
  }

  group(group: GraphGroup): string {
    const { x, y, width, color = 'line', isCollapsed, counts } = group;
    const palette = this.#palette;
    const right = x + width - TITLE_RIGHT;
    const tint =
      color === 'line' ? '' : this.#box(group, look.GROUP_RADIUS, `fill="${palette[color]}" fill-opacity="0.05"`);
    const stroke =
      isCollapsed && group.isCritical
        ? `stroke="${palette.critical}" stroke-width="2.5"`
        : `stroke="${palette[color]}"`;
    return [
      this.#box(group, look.GROUP_RADIUS, `fill="${palette.surface}" ${stroke}`),
      tint,
      `<path d="${triangle(x + TITLE_RIGHT, y + look.TITLE_BASELINE - 4, isCollapsed)}" fill="${palette.dim}"/>`,
      this.text(x + TITLE_LEFT, y + look.TITLE_BASELINE, group.title, { color: 'dim' }),
      this.text(right, y + look.TITLE_BASELINE, group.time, { color: 'dim', anchor: 'end' }),
      ...(isCollapsed
        ? [this.text(x + TITLE_RIGHT, y + look.SUMMARY_BASELINE, group.summary), this.#bar(x, y, width, counts)]
        : []),
    ].join('');
  }

  node(node: GraphNode): string {
    const { x, y, width, color, weight, isCritical, isPlanned, hasStarted, stem } = node;
    const palette = this.#palette;
    const frame = isCritical ? `stroke="${palette.critical}" stroke-width="2"` : `stroke="${palette.line}"`;
    const dash = isPlanned ? '' : ` stroke-dasharray="${look.UNPLANNED_DASH.join(' ')}"`;
    const tint = look.tintOf(node);
    const right = x + width - TEXT_RIGHT;
    const middle = y + NODE_HEIGHT / 2;
    return [
      stem
        ? `<path d="M${n(stem.x)} ${n(stem.y)}V${n(middle)}h${INDENT / 2}" fill="none" stroke="${palette.line}"/>`
        : '',
      this.#box(node, look.NODE_RADIUS, `fill="${palette.surface}"`),
      tint > 0 ? this.#box(node, look.NODE_RADIUS, `fill="${palette[color]}" fill-opacity="${n(tint)}"`) : '',
      `<path d="${strip(x, y)}" fill="${palette[color]}" fill-opacity="${n(look.opacityOf(weight))}"/>`,
      this.#box(node, look.NODE_RADIUS, `fill="none" ${frame}${dash}`),
      this.text(x + TEXT_LEFT / 2 + 2, y + look.LABEL_BASELINE, node.mark, {
        color,
        size: LABEL_SIZE,
        weight: 600,
        anchor: 'middle',
      }),
      this.text(x + TEXT_LEFT, y + look.LABEL_BASELINE, node.label, {
        color: hasStarted ? 'text' : 'dim',
        size: LABEL_SIZE,
        weight: 500,
      }),
      this.text(right, y + look.LABEL_BASELINE, node.time, { color: 'dim', anchor: 'end' }),
      this.text(x + TEXT_LEFT, y + look.DETAIL_BASELINE, node.detail, { color: 'dim' }),
      this.text(right, y + look.DETAIL_BASELINE, node.slack, { color: isCritical ? 'critical' : 'dim', anchor: 'end' }),
    ].join('');
  }

  edge(edge: GraphEdge): string {
    const { color, width, dash } = look.edgeLook(edge);
    const { curve } = edge;
    const points = Array.from(curve, n);
    let d = `M${points[0]} ${points[1]}`;
    for (let at = 2; at < points.length; at += 6) d += `C${points.slice(at, at + 6).join(' ')}`;
    const dashes = dash ? ` stroke-dasharray="${dash.join(' ')}"` : '';
    const paint = this.#palette[color];
    return `<g opacity="${n(look.opacityOf(edge.weight))}"><path d="${d}" fill="none" stroke="${paint}" stroke-width="${n(width)}"${dashes}/><path d="${arrow(curve)}" fill="${paint}"/></g>`;
  }

  label(edge: GraphEdge): string {
    const width = labelWidth(edge);
    const box = { x: edge.labelX - width / 2, y: edge.labelY - LABEL_HEIGHT / 2, width, height: LABEL_HEIGHT };
    return (
      this.#box(box, LABEL_HEIGHT / 2, `fill="${this.#palette.surface}" fill-opacity="0.9"`) +
      this.text(edge.labelX, edge.labelY + 4, edge.label, {
        color: edge.isCritical ? 'critical' : 'data',
        anchor: 'middle',
      })
    );
  }

  legend(entries: readonly LegendEntry[], y: number): string {
    let x = MARGIN;
    return entries
      .map(({ sample, text }) => {
        const drawn = this.#sample(sample, x, y) + this.text(x + 36, y + 4, text, { color: 'dim' });
        x += 36 + textWidth(text, DETAIL_SIZE) + 24;
        return drawn;
      })
      .join('');
  }

  #sample(sample: LegendEntry['sample'], x: number, y: number): string {
    const palette = this.#palette;
    if (sample === 'slack')
      return [1, 0.5, 0]
        .map(
          (weight, at) =>
            `<rect x="${x + 10 * at}" y="${n(y - 6)}" width="8" height="12" rx="2" fill="${palette.success}" fill-opacity="${n(look.opacityOf(weight))}"/>`,
        )
        .join('');
    if (sample === 'unplanned')
      return this.#box(
        { x, y: y - 6, width: 28, height: 12 },
        3,
        `fill="none" stroke="${palette.dim}" stroke-dasharray="${look.UNPLANNED_DASH.join(' ')}"`,
      );
    const kind: EdgeKind = sample === 'critical' ? 'control' : sample;
    const { color, width, dash } = look.edgeLook({ kind, isCritical: sample === 'critical', edges: [0] });
    return `<path d="M${n(x)} ${n(y)}h28" stroke="${palette[color]}" stroke-width="${width}" stroke-dasharray="${dash?.join(' ') ?? 'none'}"/>`;
  }

  /** How many steps are in each state, as parts of a bar. */
  #bar(x: number, y: number, width: number, counts: GraphGroup['counts']): string {
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    let left = x + TITLE_RIGHT;
    return counts
      .map(({ color, count }) => {
        const part = ((width - 2 * TITLE_RIGHT) * count) / total;
        left += part;
        return `<rect x="${n(left - part)}" y="${n(y + look.BAR_TOP)}" width="${n(part)}" height="${look.BAR_HEIGHT}" fill="${this.#palette[color]}"/>`;
      })
      .join('');
  }

  #box({ x, y, width, height }: Box, radius: number, paint: string): string {
    return `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="${radius}" ${paint}/>`;
  }
}

/** Down where a group is open, to the right where it is collapsed; around a middle. */
function triangle(x: number, y: number, isCollapsed: boolean): string {
  return isCollapsed ? `M${n(x)} ${n(y - 4)}l6 4-6 4z` : `M${n(x - 1)} ${n(y - 3)}h8l-4 6z`;
}

function strip(x: number, y: number): string {
  const radius = look.NODE_RADIUS;
  const straight = NODE_HEIGHT - 2 * radius;
  return `M${n(x + radius)} ${n(y)}a${radius} ${radius} 0 0 0-${radius} ${radius}v${straight}a${radius} ${radius} 0 0 0 ${radius} ${radius}z`;
}

/** The head of an edge, in the direction in which its curve ends: to the right or to the left. */
function arrow(curve: Float64Array): string {
  const [x, y] = [curve.at(-2)!, curve.at(-1)!];
  const back = curve.at(-4)! < x ? -look.ARROW_LENGTH : look.ARROW_LENGTH;
  return `M${n(x)} ${n(y)}l${back} ${-look.ARROW_WIDTH / 2}v${look.ARROW_WIDTH}z`;
}
