import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { formatDuration } from '../../../explain/format.ts';
import { nameStep } from '../../../explain/tell/name-step.ts';
import type { RunView } from '../../view/run-view.ts';
import { Failures } from '../details/failures.tsx';
import { failedSteps } from '../details/selection.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { showText } from '../ui/texts.ts';
import { Differences } from './differences.tsx';
import { Faults, Times } from './findings.tsx';
import { groupRows } from './group-rows.ts';
import { InnerRuns } from './inner-runs.tsx';
import { Panel, Some } from './panel.tsx';
import { Parallelism } from './parallelism.tsx';
import { PathChain } from './path-chain.tsx';
import { Progress } from './progress.tsx';
import { StepFinder } from './step-finder.ts';
import { StepText } from './step-text.tsx';
import { WhatIf } from './what-if.tsx';

const MAX_LINES = 10;

/** What the explanation of a run says beside its verdict, which stands above every view. */
export function Report({ run }: { readonly run: RunView }): JSX.Element {
  const finder = useMemo(() => new StepFinder(run), [run]);
  const told = new Map(run.sections.map(({ title, lines }) => [title, lines]));
  /** The lines of a section; it is told then. */
  const take = (title: string): readonly string[] | undefined => {
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
          <Faults run={run} finder={finder} lines={wrong} />
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
              <DataFaults run={run} lines={data} finder={finder} />
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
              <InnerRuns run={run} lines={inner} />
            </Panel>
          )}
          {Array.from(told, ([title, lines]) => (
            <Panel key={title} title={title}>
              <Some of={lines} most={MAX_LINES}>
                {(line) => <li key={line}>{showText(line)}</li>}
              </Some>
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

interface DataFaultsProps {
  readonly run: RunView;
  readonly lines: readonly string[];
  readonly finder: StepFinder;
}

/** References that found nothing, and data that is read without a dependency. */
function DataFaults({ run, lines, finder }: DataFaultsProps): JSX.Element {
  const undeclared = run.edges.flatMap(({ from, to, kind, isDeclared }) =>
    kind === 'data' && !isDeclared ? [run.steps[to]?.toolId ?? '', run.steps[from]?.toolId ?? ''] : [],
  );
  const unresolved = run.steps.flatMap(({ toolId, mappings }) =>
    mappings.some(({ resolved }) => !resolved) ? toolId : [],
  );
  const toolIds = [...new Set([...undeclared, ...unresolved])];
  return (
    <Some of={lines} most={MAX_LINES}>
      {(line) => (
        <li key={line}>
          <StepText text={line} toolIds={toolIds.filter((toolId) => line.includes(toolId))} finder={finder} />
        </li>
      )}
    </Some>
  );
}
