import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import type { StepView } from '../../view/run-view.ts';
import { nowMs } from '../shown-run.ts';
import { formatUsual } from '../ui/texts.ts';
import { Step } from './parts.tsx';

/** E.g. `rank has been running for 12 s, usually 3.4 s`. Drawn again with each tick of the clock. */
export function RunningStep({ step }: { readonly step: StepView }): JSX.Element {
  const { state, startMs = 0, usualMs } = step;
  const ms = Math.max(0, nowMs.value - startMs);
  const isRunning = state === 'running';
  return (
    <span class={isRunning && usualMs !== undefined && ms > usualMs ? 'is-overdue' : ''}>
      <Step step={step} /> {isRunning ? `has been running for ${formatDuration(ms)}` : 'had not ended'}
      {usualMs !== undefined && `, ${formatUsual({ medianMs: usualMs })}`}
    </span>
  );
}
