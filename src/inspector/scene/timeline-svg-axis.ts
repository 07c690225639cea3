import { formatDuration } from '../../explain/format.ts';
import type { Palette } from './palette.ts';
import { svgTag, svgText } from './svg-text.ts';
import type { TimeScale } from './time-scale.ts';

/** Where the plot is, in pixels: from the top of the first row. */
export interface SvgPlot {
  readonly x: number;
  readonly width: number;
  readonly height: number;
}

const LABEL_Y = -8;
const LABEL_SIZE = 11;

/** Times above the rows and lines behind them. */
export class SvgAxis {
  readonly #scale: TimeScale;
  readonly #plot: SvgPlot;
  readonly #palette: Palette;

  constructor(scale: TimeScale, plot: SvgPlot, palette: Palette) {
    this.#scale = scale;
    this.#plot = plot;
    this.#palette = palette;
  }

  draw(): string {
    const pixels = { from: 0, to: this.#plot.width };
    return [
      ...this.#scale.folds(pixels).map(({ x, width, fromMs, toMs }) => this.#fold(x, width, toMs - fromMs)),
      ...this.#scale.ticks(pixels).map(({ x, label }) => this.#tick(x, label)),
    ].join('\n');
  }

  #tick(x: number, label: string): string {
    const { line } = this.#palette;
    return this.#line(x, { stroke: line }) + this.#label(x, label);
  }

  /** A band with broken edges. */
  #fold(x: number, width: number, ms: number): string {
    const { raised, dim } = this.#palette;
    const edge = { stroke: dim, 'stroke-dasharray': '3 3' };
    return [
      svgTag('rect', { x: this.#plot.x + x, y: 0, width, height: this.#plot.height, fill: raised }),
      this.#line(x, edge),
      this.#line(x + width, edge),
      this.#label(x + width / 2, `${formatDuration(ms)} idle`, { 'font-style': 'italic' }),
    ].join('');
  }

  #line(x: number, look: Record<string, string>): string {
    const at = this.#plot.x + x;
    return svgTag('line', { x1: at, y1: -4, x2: at, y2: this.#plot.height, ...look });
  }

  #label(x: number, text: string, look: Record<string, string> = {}): string {
    const place = { x: this.#plot.x + x, y: LABEL_Y, 'text-anchor': 'middle', 'font-size': LABEL_SIZE };
    return svgTag('text', { ...place, fill: this.#palette.dim, ...look }, svgText(text));
  }
}
