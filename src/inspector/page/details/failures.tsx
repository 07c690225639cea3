import type { JSX } from 'preact';
import { count } from '../../../explain/format.ts';
import type { RunView } from '../../view/run-view.ts';
import { showName } from '../ui/texts.ts';
import { ErrorText, List, Step, ToolLink } from './parts.tsx';
import { failedSteps } from './selection.ts';

/** What failed, the root cause first, with the exact errors, and what did not run because of it. */
export function Failures({ run }: { readonly run: RunView }): JSX.Element {
  const { affected, rootCause } = run.explanation;
  const failed = failedSteps(run);
  return (
    <>
      <List
        items={failed}
        item={(step) => (
          <>
            <Step step={step} />
            <ErrorText text={step.error} />
          </>
        )}
      />
      {failed.length === 0 && <ErrorText text={run.error} />}
      {affected.length > 0 && (
        <>
          <p>
            Because of {showName(rootCause ?? 'it')}, {count(affected.length, 'step')} did not run:
          </p>
          <List class="is-names" items={affected} item={(toolId) => <ToolLink run={run} toolId={toolId} />} />
        </>
      )}
    </>
  );
}
