import type { JSX } from 'preact';
import { stateOf } from '../../scene/step-states.ts';
import type { CompareView, PathStep } from '../../view/compare-view.ts';
import type { RunView } from '../../view/run-view.ts';
import { Panel, Some } from '../report/panel.tsx';
import { PathChain } from '../report/path-chain.tsx';
import { showName, showSentence, showText } from '../ui/texts.ts';
import { shown } from '../url-state.ts';
import { ChooseOther, isNamed, useOtherRuns } from './choose-other.tsx';
import { useComparison } from './load-comparison.ts';
import { Sides } from './sides.tsx';
import { StepRows } from './step-rows.tsx';
import { Waterfall } from './waterfall.tsx';

const MAX_LINES = 12;

/** A run beside one before it, or beside the median of many. */
export function Compare({ run }: { readonly run: RunView }): JSX.Element {
  const { with: other } = shown.value;
  const runs = useOtherRuns(run);
  // What is usual is asked for only where there is something: it is no fault that there is not.
  const canCompare = run.lastSuccess !== undefined || isNamed(other);
  const loaded = useComparison(run, other, canCompare);
  const isLoading = canCompare && loaded?.other !== other;
  return (
    <article class={`compare ${isLoading ? 'is-loading' : ''}`} aria-busy={isLoading}>
      {(canCompare || runs.length > 0) && <ChooseOther run={run} runs={runs} other={other} />}
      {isLoading && !loaded && <p class="loading">Comparing …</p>}
      {!canCompare && (
        <p class="notice" role="status">
          No earlier run of {run.planName ? showName(run.planName) : 'this plan'} succeeded
          {runs.length > 0 ? ': choose another run.' : ', and there is no other run of it to compare with.'}
        </p>
      )}
      {canCompare && loaded?.fault !== undefined && (
        <p class="notice" role="status">
          {showText(loaded.fault)}
        </p>
      )}
      {canCompare && loaded?.view && <Compared view={loaded.view} run={run} />}
    </article>
  );
}

function Compared({ view, run }: { readonly view: CompareView; readonly run: RunView }): JSX.Element {
  const { waterfall, before, after } = view;
  const outcome = before.kind === 'run' ? before.outcome : 'success';
  // What ended otherwise is neither better nor worse for having taken less time.
  const isAlike = outcome !== undefined && outcome === after.outcome;
  return (
    <div class={isAlike ? '' : 'is-unlike'}>
      <h2 class="summary">{showSentence(view.summary)}</h2>
      <div class="columns">
        <section class="panel">
          <Sides view={view} state={stateOf(run)} />
        </section>
        {waterfall && (
          <Panel title="where the change comes from">
            <Waterfall waterfall={waterfall} />
          </Panel>
        )}
      </div>
      <StepRows view={view} />
      {view.criticalPath && <Paths {...view.criticalPath} />}
      <div class="columns">
        <Lines title="the plan" lines={view.planChanges} />
        <Lines title="not compared" lines={view.limits} />
      </div>
    </div>
  );
}

function Lines({ title, lines }: { readonly title: string; readonly lines: readonly string[] }): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <Panel title={title}>
      <Some of={lines} most={MAX_LINES}>
        {(line) => <li key={line}>{showText(line)}</li>}
      </Some>
    </Panel>
  );
}

/** Both critical paths; the steps that one has alone are marked. */
function Paths({ before, after }: NonNullable<CompareView['criticalPath']>): JSX.Element | null {
  if (before.length + after.length === 0) return null;
  const isSame = before.map(({ name }) => name).join('\n') === after.map(({ name }) => name).join('\n');
  return (
    <Panel title="critical path" beside={isSame && <small>the same steps as before</small>}>
      {!isSame && (
        <div class="path">
          <span class="label">before</span>
          <PathChain steps={marked(before, after)} label="Critical path before" />
        </div>
      )}
      <div class="path">
        {!isSame && <span class="label">this run</span>}
        <PathChain steps={marked(after, before)} label="Critical path of this run" />
      </div>
    </Panel>
  );
}

function marked(
  own: readonly PathStep[],
  other: readonly PathStep[],
): (PathStep & { key: string | undefined; isOther: boolean })[] {
  const names = new Set(other.map(({ name }) => name));
  return own.map(({ name, durationMs, key }) => ({ name, durationMs, key, isOther: !names.has(name) }));
}
