import type { JSX } from 'preact';
import type { DifferenceKind } from '../../../explain/differences.ts';
import type { RunView } from '../../view/run-view.ts';
import { StepLink } from '../ui/step-link.tsx';
import { Some } from './panel.tsx';
import type { StepFinder } from './step-finder.ts';
import { StepText } from './step-text.tsx';

const KINDS: Readonly<Record<DifferenceKind, string>> = {
  not_started: 'did not start',
  no_span: 'no span arrived',
  skipped: 'skipped',
  extra: 'not in the plan',
  early: 'started too early',
  out_of_order: 'out of order',
  retried: 'retried',
  repeated: 'ran several times',
  wider: 'more at once than declared',
  narrower: 'fewer at once than possible',
};
/** Those of which the heading says all but the name. */
const NAMES_ONLY: ReadonlySet<DifferenceKind> = new Set(['not_started', 'no_span', 'extra']);
const MAX_LINES = 8;

/** Where the run was not what its plan says, by what kind of difference it is. */
export function Differences({ run, finder }: { readonly run: RunView; readonly finder: StepFinder }): JSX.Element {
  const byKind = Map.groupBy(run.explanation.differences, ({ kind }) => kind);
  return (
    <>
      {Array.from(byKind, ([kind, differences]) => {
        const isNames = NAMES_ONLY.has(kind);
        const words = kind === 'not_started' && run.state !== 'ended' ? 'without a span so far' : KINDS[kind];
        return (
          <div key={kind} class={`difference ${isNames ? 'is-names' : ''}`}>
            <h3>
              {words} <span class="count">{differences.length}</span>
            </h3>
            <Some of={differences} most={isNames ? MAX_LINES * 3 : MAX_LINES}>
              {({ toolId, text }) => (
                <li key={text}>
                  {isNames && toolId !== undefined ? (
                    <StepLink name={toolId} stepKey={finder.key(toolId)} />
                  ) : (
                    <StepText text={text} toolIds={toolId === undefined ? [] : [toolId]} finder={finder} />
                  )}
                </li>
              )}
            </Some>
          </div>
        );
      })}
    </>
  );
}
