import type { JSX } from 'preact';
import { Link } from '../ui/link.tsx';
import { showName, showText } from '../ui/texts.ts';
import { selected } from '../url-state.ts';
import { partsOf, type StepFinder } from './step-finder.ts';

interface StepLinkProps {
  readonly name: string;
  /** Of the step; a name without one is shown as it is. */
  readonly stepKey: string | undefined;
}

/** The name of a step, which selects it. */
export function StepLink({ name, stepKey }: StepLinkProps): JSX.Element {
  const shown = showName(name) || '(no name)';
  if (stepKey === undefined) return <span class="step-name">{shown}</span>;
  const target = `step:${stepKey}`;
  return (
    <Link to={{ selected: target }} class={`step-link ${selected.value === target ? 'is-selected' : ''}`}>
      {shown}
    </Link>
  );
}

interface StepTextProps {
  readonly text: string;
  /** Tools that it is about. */
  readonly toolIds: readonly string[];
  readonly finder: StepFinder;
}

/** A text in which the names of steps select them. */
export function StepText({ text, toolIds, finder }: StepTextProps): JSX.Element {
  return (
    <>
      {partsOf(text, toolIds, finder).map(({ text, key }, at) =>
        key === undefined ? showText(text) : <StepLink key={at} name={text} stepKey={key} />,
      )}
    </>
  );
}
