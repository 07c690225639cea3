/** A time that is named on the axis. */
export interface Tick {
  readonly ms: number;
  readonly x: number;
  readonly label: string;
}

interface Axis {
  readonly pixelsPerMs: number;
  x(ms: number): number;
  ms(x: number): number;
  folds(pixels: { readonly from: number; readonly to: number }): readonly Fold[];
}

interface Fold {
  readonly fromMs: number;
  readonly toMs: number;
  readonly x: number;
  readonly width: number;
}

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const DECADES = [1e-3, 1e-2, 0.1, 1, 10, 100].flatMap((ms) => [ms, 2 * ms, 5 * ms]);
const DAYS = Array.from({ length: 6 }, (_, power) => DAY * 10 ** power).flatMap((ms) => [ms, 2 * ms, 5 * ms]);
/** Distances between ticks, in milliseconds. */
const STEPS = [
  ...DECADES,
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...DAYS,
];
/** Of a label, in pixels: of a character, and between two. */
const CHARACTER_WIDTH = 7;
const LABEL_GAP = 44;
/** Of half the label of a fold, in pixels: it stands in the middle of the fold, and ticks give way to it. */
const HALF_FOLD_LABEL = 34;

/** Times worth naming between two pixels, as far apart as their labels need, in one unit; none within folds. */
export function ticksBetween(axis: Axis, from: number, to: number): Tick[] {
  const [fromMs, toMs] = [axis.ms(from), axis.ms(to)];
  const most = Math.max(Math.abs(fromMs), Math.abs(toMs));
  const widthOf = (step: number): number => {
    const longest = Math.max(
      ...[fromMs, toMs].map((ms) => nameTime(Math.ceil(ms / step) * step + step, step, most).length),
    );
    return longest * CHARACTER_WIDTH + LABEL_GAP;
  };
  const step = STEPS.find((step) => step * axis.pixelsPerMs >= widthOf(step)) ?? STEPS.at(-1)!;
  const folds = axis.folds({ from, to });
  const ticks: Tick[] = [];
  for (let number = Math.ceil(fromMs / step); number * step <= toMs; number += 1) {
    const ms = Math.round(number * step * 1e6) / 1e6;
    const fold = folds.find((fold) => fold.fromMs < ms && ms < fold.toMs);
    if (fold) {
      number = Math.ceil(fold.toMs / step) - 1;
      continue;
    }
    const [x, label] = [axis.x(ms), nameTime(ms, step, most)];
    const half = (label.length * CHARACTER_WIDTH) / 2;
    const isCut = x - half < from || x + half > to;
    const isByFold = folds.some((fold) => Math.abs(fold.x + fold.width / 2 - x) < HALF_FOLD_LABEL + half);
    if (!isCut && !isByFold) ticks.push({ ms, x, label });
  }
  return ticks;
}

/** E.g. `1.5 s`, `2 min 30 s`: as exact as the step between two needs it, in the unit of the largest. */
function nameTime(ms: number, step: number, most: number): string {
  if (Math.abs(ms) < step / 2) return '0';
  const decimals = (unit: number): number => Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9));
  if (most < SECOND) return `${ms.toFixed(decimals(1))} ms`;
  const seconds = (ms: number): string => `${(ms / SECOND).toFixed(decimals(SECOND))} s`;
  if (most < MINUTE) return seconds(ms);
  const size = Math.abs(ms);
  const [hours, minutes] = [Math.floor(size / HOUR), Math.floor((size % HOUR) / MINUTE)];
  const rest = size % MINUTE;
  const parts = [hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`, rest >= step / 2 && seconds(rest)].filter(
    Boolean,
  );
  return `${ms < 0 ? '-' : ''}${parts.join(' ')}`;
}
