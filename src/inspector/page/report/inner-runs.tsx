import type { JSX } from 'preact';
import type { RunView } from '../../view/run-view.ts';
import { Link } from '../ui/link.tsx';
import { Mark } from '../ui/state.tsx';
import { showPlan } from '../ui/texts.ts';
import { StepLink } from '../ui/step-link.tsx';
import { Some } from './panel.tsx';

const MAX_LINES = 10;

/** Runs that steps of this run started: how each went, and a way into those of its own steps. */
export function InnerRuns({ run }: { readonly run: RunView }): JSX.Element {
  const started = run.steps.flatMap(({ key, runs }) => runs.map((inner) => ({ key, inner })));
  return (
    <Some of={started} most={MAX_LINES}>
      {({ key, inner }) => (
        <li key={inner.runSpanId}>
          <Mark state={inner.outcome ?? 'unfinished'} />{' '}
          <Link to={{ run: inner.runSpanId, selected: '', zoom: '', open: '', collapsed: '' }}>
            open {showPlan(inner.planName)}
          </Link>{' '}
          <small>
            started by <StepLink name={key} stepKey={key} />
          </small>
        </li>
      )}
    </Some>
  );
}
