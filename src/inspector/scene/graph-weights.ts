import type { RunView, StepView } from '../view/run-view.ts';

/** The part of the critical path that is much slack. */
const MUCH = 0.5;
/** Of steps of which no slack is known. */
const UNKNOWN = 0.8;

/** How much each step decides of how long the run takes, from 0 to 1: 1 without slack, 0 with much. */
export function weightsOf({ steps, criticalPath, durationMs }: RunView): Float64Array {
  const muchMs = MUCH * (criticalPath?.ms ?? durationMs);
  return Float64Array.from(steps, (step) => weightOf(step, muchMs));
}

function weightOf({ isCritical, slackMs }: StepView, muchMs: number): number {
  if (isCritical) return 1;
  if (slackMs === undefined) return UNKNOWN;
  return muchMs > 0 ? 1 - Math.min(1, Math.max(0, slackMs / muchMs)) : UNKNOWN;
}
