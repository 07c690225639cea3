import type { ExplainedStep, Explanation } from '../../explain/explain-run.ts';
import { formatDuration } from '../../explain/format.ts';
import { nameStep } from '../../explain/tell/name-step.ts';

/** A step in words; nothing is escaped yet. */
export interface StepLine {
  readonly name: string;
  readonly duration: string;
  /** Empty for one that waited for nothing but what it needs. */
  readonly waited: string;
  /** `critical` for one of the critical path, empty where that is not known. */
  readonly slack: string;
}

/** Waits below this, or below this share of the run, are not worth a cell. */
const MIN_WAIT_MS = 1;
const MIN_WAIT_SHARE = 0.02;

/** Steps by how long they took, the longest first. Skipped ones took no time and are left out. */
export function stepLines({ steps, durationMs: runMs }: Explanation): { step: ExplainedStep; line: StepLine }[] {
  const minWaitMs = Math.max(MIN_WAIT_MS, runMs * MIN_WAIT_SHARE);
  return steps
    .filter(({ durationMs, waitMs, isCritical }) => durationMs > 0 || waitMs > 0 || isCritical)
    .toSorted((a, b) => b.durationMs - a.durationMs)
    .map((step) => ({ step, line: lineOf(step, minWaitMs) }));
}

function lineOf(step: ExplainedStep, minWaitMs: number): StepLine {
  const { durationMs, waitMs, waitReason, isCritical, slackMs } = step;
  const why = waitReason === undefined || waitReason === 'unknown' ? '' : ` (${waitReason})`;
  return {
    name: nameStep(step),
    duration: formatDuration(durationMs),
    waited: waitMs >= minWaitMs ? `${formatDuration(waitMs)}${why}` : '',
    slack: isCritical ? 'critical' : slackMs === undefined ? '' : formatDuration(slackMs),
  };
}
