import type { JSX } from 'preact';
import type { CompareView, PathStep } from '../../view/compare-view.ts';
import type { RunView } from '../../view/run-view.ts';
import { Panel, Some } from '../report/panel.tsx';
import { PathChain } from '../report/path-chain.tsx';
import { isSavedFile } from '../source.ts';
import { showText } from '../ui/texts.ts';
import { shown } from '../url-state.ts';
import { ChooseOther } from './choose-other.tsx';
import { useComparison } from './load-comparison.ts';
import { Sides } from './sides.tsx';
import { StepRows } from './step-rows.tsx';
import { Waterfall } from './waterfall.tsx';

const MAX_LINES = 12;

/** A run beside one before it, or beside the median of many. */
export function Compare({ run }: { readonly run: RunView }): JSX.Element {
  if (isSavedFile)
    return (
      <p class="notice">
        This file holds one run only. Comparing needs the others: open the Inspector with{' '}
        <code>npx orchestrace inspect</code>.
      </p>
    );
  return <Comparison run={run} />;
}

function Comparison({ run }: { readonly run: RunView }): JSX.Element {
  const other = shown.value.with;
  const loaded = useComparison(run, other);
  const isLoading = loaded?.other !== other;
  return (
    <article class={`compare ${isLoading ? 'is-loading' : ''}`} aria-busy={isLoading}>
      <ChooseOther run={run} other={other} />
      {!loaded && <p class="loading">Comparing …</p>}
      {loaded?.fault !== undefined && (
        <p class="notice" role="status">
          {showText(loaded.fault)}
        </p>
      )}
      {loaded?.view && <Compared view={loaded.view} />}
    </article>
  );
}

function Compared({ view }: { readonly view: CompareView }): JSX.Element {
  const { waterfall } = view;
  return (
    <>
      <h2 class="summary">{showText(view.summary)}</h2>
      <div class="columns">
        <section class="panel">
          <Sides view={view} />
        </section>
        {waterfall && (
          <Panel title="where the change is">
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
    </>
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
