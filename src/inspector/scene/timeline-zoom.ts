import { MIN_WINDOW_MS, TimeScale, type TimeSpan } from './time-scale.ts';

/** A part of the time axis as it stands in the address, e.g. `1200-3400.5`; undefined for what is none. */
export function parseZoom(text: string): TimeSpan | undefined {
  const [, from, to] = /^(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const [fromMs, toMs] = [Number(from), Number(to)];
  return toMs - fromMs >= MIN_WINDOW_MS ? { fromMs, toMs } : undefined;
}

/** As exact as can be seen. */
export function formatZoom({ fromMs, toMs }: TimeSpan): string {
  const decimals = Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(toMs - fromMs))));
  return `${Number(fromMs.toFixed(decimals))}-${Number(toMs.toFixed(decimals))}`;
}

/**
 * The window after zooming.
 *
 * @param x the pixel whose time stays where it is
 * @param factor below 1 to see less, above 1 to see more
 */
export function zoomAt(
  scale: TimeScale,
  x: number,
  factor: number,
  extent: TimeSpan,
  folds: readonly TimeSpan[],
): TimeSpan {
  const at = scale.ms(x);
  const { fromMs, toMs } = scale.window;
  const window = { fromMs: at - (at - fromMs) * factor, toMs: at + (toMs - at) * factor };
  if (window.toMs - window.fromMs < MIN_WINDOW_MS) return scale.window;
  // Folds have the same width at each zoom: what is between them moves a little.
  const zoomed = new TimeScale(window, scale.pixels, folds);
  return panBy(zoomed, zoomed.x(at) - x, extent);
}

/** The window after moving to the right by some pixels. */
export function panBy(scale: TimeScale, byX: number, extent: TimeSpan): TimeSpan {
  const { from, to } = scale.pixels;
  return keepWithin({ fromMs: scale.ms(from + byX), toMs: scale.ms(to + byX) }, extent);
}

/** Moved, and cut if need be, so that it shows nothing but what there is. */
export function keepWithin({ fromMs, toMs }: TimeSpan, extent: TimeSpan): TimeSpan {
  const length = Math.min(toMs - fromMs, extent.toMs - extent.fromMs);
  const from = Math.min(Math.max(fromMs, extent.fromMs), extent.toMs - length);
  return { fromMs: from, toMs: from + length };
}
