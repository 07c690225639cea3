import type { JSX } from 'preact';
import type { TimeRow } from '../../view/run-view.ts';
import { ShareBar } from '../ui/share-bar.tsx';
import { showSentence } from '../ui/texts.ts';
import { Some } from './panel.tsx';
import type { StepFinder } from './step-finder.ts';
import { StepText } from './step-text.tsx';

const MAX_TIMES = 5;

interface TimesProps {
  readonly rows: readonly TimeRow[];
  readonly finder: StepFinder;
}

/** What took time, each with its share of the run, and what would save some of it. */
export function Times({ rows, finder }: TimesProps): JSX.Element {
  return (
    <Some of={rows} most={MAX_TIMES}>
      {({ text, toolIds, share, saving }) => (
        <li key={text} class="bar-row">
          <span>
            <StepText text={text} toolIds={toolIds} finder={finder} />
          </span>
          <span class="value">{showSentence(saving)}</span>
          {share > 0 && <ShareBar share={share} color="accent" />}
        </li>
      )}
    </Some>
  );
}
