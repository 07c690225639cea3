import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import type { State } from '../../scene/step-states.ts';
import type { AttemptView, RunView, StepView } from '../../view/run-view.ts';
import { nowMs } from '../shown-run.ts';
import { Link } from '../ui/link.tsx';
import { Mark } from '../ui/state.tsx';
import { showText } from '../ui/texts.ts';
import { Inside } from './inside.tsx';
import { At, ErrorText, Facts, Head, List, Step } from './parts.tsx';
import { RawSpan } from './raw-span.tsx';

interface AttemptProps {
  readonly run: RunView;
  readonly step: StepView;
  readonly attempt: AttemptView;
}

export function AttemptDetails({ run, step, attempt }: AttemptProps): JSX.Element {
  const { spanId, backoffMs, startMs } = attempt;
  return (
    <>
      <Head kind="Attempt" name={`${attempt.attempt} of ${step.key}`} state={stateOfAttempt(run, attempt)} />
      <ErrorText text={attempt.error} />
      <Facts
        facts={[
          ['Step', <Step step={step} />],
          ['Took', tookOf(run, attempt)],
          ['Started', <At run={run} ms={startMs} />],
          ['Pause before', backoffMs !== undefined && backoffMs > 0 && formatDuration(backoffMs)],
        ]}
      />
      <Inside spanId={spanId} spans={step.spanCount} />
      <RawSpan spanId={spanId} spans={step.spanCount} />
    </>
  );
}

/** Attempts of a step, each a link. */
export function AttemptList({ run, attempts }: Pick<AttemptProps, 'run'> & Pick<StepView, 'attempts'>): JSX.Element {
  return (
    <List
      items={attempts}
      item={(attempt) => (
        <>
          <Link class="name-link" to={{ selected: `attempt:${attempt.spanId}` }}>
            <Mark state={stateOfAttempt(run, attempt)} />
            attempt {attempt.attempt}
          </Link>{' '}
          <small>{tookOf(run, attempt)}</small>
          {attempt.error !== undefined && <p class="dim">{showText(attempt.error)}</p>}
        </>
      )}
    />
  );
}

function stateOfAttempt({ state }: RunView, { outcome, endMs }: AttemptView): State {
  if (endMs === undefined) return state === 'interrupted' ? 'interrupted' : 'running';
  return outcome ?? 'unknown';
}

function tookOf({ state }: RunView, { startMs, endMs }: AttemptView): string {
  if (endMs !== undefined) return formatDuration(endMs - startMs);
  return state === 'running' ? `so far ${formatDuration(Math.max(0, nowMs.value - startMs))}` : 'had not ended';
}
