import { formatDuration } from '../format.ts';

/** A number of two runs: before, after, and what lies between. */
export interface Change {
  readonly before: number;
  readonly after: number;
  /** `after - before`. */
  readonly change: number;
  /** `after / before`; undefined where there was nothing before. */
  readonly ratio: number | undefined;
}

/** In whatever unit both have. */
export function changeOf(before: number, after: number): Change {
  return { before, after, change: after - before, ratio: before > 0 ? after / before : undefined };
}

/** From nanoseconds to milliseconds; the difference is taken while the numbers are whole. */
export function changeMs(beforeNs: number, afterNs: number): Change {
  return { ...changeOf(beforeNs / 1e6, afterNs / 1e6), change: (afterNs - beforeNs) / 1e6 };
}

/** `4.20 s longer`, `12 ms shorter`. */
export function formatLonger({ change }: Pick<Change, 'change'>): string {
  return `${formatDuration(Math.abs(change))} ${change < 0 ? 'shorter' : 'longer'}`;
}

/** `+52 %`, `-8 %`, `13 times`; empty for what is next to nothing, or where there was nothing before. */
export function formatRatio({ ratio }: Pick<Change, 'ratio'>): string {
  if (ratio === undefined) return '';
  if (ratio >= 10) return `${Math.round(ratio)} times`;
  const percent = Math.round((ratio - 1) * 100);
  return percent === 0 ? '' : `${percent > 0 ? '+' : ''}${percent} %`;
}
