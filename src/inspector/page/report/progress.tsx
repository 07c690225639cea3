import type { JSX } from 'preact';
import type { RunView } from '../../view/run-view.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { showSentence } from '../ui/texts.ts';
import { StepLink } from '../ui/step-link.tsx';
import { Some } from './panel.tsx';
import type { StepFinder } from './step-finder.ts';

const MAX_NAMES = 30;

/** Planned tools that succeeded, and the others with what became of them: to be copied, for whoever does the rest. */
export function Progress({ run, finder }: { readonly run: RunView; readonly finder: StepFinder }): JSX.Element {
  const { done, notDone } = run.explanation;
  const lines = (): string => notDone.map(({ toolId, reason }) => `${toolId}\t${reason}`).join('\n');
  return (
    <>
      <h3>
        not done <span class="count">{notDone.length}</span>
        <CopyButton text={() => notDone.map(({ toolId }) => toolId).join('\n')} what="the names of what is not done">
          names
        </CopyButton>
        <CopyButton text={lines} what="what is not done, with reasons">
          with reasons
        </CopyButton>
      </h3>
      <Some of={notDone} most={MAX_NAMES / 2}>
        {({ toolId, reason }) => (
          <li key={toolId}>
            <StepLink name={finder.key(toolId) ?? toolId} stepKey={finder.key(toolId)} />{' '}
            <span class="dim">{showSentence(reason)}</span>
          </li>
        )}
      </Some>
      {done.length > 0 && (
        <div class="is-names">
          <h3>
            done <span class="count">{done.length}</span>
            <CopyButton text={() => done.join('\n')} what="the names of what is done">
              names
            </CopyButton>
          </h3>
          <Some of={done} most={MAX_NAMES}>
            {(toolId) => (
              <li key={toolId}>
                <StepLink name={toolId} stepKey={finder.key(toolId)} />
              </li>
            )}
          </Some>
        </div>
      )}
    </>
  );
}
