import type { CompareView, WaterfallBar, WaterfallView } from './compare-view.ts';

/** A part of the change of the duration. */
export interface Share {
  /** A clause, e.g. `rank took 3.90 s longer`. */
  readonly text: string;
  readonly changeMs: number;
  /** `StepView.key` of the step in the run after that it is about. */
  readonly key?: string | undefined;
}

/** How much of the axis is left free at both ends, as a share of all changes. */
const MARGIN = 0.3;

/**
 * Leads from one duration to the other.
 *
 * @param shares in order of time: the largest parts of the change. The others, each of which is small, are one bar
 * @returns undefined where it is not known what the change comes from
 */
export function waterfallOf(totals: CompareView['totals'], shares: readonly Share[]): WaterfallView | undefined {
  const total = totals.find(({ name }) => name === 'the run');
  if (!total || shares.length === 0) return undefined;
  const restMs = shares.reduce((rest, { changeMs }) => rest - changeMs, total.change);
  const bars: WaterfallBar[] = [{ label: 'before', fromMs: 0, toMs: total.before }];
  let ms = total.before;
  const rest = Math.abs(restMs) < 0.05 ? [] : [{ text: 'all smaller changes', changeMs: restMs, key: undefined }];
  for (const { text, changeMs, key } of [...shares, ...rest]) {
    bars.push({ label: text, fromMs: ms, toMs: ms + changeMs, changeMs, key });
    ms += changeMs;
  }
  bars.push({ label: 'this run', fromMs: 0, toMs: total.after });
  const ends = bars.map(({ toMs }) => toMs);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const margin = (most - least) * MARGIN;
  return { bars, fromMs: Math.max(0, least - margin), toMs: most + margin / 3 };
}
