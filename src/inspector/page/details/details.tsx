import type { JSX } from 'preact';
import type { RunView } from '../../view/run-view.ts';
import { selected } from '../url-state.ts';
import { AttemptDetails } from './attempt-details.tsx';
import { EdgeDetails } from './edge-details.tsx';
import { GroupDetails } from './group-details.tsx';
import { Head } from './parts.tsx';
import { RunDetails } from './run-details.tsx';
import { findSelection } from './selection.ts';
import { SpanDetails } from './span-details.tsx';
import { StepDetails } from './step-details.tsx';

/** Everything that is known of what is selected; of the run, where nothing is. */
export function Details({ run }: { readonly run: RunView }): JSX.Element {
  const selection = findSelection(run, selected.value);
  switch (selection.kind) {
    case 'run':
      return <RunDetails run={run} />;
    case 'group':
      return <GroupDetails run={run} {...selection} />;
    case 'step':
      return <StepDetails run={run} {...selection} />;
    case 'attempt':
      return <AttemptDetails run={run} {...selection} />;
    case 'edge':
      return <EdgeDetails run={run} edge={selection.edge} />;
    case 'span':
      return <SpanDetails run={run} spanId={selection.spanId} />;
    case 'nothing':
      return (
        <>
          <Head kind="Nothing" name={selection.name} />
          <p>This run does not have it.</p>
        </>
      );
  }
}
