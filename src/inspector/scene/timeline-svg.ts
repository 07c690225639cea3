import { count, formatDuration, shorten } from '../../explain/format.ts';
import type { RunView } from '../view/run-view.ts';
import { DETAIL_SIZE, wrapText } from './graph-text.ts';
import { LIGHT, type Palette } from './palette.ts';
import { stateOf, STATES } from './step-states.ts';
import { svgPicture, svgTag, svgText } from './svg-text.ts';
import { TimeScale, type TimeSpan } from './time-scale.ts';
import { SvgAxis } from './timeline-svg-axis.ts';
import { BELOW_TEXT, ROW_HEIGHT, SvgRows } from './timeline-svg-rows.ts';
import { type OpenSteps, type TimelineRow, timelineRows } from './timeline-rows.ts';
import { TimelineScene } from './timeline-scene.ts';
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

/** A timeline that is ready to be drawn. Pixels of its scale count from where the plot begins, right of the names. */
export interface TimelinePicture {
  readonly scene: TimelineScene;
  readonly rows: readonly TimelineRow[];
  readonly times: RunTimes;
  readonly scale: TimeScale;
  readonly width: number;
}

/** More rows than this are no picture any more: the first ones are drawn. */
export const MAX_SVG_ROWS = 2_000;
const HEAD_HEIGHT = 64;
const LINE_HEIGHT = 18;
const MARGIN = 12;
const NAMES = { share: 0.3, most: 320 };
/** Left of the first tick, and right of the end for labels. */
const PLOT_PADDING = { left: 8, right: 84 };
/** What the signs mean. */
const LEGEND =
  'hatched: ready, but waiting · thin: between attempts · underlined: critical path · dashed: did not start · upright line: usual end';

/** The timeline of a run as a picture. */
export function timelineSvgOf(view: RunView, options: TimelineSvgOptions = {}): string {
  const { palette = LIGHT, width = 1200, isFolded = false, nowMs = view.nowMs ?? view.durationMs } = options;
  const times = timesOf(view, nowMs);
  const { collapsed, open, window = times.extent } = options;
  const rows = timelineRows(view, { ...(collapsed && { collapsed }), ...(open && { open }) });
  const pixels = { from: PLOT_PADDING.left, to: plotOf(width).width - PLOT_PADDING.right };
  const scale = new TimeScale(window, pixels, isFolded ? idleGaps(view, times) : []);
  return renderTimelineSvg({ scene: new TimelineScene(view), rows, times, scale, width }, palette);
}

/** Draws it. */
export function renderTimelineSvg(picture: TimelinePicture, palette: Palette): string {
  const { scene, width } = picture;
  const rows = picture.rows.slice(0, MAX_SVG_ROWS);
  const notDrawn = picture.rows.length - rows.length;
  const legend = wrapText(LEGEND, width - 2 * MARGIN, DETAIL_SIZE);
  const lines = notDrawn > 0 ? [`${count(notDrawn, 'further row')} not drawn.`, ...legend] : legend;
  const rowsHeight = rows.length * ROW_HEIGHT;
  const height = HEAD_HEIGHT + rowsHeight + MARGIN + lines.length * LINE_HEIGHT + MARGIN / 2;
  const plot = { ...plotOf(width), height: rowsHeight };
  const axis = new SvgAxis(picture.scale, plot, palette);
  const drawn = new SvgRows({ ...picture, rows }, plot, palette);
  const title = titleOf(scene.view);
  const content = [
    svgTag('defs', {}, drawn.definitions()),
    svgTag('text', { x: MARGIN, y: 24, 'font-size': 15, 'font-weight': 600, fill: palette.text }, svgText(title)),
    svgTag('g', { transform: `translate(0 ${HEAD_HEIGHT})` }, [axis.draw(), drawn.links(), ...drawn.rows()].join('\n')),
    ...lines.map((line, at) => {
      const y = HEAD_HEIGHT + rowsHeight + MARGIN + at * LINE_HEIGHT + BELOW_TEXT;
      return svgTag('text', { x: MARGIN, y, 'font-size': DETAIL_SIZE, fill: palette.dim }, svgText(line));
    }),
  ];
  const { verdict: description } = scene.view;
  return svgPicture({ title, description, width, height, background: palette.surface }, content);
}

function plotOf(width: number): { x: number; width: number } {
  const x = Math.round(Math.min(NAMES.most, width * NAMES.share));
  return { x, width: width - x - MARGIN };
}

function titleOf(view: RunView): string {
  const { planName, strategy, durationMs } = view;
  const ended = STATES[stateOf(view)].words;
  const name = `${planName ?? 'run'}${strategy === undefined ? '' : ` (${strategy})`}`;
  return `${shorten(name, 80)}: ${ended} after ${formatDuration(durationMs)}`;
}
