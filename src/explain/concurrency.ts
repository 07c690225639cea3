import { ran } from './facts.ts';
import type { StepGraph } from './step-graph.ts';

/** Some steps, in the order in which they started, and in which they ended. */
export interface Ordered {
  readonly byStart: ArrayLike<number>;
  readonly byEnd: ArrayLike<number>;
}

/** When some steps ran, starts and ends each in order of time. */
export interface Intervals {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/**
 * When some steps ran, without those that last no time.
 *
 * @param moveEndsNs by how much later than known each is to end
 * @param from when each is to start; default: when it did
 */
export function intervalsOf(
  { byStart, byEnd }: Ordered,
  { start, end }: StepGraph,
  moveEndsNs: number,
  from: Float64Array = start,
): Intervals {
  const starts = new Float64Array(byStart.length);
  const ends = new Float64Array(byEnd.length);
  let [started, ended] = [0, 0];
  for (let at = 0; at < byStart.length; at += 1) {
    const [first, last] = [byStart[at]!, byEnd[at]!];
    if (end[first]! + moveEndsNs > start[first]!) starts[started++] = from[first]!;
    if (end[last]! + moveEndsNs > start[last]!) ends[ended++] = end[last]! + moveEndsNs;
  }
  return { starts: sorted(starts.subarray(0, started)), ends: ends.subarray(0, ended) };
}

function sorted(values: Float64Array): Float64Array {
  for (let at = 1; at < values.length; at += 1) if (values[at]! < values[at - 1]!) return values.toSorted();
  return values;
}

/** Most of the intervals at once. */
export function peakOf({ starts, ends }: Intervals): number {
  let [running, peak] = [0, 0];
  for (let [next, ended] = [0, 0]; next < starts.length;) {
    if (starts[next]! < ends[ended]!) {
      running += 1;
      if (running > peak) peak = running;
      next += 1;
    } else {
      running -= 1;
      ended += 1;
    }
  }
  return peak;
}

/** How long there was at least one of the intervals. */
export function busyTimeOf({ starts, ends }: Intervals): number {
  let [busyNs, since] = [0, 0];
  for (let at = 0; at < ends.length; at += 1) {
    // Nothing runs where all that started so far have ended.
    if (at === 0 || starts[at]! >= ends[at - 1]!) since = starts[at]!;
    if (at + 1 === ends.length || starts[at + 1]! >= ends[at]!) busyNs += ends[at]! - since;
  }
  return busyNs;
}

/** Steps that did something. */
export function thoseThatRan({ steps, byStart, byEnd }: StepGraph): { byStart: Int32Array; byEnd: Int32Array } {
  const didRun = (step: number): boolean => ran(steps[step]!);
  return steps.every(ran) ? { byStart, byEnd } : { byStart: byStart.filter(didRun), byEnd: byEnd.filter(didRun) };
}

/** When as many steps were running as ever ran at once. */
export class BusyTimes {
  /** How many that were. */
  readonly peak: number;
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  /** Steps that ran, by their end. */
  readonly #byEnd: Int32Array;
  readonly #end: Float64Array;
  readonly #clockNs: number;
  /** Between two steps nobody is idle for so long. */
  readonly #momentNs: number;

  constructor(graph: StepGraph, clockNs: number, momentNs: number) {
    this.#end = graph.end;
    this.#clockNs = clockNs;
    this.#momentNs = momentNs;
    const ordered = thoseThatRan(graph);
    this.#byEnd = ordered.byEnd;
    // Ends may be late by what starts were early, so that steps seem to overlap that followed each other.
    const peak = peakOf(intervalsOf(ordered, graph, -clockNs));
    this.peak = peak;
    // And they may be early, so that a step may have run until later than it says.
    const { starts, ends } = intervalsOf(ordered, graph, clockNs);
    let running = 0;
    for (let [next, ended] = [0, 0]; ended < ends.length;) {
      if (next < starts.length && starts[next]! < ends[ended]!) {
        running += 1;
        if (running === peak) this.#open(starts[next]!);
        next += 1;
      } else {
        if (running === peak) this.#to.push(ends[ended]!);
        running -= 1;
        ended += 1;
      }
    }
  }

  #open(at: number): void {
    const last = this.#to.at(-1);
    if (last !== undefined && at - last <= this.#momentNs) this.#to.pop();
    else this.#from.push(at);
  }

  /** Whether that was so from the one time to the other, but for moments between two steps. */
  covers(fromNs: number, toNs: number): boolean {
    const last = countUpTo(this.#from, fromNs + this.#momentNs + this.#clockNs) - 1;
    return last >= 0 && this.#to[last]! >= toNs - this.#momentNs;
  }

  /** The step that ended last, not after this time; -1 without one. */
  endedBefore(atNs: number, self: number): number {
    const byEnd = this.#byEnd;
    let [low, high] = [0, byEnd.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#end[byEnd[middle]!]! <= atNs + this.#clockNs) low = middle + 1;
      else high = middle;
    }
    const found = byEnd[low - 1] ?? -1;
    return found === self ? (byEnd[low - 2] ?? -1) : found;
  }
}

function countUpTo(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
