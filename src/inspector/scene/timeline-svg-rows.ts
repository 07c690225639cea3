import { shorten } from '../../explain/format.ts';
import type { Palette } from './palette.ts';
import { STATES } from './step-states.ts';
import { type SvgAttributes, svgTag, svgText } from './svg-text.ts';
import type { SegmentKind } from './timeline-bars.ts';
import { criticalLinks } from './timeline-links.ts';
import { type PlacedBar, type PlacedLabel, type PlacedSegment, placeBar } from './timeline-place.ts';
import type { TimelineRow } from './timeline-rows.ts';
import type { DrawnRow } from './timeline-scene.ts';
import type { TimelinePicture } from './timeline-svg.ts';
import type { SvgPlot } from './timeline-svg-axis.ts';

export const ROW_HEIGHT = 22;
/** From the top of a row to the line that its text stands on. */
export const BELOW_TEXT = 15;
const MARGIN = 12;
const INDENT = 14;
/** Deeper rows are not indented further: there would be no room for their names. */
const MAX_LEVEL = 8;
const MARK_WIDTH = 16;
const CHARACTER_WIDTH = 6.7;
/** The least number of characters of a note that says something. */
const MIN_NOTE = 4;

/** Where segments are in their row, and how they look. */
const SHAPES: Readonly<Record<SegmentKind, SvgAttributes>> = {
  wait: { y: 7, height: 8 },
  work: { y: 4, height: 13, rx: 2 },
  between: { y: 10, height: 2 },
  expected: { y: 4.5, height: 12, rx: 2, 'stroke-dasharray': '3 2' },
  group: { y: 8, height: 5, rx: 2 },
  span: { y: 6, height: 9, rx: 1 },
};

/** The rows of a picture, from the top of the first one. */
export class SvgRows {
  readonly #picture: TimelinePicture;
  readonly #plot: SvgPlot;
  readonly #palette: Palette;

  constructor(picture: TimelinePicture, plot: SvgPlot, palette: Palette) {
    this.#picture = picture;
    this.#plot = plot;
    this.#palette = palette;
  }

  /** What rows refer to: the pattern of waits, and the part of the picture that bars are drawn in. */
  definitions(): string {
    const { x, width, height } = this.#plot;
    const pattern = { id: 'wait', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' };
    return (
      svgTag('pattern', pattern, svgTag('rect', { width: 2.5, height: 6, fill: this.#palette.wait })) +
      svgTag('clipPath', { id: 'plot' }, svgTag('rect', { x, y: 0, width, height: Math.max(height, ROW_HEIGHT) }))
    );
  }

  rows(): string[] {
    const { scene, rows, times, scale } = this.#picture;
    return rows.map((row, at) => {
      const drawn = scene.draw(row, times);
      const title = [drawn.name, scene.describe(row, times)].filter(Boolean).join(', ');
      const bar = drawn.bar && this.#bar(placeBar(drawn.bar, drawn.label, scale, this.#plot.width));
      const content = [svgTag('title', {}, svgText(title)), this.#name(row, drawn), bar ?? ''].join('');
      return svgTag('g', { transform: `translate(0 ${at * ROW_HEIGHT})` }, content);
    });
  }

  /** From the end of each critical step to the start of the next. */
  links(): string {
    const { scene, rows, times, scale } = this.#picture;
    const path = criticalLinks(scene.view, rows, times).map(({ fromRow, toRow, fromMs, toMs }) => {
      const [from, to] = [fromMs, toMs].map((ms) => Math.round(this.#plot.x + scale.x(ms)));
      return `M${from} ${middleOf(fromRow)}V${middleOf(toRow)}H${to}`;
    });
    if (path.length === 0) return '';
    const look = { fill: 'none', stroke: this.#palette.critical, 'stroke-opacity': 0.6 };
    return svgTag('path', { d: path.join(''), ...look, 'clip-path': 'url(#plot)' });
  }

  #name({ level, kind }: TimelineRow, { name, detail, state }: DrawnRow): string {
    const { text, dim } = this.#palette;
    const x = MARGIN + (Math.min(level, MAX_LEVEL) - 1) * INDENT;
    const room = Math.max(8, Math.floor((this.#plot.x - x - MARK_WIDTH - 6) / CHARACTER_WIDTH));
    const shown = shorten(name, room);
    const rest = room - shown.length - 1;
    const hasDetail = detail !== undefined && rest >= MIN_NOTE;
    const look = state && STATES[state];
    return [
      look ? svgTag('text', { x, y: BELOW_TEXT, fill: this.#palette[look.color] }, svgText(look.mark)) : '',
      svgTag(
        'text',
        {
          x: x + MARK_WIDTH,
          y: BELOW_TEXT,
          fill: kind === 'note' ? dim : text,
          'font-weight': kind === 'group' ? 600 : undefined,
        },
        svgText(shown) + (hasDetail ? this.#aside(shorten(detail, rest)) : ''),
      ),
    ].join('');
  }

  #bar({ segments, point, usualX, critical, label }: PlacedBar): string {
    const parts = segments.map((segment) => this.#segment(segment));
    if (critical) {
      const x = this.#plot.x + critical.x;
      parts.push(svgTag('rect', { x, y: 18, width: critical.width, height: 2.5, fill: this.#palette.critical }));
    }
    if (usualX !== undefined) {
      const look = { stroke: this.#palette.text, 'stroke-opacity': 0.55, 'stroke-width': 1.5 };
      const x = this.#plot.x + usualX;
      parts.push(svgTag('line', { x1: x, y1: 2, x2: x, y2: 20, ...look }));
    }
    if (point) {
      const color = this.#palette[point.color];
      const look = point.kind === 'skip' ? { fill: color } : { fill: 'none', 'stroke-dasharray': '2 1.5' };
      const x = Math.round(this.#plot.x + point.x);
      parts.push(svgTag('path', { d: `M${x} 6l5 5l-5 5l-5 -5z`, stroke: color, ...look }));
    }
    if (label) parts.push(this.#label(label));
    return svgTag('g', { 'clip-path': 'url(#plot)' }, parts.join(''));
  }

  #segment({ kind, color, isOpen, x, width }: PlacedSegment): string {
    const own = this.#palette[color];
    return svgTag('rect', {
      x: this.#plot.x + x,
      width,
      ...SHAPES[kind],
      fill: kind === 'wait' ? 'url(#wait)' : kind === 'expected' ? 'none' : own,
      stroke: kind === 'expected' ? own : undefined,
      'fill-opacity': isOpen ? 0.7 : undefined,
    });
  }

  #label({ text, note, side, x, room }: PlacedLabel): string {
    const isAtEnd = side === 'left' || side === 'inside' || side === 'beyond-right';
    const left = Math.floor(room / CHARACTER_WIDTH) - text.length - 1;
    const hasNote = note !== undefined && left >= MIN_NOTE;
    const place = { x: this.#plot.x + x, y: BELOW_TEXT, 'text-anchor': isAtEnd ? 'end' : undefined };
    // Lines stop before it, and bars between its words too.
    const width = side === 'inside' ? 10 : 3;
    const halo = { 'paint-order': 'stroke', stroke: this.#palette.surface, 'stroke-width': width };
    const content = [
      side === 'beyond-left' ? '‹ ' : '',
      svgText(text),
      hasNote ? this.#aside(shorten(note, left)) : '',
      side === 'beyond-right' ? ' ›' : '',
    ].join('');
    return svgTag('text', { ...place, 'font-size': 11, fill: this.#palette.text, ...halo }, content);
  }

  /** A text that stands back behind the one before it. */
  #aside(text: string): string {
    return svgTag('tspan', { dx: 6, fill: this.#palette.dim }, svgText(text));
  }
}

function middleOf(row: number): number {
  return (row + 0.5) * ROW_HEIGHT;
}
