import type { RunView, StepView } from '../view/run-view.ts';
import type { TimeSpan } from './time-scale.ts';

/** Where all that a run has is on the time axis, as it is known at a moment. */
export interface RunTimes {
  readonly nowMs: number;
  /** By step: its start; of one that has none, the earliest that it could have: when the last known dependency ended, or is going to. */
  readonly start: Float64Array;
  /** By step: its end, so far; of one that is still to come, when it is going to end if it takes as long as usual. */
  readonly end: Float64Array;
  /** From the first start to the last end. */
  readonly extent: TimeSpan;
}

/** @param nowMs how far the run is, where it goes on */
export function timesOf(view: RunView, nowMs: number): RunTimes {
  const { steps, groups, strategy } = view;
  const isLive = view.state === 'running';
  const [start, end] = [new Float64Array(steps.length), new Float64Array(steps.length)];
  const extent = { fromMs: 0, toMs: Math.max(view.durationMs, isLive ? nowMs : 0) };
  /** When the last step of a tool ends, as far as is known. */
  const lastEnd = new Map<string, number>();
  let [group, groupOpens, groupEnds]: [number | undefined, number, number] = [undefined, 0, 0];
  for (const [index, step] of steps.entries()) {
    if (step.group !== group) [group, groupOpens] = [step.group, groupEnds];
    // Tools of a serial plan wait for the ones before without saying so.
    const opens = strategy === 'serial' ? groupOpens : 0;
    const ready = step.dependsOn.reduce((last, toolId) => Math.max(last, lastEnd.get(toolId) ?? 0), opens);
    const isToCome = isLive && step.state === 'planned';
    const from = step.startMs ?? (isToCome ? Math.max(ready, nowMs) : ready);
    const to = step.startMs === undefined ? from + (isToCome ? (step.usualMs ?? 0) : 0) : endOf(step, view, nowMs);
    const ends = step.state === 'running' ? Math.max(to, from + (step.usualMs ?? 0)) : to;
    start[index] = from;
    end[index] = to;
    lastEnd.set(step.toolId, Math.max(lastEnd.get(step.toolId) ?? 0, ends));
    groupEnds = Math.max(groupEnds, ends);
    extent.fromMs = Math.min(extent.fromMs, from);
    extent.toMs = Math.max(extent.toMs, ends);
  }
  for (const { startMs = 0, endMs = 0 } of groups) {
    extent.fromMs = Math.min(extent.fromMs, startMs);
    extent.toMs = Math.max(extent.toMs, endMs);
  }
  return { nowMs, start, end, extent };
}

/** The end of what has started; of what has not ended, as far as it is known. */
export function endOf(
  { startMs = 0, endMs }: Pick<StepView, 'startMs' | 'endMs'>,
  { state, durationMs }: RunView,
  nowMs: number,
): number {
  return Math.max(startMs, endMs ?? (state === 'running' ? nowMs : durationMs));
}

/** The least part of the axis that a gap has to be to be worth folding. */
const MIN_GAP = 0.04;

/** Times in which nothing ran, long enough to be folded, in order. None at the end of a run that goes on: something may start any time. */
export function idleGaps({ steps, state }: RunView, { start, end, extent }: RunTimes): TimeSpan[] {
  const ran = [...steps.keys()].filter((index) => steps[index]!.startMs !== undefined);
  ran.sort((a, b) => start[a]! - start[b]!);
  const gaps: TimeSpan[] = [];
  let until = extent.fromMs;
  const add = (toMs: number): void => {
    if (toMs - until > (extent.toMs - extent.fromMs) * MIN_GAP) gaps.push({ fromMs: until, toMs });
  };
  for (const index of ran) {
    add(start[index]!);
    until = Math.max(until, end[index]!);
  }
  if (state !== 'running' && ran.length > 0) add(extent.toMs);
  return gaps;
}
