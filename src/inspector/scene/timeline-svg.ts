import { count, formatDuration, shorten } from '../../explain/format.ts';
import type { RunView } from '../view/run-view.ts';
import { LIGHT, type Palette } from './palette.ts';
import { STATES } from './step-states.ts';
import { svgNumber as n, svgText } from './svg-text.ts';
import { TimeScale, type TimeSpan } from './time-scale.ts';
import { criticalLinks } from './timeline-links.ts';
import { type PlacedBar, type PlacedSegment, placeBar } from './timeline-place.ts';
import { type OpenSteps, type TimelineRow, timelineRows } from './timeline-rows.ts';
import { type DrawnRow, TimelineScene } from './timeline-scene.ts';
import { idleGaps, type RunTimes, timesOf } from './timeline-times.ts';

export interface TimelineSvgOptions {
  readonly palette?: Palette;
  /** Of the whole picture, in pixels; default 1200. */
  readonly width?: number;
  /** The part of the time axis that is shown; default all of it. */
  readonly window?: TimeSpan;
  /** Whether long times in which nothing ran are folded. */
  readonly isFolded?: boolean;
  readonly collapsed?: ReadonlySet<number>;
  readonly open?: OpenSteps;
  /** How far the run is; default as far as its description says. */
  readonly nowMs?: number;
}

/** A timeline that is ready to be drawn. */
export interface TimelinePicture {
  readonly scene: TimelineScene;
  readonly rows: readonly TimelineRow[];
  readonly times: RunTimes;
  /** In pixels of the plot, which begins right of the names. */
  readonly scale: TimeScale;
  readonly width: number;
}

/** More rows than this are no picture any more: the first ones are drawn. */
export const MAX_SVG_ROWS = 2_000;
const ROW_HEIGHT = 22;
const HEAD_HEIGHT = 64;
const FOOT_HEIGHT = 34;
const PADDING = 12;
/** Left of the first tick, and right of the end for labels. */
const PLOT_PADDING = { left: 8, right: 84 };
const CHARACTER_WIDTH = 6.7;
const INDENT = 14;

/** The timeline of a run as a picture. */
export function timelineSvgOf(view: RunView, options: TimelineSvgOptions = {}): string {
  const { palette = LIGHT, width = 1200, isFolded = false, nowMs = view.nowMs ?? view.durationMs } = options;
  const times = timesOf(view, nowMs);
  const { collapsed, open, window = times.extent } = options;
  const rows = timelineRows(view, { ...(collapsed && { collapsed }), ...(open && { open }) });
  const pixels = { from: PLOT_PADDING.left, to: width - nameWidthOf(width) - PADDING - PLOT_PADDING.right };
  const scale = new TimeScale(window, pixels, isFolded ? idleGaps(view, times) : []);
  return renderTimelineSvg({ scene: new TimelineScene(view), rows, times, scale, width }, palette);
}

/** A picture that stands alone: no style sheet, no script, nothing to load. */
export function renderTimelineSvg(picture: TimelinePicture, palette: Palette): string {
  const { scene, width } = picture;
  const { view } = scene;
  const rows = picture.rows.slice(0, MAX_SVG_ROWS);
  const height = HEAD_HEIGHT + rows.length * ROW_HEIGHT + FOOT_HEIGHT;
  const title = svgText(titleOf(view));
  const draw = new Drawing({ ...picture, rows }, palette);
  const cut = picture.rows.length - rows.length;
  const foot = cut > 0 ? `${count(cut, 'further row')} not drawn. ` : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${n(width)}" height="${n(height)}" viewBox="0 0 ${n(width)} ${n(height)}" role="img" font-family="system-ui, 'Segoe UI', Roboto, sans-serif" font-size="12">
<title>${title}</title>
<desc>${svgText(view.verdict)}</desc>
${hatch(palette)}
<rect width="100%" height="100%" fill="${palette.surface}"/>
<text x="${PADDING}" y="24" font-size="15" font-weight="600" fill="${palette.text}">${title}</text>
${draw.axis()}
${draw.links()}
${rows.map((row, at) => draw.row(row, at)).join('\n')}
<text x="${PADDING}" y="${n(height - 12)}" fill="${palette.dim}">${svgText(foot + LEGEND)}</text>
</svg>
`;
}

const LEGEND =
  'hatched: waited with all it needs · thin: between attempts · underlined: critical path · dashed: did not start · thin upright line: usual end';

function titleOf({ planName, strategy, outcome, state, durationMs }: RunView): string {
  const ended = state === 'ended' ? STATES[outcome ?? 'unknown'].words : state;
  const name = `${planName ?? 'run'}${strategy === undefined ? '' : ` (${strategy})`}`;
  return `${shorten(name, 80)}: ${ended} after ${formatDuration(durationMs)}`;
}

function nameWidthOf(width: number): number {
  return Math.round(Math.min(320, width * 0.3));
}

function hatch({ wait }: Palette): string {
  return `<defs><pattern id="wait" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2.5" height="6" fill="${wait}"/></pattern></defs>`;
}

/** The middle of a row. */
function middle(row: number): string {
  return n(HEAD_HEIGHT + (row + 0.5) * ROW_HEIGHT);
}

class Drawing {
  readonly #picture: TimelinePicture;
  readonly #palette: Palette;
  readonly #nameWidth: number;
  readonly #plotWidth: number;
  readonly #bottom: number;

  constructor(picture: TimelinePicture, palette: Palette) {
    this.#picture = picture;
    this.#palette = palette;
    this.#nameWidth = nameWidthOf(picture.width);
    this.#plotWidth = picture.width - this.#nameWidth - PADDING;
    this.#bottom = HEAD_HEIGHT + picture.rows.length * ROW_HEIGHT;
  }

  axis(): string {
    const { scale } = this.#picture;
    const { line, dim, raised } = this.#palette;
    const pixels = { from: 0, to: this.#plotWidth };
    const height = this.#bottom - HEAD_HEIGHT;
    const folds = scale.folds(pixels).map(({ x, width, fromMs, toMs }) => {
      const middle = n(this.#x(x + width / 2));
      return `<rect x="${n(this.#x(x))}" y="${HEAD_HEIGHT}" width="${n(width)}" height="${height}" fill="${raised}"/><text x="${middle}" y="${HEAD_HEIGHT - 8}" text-anchor="middle" font-size="11" font-style="italic" fill="${dim}">+${formatDuration(toMs - fromMs)}</text>`;
    });
    const ticks = scale.ticks(pixels).map(({ x, label }) => {
      const at = n(this.#x(x));
      return `<path d="M${at} ${HEAD_HEIGHT - 4}V${this.#bottom}" stroke="${line}"/><text x="${at}" y="${HEAD_HEIGHT - 8}" text-anchor="middle" font-size="11" fill="${dim}">${label}</text>`;
    });
    return [...folds, ...ticks].join('\n');
  }

  links(): string {
    const { scene, rows, times, scale } = this.#picture;
    const paths = criticalLinks(scene.view, rows, times).map(({ fromRow, toRow, fromMs, toMs }) => {
      const [from, to] = [scale.x(fromMs), scale.x(toMs)];
      if (Math.max(from, to) < 0 || Math.min(from, to) > this.#plotWidth) return '';
      return `M${n(this.#x(from))} ${middle(fromRow)}V${middle(toRow)}H${n(this.#x(to))}`;
    });
    return `<path d="${paths.join('')}" fill="none" stroke="${this.#palette.critical}" stroke-opacity="0.6"/>`;
  }

  row(row: TimelineRow, at: number): string {
    const { scene, times, scale } = this.#picture;
    const drawn = scene.draw(row, times);
    const placed = drawn.bar && placeBar(drawn.bar, drawn.label, scale, this.#plotWidth);
    return `<g transform="translate(0 ${HEAD_HEIGHT + at * ROW_HEIGHT})"><title>${svgText(scene.describe(row, times))}</title>${this.#name(row, drawn)}${placed ? this.#bar(placed) : ''}</g>`;
  }

  #name({ level, kind }: TimelineRow, { name, detail, state }: DrawnRow): string {
    const { text, dim } = this.#palette;
    const x = PADDING + (Math.min(level, MAX_INDENT) - 1) * INDENT;
    const room = Math.floor((this.#nameWidth - x - 20) / CHARACTER_WIDTH);
    const shown = shorten(name, Math.max(8, room));
    const rest = room - shown.length - 2;
    const look = state && STATES[state];
    const mark = look ? `<text x="${n(x)}" y="15" fill="${this.#palette[look.color]}">${look.mark}</text>` : '';
    const more =
      detail !== undefined && rest >= 4 ? `<tspan dx="6" fill="${dim}">${svgText(shorten(detail, rest))}</tspan>` : '';
    const weight = kind === 'group' ? ' font-weight="600"' : '';
    return `${mark}<text x="${n(x + 16)}" y="15" fill="${kind === 'note' ? dim : text}"${weight}>${svgText(shown)}${more}</text>`;
  }

  #bar({ segments, point, usualX, critical, label }: PlacedBar): string {
    const { text, dim, surface } = this.#palette;
    const parts = segments.map((segment) => this.#segment(segment));
    if (critical)
      parts.push(
        `<rect x="${n(this.#x(critical.x))}" y="18" width="${n(critical.width)}" height="2.5" fill="${this.#palette.critical}"/>`,
      );
    if (usualX !== undefined)
      parts.push(`<path d="M${n(this.#x(usualX))} 2V20" stroke="${text}" stroke-opacity="0.55" stroke-width="1.5"/>`);
    if (point) {
      const [color, x] = [this.#palette[point.color], n(this.#x(point.x))];
      const isSkip = point.kind === 'skip';
      parts.push(
        `<path d="M${x} 6l5 5l-5 5l-5 -5z" fill="${isSkip ? color : 'none'}" stroke="${color}"${isSkip ? '' : ' stroke-dasharray="2 1.5"'}/>`,
      );
    }
    if (label) {
      const isAtEnd = label.side === 'left' || label.side === 'inside' || label.side === 'beyond-right';
      const room = Math.floor(label.room / CHARACTER_WIDTH);
      const note = label.note === undefined ? '' : shorten(label.note, Math.max(1, room - label.text.length - 2));
      const hasNote = note.length > 3 && room - label.text.length > 6;
      const more = hasNote ? `<tspan dx="6" fill="${dim}">${svgText(note)}</tspan>` : '';
      const edge = label.side === 'inside' ? ` paint-order="stroke" stroke="${surface}" stroke-width="3"` : '';
      parts.push(
        `<text x="${n(this.#x(label.x))}" y="15" font-size="11"${isAtEnd ? ' text-anchor="end"' : ''} fill="${text}"${edge}>${SIDES[label.side]?.[0] ?? ''}${svgText(label.text)}${more}${SIDES[label.side]?.[1] ?? ''}</text>`,
      );
    }
    return parts.join('');
  }

  #segment({ kind, color, isOpen, x, width }: PlacedSegment): string {
    const { y, height, rest } = SHAPES[kind];
    const fill = kind === 'wait' ? 'url(#wait)' : kind === 'expected' ? 'none' : this.#palette[color];
    const dashed = kind === 'expected' ? ` stroke="${this.#palette[color]}" stroke-dasharray="3 2"` : '';
    return `<rect x="${n(this.#x(x))}" y="${y}" width="${n(width)}" height="${height}" fill="${fill}"${rest}${dashed}${isOpen ? ' fill-opacity="0.7"' : ''}/>`;
  }

  #x(x: number): number {
    return this.#nameWidth + x;
  }
}

const SHAPES: Readonly<Record<PlacedSegment['kind'], { y: number; height: number; rest: string }>> = {
  wait: { y: 7, height: 8, rest: '' },
  work: { y: 4, height: 13, rest: ' rx="2"' },
  between: { y: 10, height: 2, rest: '' },
  expected: { y: 4.5, height: 12, rest: ' rx="2"' },
  group: { y: 8, height: 5, rest: ' rx="2"' },
  span: { y: 6, height: 9, rest: ' rx="1"' },
};
/** What points to a bar that is beyond an edge. */
const SIDES: Readonly<Record<string, readonly [string, string]>> = {
  'beyond-left': ['‹ ', ''],
  'beyond-right': ['', ' ›'],
};
/** Deeper rows are not indented further: there would be no room for their names. */
const MAX_INDENT = 8;
