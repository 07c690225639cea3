import { useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
// These two before others: a bundle that holds what is alike side by side is smaller by 350 bytes.
import { Details } from '../details/details.tsx';
import { RunTabs, VIEW_NAMES, VIEWS } from './run-tabs.tsx';
import { stateOf, STATES } from '../../scene/step-states.ts';
import type { RunView } from '../../view/run-view.ts';
import { useKeys } from '../keys.ts';
import { isPaused, togglePause } from '../load-run.ts';
import { runList } from '../run-list/load-list.ts';
import { backToList } from '../run-list/way-back.ts';
import { shownRun } from '../shown-run.ts';
import { isSavedFile } from '../source.ts';
import { ErrorBoundary } from '../ui/error-boundary.tsx';
import { showPlan } from '../ui/texts.ts';
import { selected, show, shown, view } from '../url-state.ts';
import { LiveBar } from './live-bar.tsx';
import { NoRun } from './no-run.tsx';
import { RunHead } from './run-head.tsx';
import { isDetailsOpen, Split } from './split.tsx';

/** One run: what it is, then one of its views with details beside it. */
export function RunPage(): JSX.Element {
  const run = shownRun.value;
  useSignalEffect(() => {
    const { value } = shownRun;
    document.title = value ? titleOf(value) : 'orchestrace Inspector';
  });
  useSignalEffect(() => {
    // Whoever selects something wants to see it.
    if (selected.value !== '') isDetailsOpen.value = true;
  });
  useLayoutEffect(() => {
    // The link in the list that led here is gone, and the focus with it.
    if (runList.peek()) document.getElementById('main')?.focus();
  }, []);
  return (
    <main class="run-page" id="main" tabIndex={-1}>
      {run ? <WholeRun run={run} /> : <NoRun />}
    </main>
  );
}

function WholeRun({ run }: { readonly run: RunView }): JSX.Element {
  const { part, View } = VIEWS[view.value];
  useRunKeys(run);
  useEffect(() => document.getElementById('view')?.scrollTo(0, 0), [view.value]);
  return (
    <>
      <ErrorBoundary part="The head of the run">
        <RunHead run={run} />
      </ErrorBoundary>
      <LiveBar run={run} />
      <RunTabs />
      <Split
        aside={
          <ErrorBoundary part="The details" key={selected.value}>
            <Details run={run} />
          </ErrorBoundary>
        }
      >
        <section class="view" role="tabpanel" id="view" aria-labelledby={`tab-${view.value}`} tabIndex={-1}>
          <ErrorBoundary part={part} key={`${view.value} ${shown.value.traceId} ${shown.value.run}`}>
            <View run={run} />
          </ErrorBoundary>
        </section>
      </Split>
    </>
  );
}

function useRunKeys(run: RunView): void {
  useKeys('Run', [
    ...VIEW_NAMES.map((name, at) => ({ keys: [String(at + 1)], does: name, run: () => show({ view: name }) })),
    {
      keys: ['Escape'],
      does: 'deselect, then close the details',
      run: () => {
        if (selected.value === '') isDetailsOpen.value = false;
        else show({ selected: '' });
      },
    },
    { keys: ['i'], does: 'details', run: () => (isDetailsOpen.value = !isDetailsOpen.value) },
    ...(isSavedFile || run.nowMs === undefined
      ? []
      : [{ keys: ['p'], does: isPaused.value ? 'resume' : 'pause', run: togglePause }]),
    ...(isSavedFile ? [] : [{ keys: ['u'], does: 'back to all runs', run: () => show(backToList()) }]),
  ]);
}

function titleOf(run: RunView): string {
  return `${STATES[stateOf(run)].mark} ${showPlan(run.planName)} · Inspector`;
}
