import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatDuration } from '../../../explain/format.ts';
import { nameStep } from '../../../explain/tell/name-step.ts';
import type { LineView, RunView } from '../../view/run-view.ts';
import { Failures } from '../details/failures.tsx';
import { failedSteps } from '../details/selection.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Differences } from './differences.tsx';
import { groupRows } from './group-rows.ts';
import { InnerRuns } from './inner-runs.tsx';
import { Lines } from './lines.tsx';
import { Panel } from './panel.tsx';
import { Parallelism } from './parallelism.tsx';
import { PathChain } from './path-chain.tsx';
import { Progress } from './progress.tsx';
import { StepFinder } from './step-finder.ts';
import { Times } from './times.tsx';
import { WhatIf } from './what-if.tsx';

/** What the explanation of a run says beside its verdict, which stands above every view. */
export function Report({ run }: { readonly run: RunView }): JSX.Element {
  const finder = useMemo(() => new StepFinder(run), [run]);
  const told = new Map(run.sections.map(({ title, lines }) => [title, lines]));
  /** The lines of a section; it is told then. */
  const take = (title: string): readonly LineView[] | undefined => {
    const lines = told.get(title);
    told.delete(title);
    return lines;
  };
  const [wrong, , planned, progress] = [
    'what is wrong',
    'what took time',
    'planned and actual',
    'done and not done',
  ].map(take);
  const [parallel, , data, inner] = ['parallelism', 'what if', 'data flow', 'runs inside'].map(take);
  const { differences, notDone, times, whatIf } = run.explanation;
  const hasEnded = run.state === 'ended';
  const { planned: toolCount, seen } = run.completeness;
  return (
    <article class="report">
      <p class="report-head">
        <span>{run.sections.length === 0 && 'There is nothing more to say than the verdict.'}</span>
        <CopyButton text={run.markdown} what="the report as Markdown">
          Copy as Markdown
        </CopyButton>
      </p>
      {(failedSteps(run).length > 0 || run.error !== undefined) && (
        <Panel title="what failed">
          <Failures run={run} />
        </Panel>
      )}
      {wrong && (
        <Panel title="what is wrong">
          <Lines lines={wrong} finder={finder} class="fault" />
        </Panel>
      )}
      <CriticalPath run={run} />
      <div class="columns">
        <div>
          {times.length > 0 && (
            <Panel title="what took time">
              <Times rows={times} finder={finder} />
            </Panel>
          )}
          {(planned || differences.length > 0) && (
            <Panel
              title="planned and actual"
              beside={
                toolCount > 0 && (
                  <small>
                    {seen} of {toolCount} planned steps seen
                  </small>
                )
              }
            >
              <Differences run={run} finder={finder} />
            </Panel>
          )}
          {hasEnded && (parallel || groupRows(run).length > 0) && (
            <Panel title="parallelism">
              <Parallelism run={run} />
            </Panel>
          )}
          {data && (
            <Panel title="data flow">
              <Lines lines={data} finder={finder} />
            </Panel>
          )}
        </div>
        <div>
          {(progress || notDone.length > 0) && (
            <Panel title="done and not done">
              <Progress run={run} finder={finder} />
            </Panel>
          )}
          {hasEnded && whatIf.length > 0 && (
            <Panel title="what if" beside={<small>replayed from what was measured</small>}>
              <WhatIf run={run} rows={whatIf} finder={finder} />
            </Panel>
          )}
          {inner && (
            <Panel title="runs inside">
              <Lines lines={inner} finder={finder} />
              <InnerRuns run={run} />
            </Panel>
          )}
          {Array.from(told, ([title, lines]) => (
            <Panel key={title} title={title}>
              <Lines lines={lines} finder={finder} />
            </Panel>
          ))}
        </div>
      </div>
    </article>
  );
}

function CriticalPath({ run }: { readonly run: RunView }): JSX.Element | null {
  const { criticalPath, durationMs } = run;
  if (!criticalPath || criticalPath.steps.length < 2) return null;
  const steps = criticalPath.steps.flatMap((at) => {
    const step = run.steps[at];
    if (!step) return [];
    const { key, startMs = 0, endMs = startMs } = step;
    return { name: nameStep(step), key, durationMs: endMs - startMs };
  });
  return (
    <Panel
      title="critical path"
      beside={
        <small>
          {formatDuration(criticalPath.ms)} of {formatDuration(durationMs)}
        </small>
      }
    >
      <PathChain steps={steps} label="Steps of the critical path" />
    </Panel>
  );
}
