import type { JSX } from 'preact';
import type { State } from '../../scene/step-states.ts';
import { selected } from '../url-state.ts';
import { Link } from './link.tsx';
import { Mark } from './state.tsx';
import { showName } from './texts.ts';

interface StepLinkProps {
  readonly name: string;
  /** Of the step; a name without one is shown as it is. */
  readonly stepKey: string | undefined;
  /** Of the step, where that is shown. */
  readonly state?: State;
}

/** The name of a step, which selects it. */
export function StepLink({ name, stepKey, state }: StepLinkProps): JSX.Element {
  const shown = showName(name) || '(no name)';
  if (stepKey === undefined) return <span>{shown}</span>;
  const target = `step:${stepKey}`;
  return (
    <Link to={{ selected: target }} class={`name-link ${selected.value === target ? 'is-selected' : ''}`}>
      {state && <Mark state={state} />}
      {shown}
    </Link>
  );
}
