import type { JSX } from 'preact';
import type { LineView } from '../../view/run-view.ts';
import { Some } from './panel.tsx';
import type { StepFinder } from './step-finder.ts';
import { StepText } from './step-text.tsx';

const MAX_LINES = 10;

interface LinesProps {
  readonly lines: readonly LineView[];
  readonly finder: StepFinder;
  /** Of each line. */
  readonly class?: string;
}

/** What there is to say, a sentence or clause each. */
export function Lines({ lines, finder, class: name = '' }: LinesProps): JSX.Element {
  return (
    <Some of={lines} most={MAX_LINES}>
      {({ text, toolIds }) => (
        <li key={text} class={name}>
          <StepText text={text} toolIds={toolIds} finder={finder} />
        </li>
      )}
    </Some>
  );
}
