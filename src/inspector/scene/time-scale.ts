import { type Tick, ticksBetween } from './time-ticks.ts';

/** A part of the time axis, in milliseconds since the start of the run. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Pixels from the left edge. */
interface PixelSpan {
  readonly from: number;
  readonly to: number;
}

/** A folded part of the axis, and where it is drawn. */
export interface Fold extends TimeSpan {
  readonly x: number;
  readonly width: number;
}

/** How wide a folded part is, in pixels, however long it lasted. */
const FOLD_WIDTH = 22;
/** Shorter windows show nothing that a trace tells. */
export const MIN_WINDOW_MS = 0.001;

/**
 * Turns milliseconds into pixels and back. All parts of the axis have the same scale, but for folded ones, which have the same width each. Goes
 * on beyond both ends of the window.
 */
export class TimeScale {
  readonly window: TimeSpan;
  readonly pixels: PixelSpan;
  readonly pixelsPerMs: number;
  readonly #folds: readonly Fold[];

  /**
   * @param window what is to fill the pixels
   * @param folds parts to fold, in order, none of them empty, without overlaps. Within one of them nothing is folded: nothing would be seen
   */
  constructor(window: TimeSpan, pixels: PixelSpan, folds: readonly TimeSpan[] = []) {
    this.window = window;
    this.pixels = pixels;
    const width = Math.max(1, pixels.to - pixels.from);
    const ms = Math.max(MIN_WINDOW_MS, window.toMs - window.fromMs);
    const [start, end] = [foldedUntil(window.fromMs, folds), foldedUntil(window.fromMs + ms, folds)];
    const shownMs = ms - (end.ms - start.ms);
    if (end.folds === start.folds || shownMs < MIN_WINDOW_MS) {
      this.pixelsPerMs = width / ms;
      this.#folds = [];
      return;
    }
    const foldWidth = Math.min(FOLD_WIDTH, width / 2 / (end.folds - start.folds));
    const pixelsPerMs = (width - foldWidth * (end.folds - start.folds)) / shownMs;
    this.pixelsPerMs = pixelsPerMs;
    this.#folds = folds.map(({ fromMs, toMs }) => {
      const before = foldedUntil(fromMs, folds);
      const shown = fromMs - before.ms - (window.fromMs - start.ms);
      const x = pixels.from + shown * pixelsPerMs + (before.folds - start.folds) * foldWidth;
      return { fromMs, toMs, x, width: foldWidth };
    });
  }

  x(ms: number): number {
    const fold = this.#folds.findLast(({ fromMs }) => fromMs < ms);
    if (fold && ms < fold.toMs) return fold.x + ((ms - fold.fromMs) / (fold.toMs - fold.fromMs)) * fold.width;
    const from = this.#after(fold);
    return from.x + (ms - from.ms) * this.pixelsPerMs;
  }

  ms(x: number): number {
    const fold = this.#folds.findLast((fold) => fold.x < x);
    if (fold && x < fold.x + fold.width) return fold.fromMs + ((x - fold.x) / fold.width) * (fold.toMs - fold.fromMs);
    const from = this.#after(fold);
    return from.ms + (x - from.x) / this.pixelsPerMs;
  }

  /** Parts that are folded, as far as they are between two pixels. */
  folds({ from, to }: PixelSpan): Fold[] {
    return this.#folds.filter(({ x, width }) => x + width > from && x < to);
  }

  /** Times worth naming between two pixels, as far apart as their labels need; none within folds. */
  ticks({ from, to }: PixelSpan): Tick[] {
    return ticksBetween(this, from, to);
  }

  /** A point of the part that goes on after a fold; without one, of the part before the first. */
  #after(fold: Fold | undefined): { readonly ms: number; readonly x: number } {
    if (fold) return { ms: fold.toMs, x: fold.x + fold.width };
    const [first] = this.#folds;
    return first ? { ms: first.fromMs, x: first.x } : { ms: this.window.fromMs, x: this.pixels.from };
  }
}

/** How much of the time before a moment is folded, and in how many folds: one that has not ended counts in part. */
function foldedUntil(ms: number, folds: readonly TimeSpan[]): { ms: number; folds: number } {
  const sum = { ms: 0, folds: 0 };
  for (const { fromMs, toMs } of folds) {
    const foldedMs = Math.max(0, Math.min(ms, toMs) - fromMs);
    sum.ms += foldedMs;
    sum.folds += foldedMs / (toMs - fromMs);
  }
  return sum;
}
