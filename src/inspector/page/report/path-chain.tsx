import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import { StepLink } from '../ui/step-link.tsx';

export interface ChainStep {
  readonly name: string;
  readonly key: string | undefined;
  readonly durationMs: number;
  /** Whether another chain does not have it. */
  readonly isOther?: boolean;
}

/** Of a longer chain the middle is left out at first. */
const MAX_STEPS = 24;

/** Steps that need each other, in order, each with what it took. */
export function PathChain({
  steps,
  label,
}: {
  readonly steps: readonly ChainStep[];
  readonly label: string;
}): JSX.Element {
  const isWhole = useSignal(steps.length <= MAX_STEPS);
  const half = MAX_STEPS / 2;
  const parts = isWhole.value ? [steps] : [steps.slice(0, half), steps.slice(-half)];
  const left = steps.length - MAX_STEPS;
  return (
    <ol class="chain" aria-label={label}>
      {parts.map((part, at) => (
        <>
          {at > 0 && (
            <li>
              <button type="button" class="button" onClick={() => (isWhole.value = true)}>
                {left} more
              </button>
            </li>
          )}
          {part.map(({ name, key, durationMs, isOther }, index) => (
            <li key={`${at} ${index}`} class={isOther ? 'is-other' : ''}>
              <StepLink name={name} stepKey={key} />
              <span class="time">{formatDuration(durationMs)}</span>
            </li>
          ))}
        </>
      ))}
    </ol>
  );
}
