import type { CompareView } from '../../view/compare-view.ts';

/** How the duration of the run before became that of the run after, one change after another. */
export interface Waterfall {
  readonly bars: readonly WaterfallBar[];
  /** What is drawn of the axis: changes are often small beside what a run takes. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface WaterfallBar {
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent for what a whole run took. */
  readonly changeMs?: number;
  /** Of the step that it is about. */
  readonly key?: string | undefined;
}

/** How much of the axis is left free at both ends, as a share of all changes. */
const MARGIN = 0.3;

/** Undefined where it is not known what the change comes from. */
export function waterfallOf({ totals, shares, restMs }: CompareView): Waterfall | undefined {
  const total = totals.find(({ name }) => name === 'the run');
  if (!total || shares.length === 0) return undefined;
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
