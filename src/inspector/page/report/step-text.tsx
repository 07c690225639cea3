import type { JSX } from 'preact';
import { StepLink } from '../ui/step-link.tsx';
import { showSentence } from '../ui/texts.ts';
import { partsOf, type StepFinder } from './step-finder.ts';

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
        key === undefined ? showSentence(text) : <StepLink key={at} name={text} stepKey={key} />,
      )}
    </>
  );
}
