import type { JSX } from 'preact';
import { count, formatDuration } from '../../../explain/format.ts';
import { halfTime } from '../../../explain/tell/tell-saving.ts';
import { isWrong } from '../../scene/step-states.ts';
import { modeOf } from '../../scene/texts.ts';
import { hasWaited } from '../../scene/timeline-words.ts';
import type { RunView, StepView } from '../../view/run-view.ts';
import { NOTHING } from '../address.ts';
import { nowMs } from '../shown-run.ts';
import { isSavedFile } from '../source.ts';
import { DurationAgainstUsual } from '../ui/duration.tsx';
import { Link } from '../ui/link.tsx';
import { Mark } from '../ui/state.tsx';
import { showName, showPlan, showSentence } from '../ui/texts.ts';
import { AttemptList } from './attempt-details.tsx';
import { Inside } from './inside.tsx';
import { MappingTable } from './mapping-table.tsx';
import { At, ErrorText, Facts, Head, List, Section, Step, ToolLink } from './parts.tsx';
import { RawSpan } from './raw-span.tsx';

interface StepProps {
  readonly run: RunView;
  readonly step: StepView;
  /** Index of the step. */
  readonly at: number;
}

export function StepDetails({ run, step, at }: StepProps): JSX.Element {
  const { attempts, spanId, spanCount } = step;
  return (
    <>
      <Head kind="Step" name={step.key} state={step.state} />
      {step.reason !== undefined && <p class="reason">{showSentence(step.reason)}</p>}
      <ErrorText text={step.error} />
      <StepFacts run={run} step={step} />
      {attempts.length > 0 && (
        <Section title={count(step.attemptCount ?? attempts.length, 'attempt')}>
          <AttemptList run={run} attempts={attempts} />
        </Section>
      )}
      <Neighbours run={run} step={step} at={at} />
      <MappingTable outputMapping={step.outputMapping} mappings={step.mappings} />
      {step.runs.length > 0 && (
        <Section title="Runs that it started">
          <InnerRuns run={run} step={step} />
        </Section>
      )}
      {spanId !== undefined && spanCount > 0 && <Inside spanId={spanId} spans={spanCount} />}
      {spanId !== undefined && <RawSpan spanId={spanId} spans={spanCount + 1} />}
    </>
  );
}

function StepFacts({ run, step }: Omit<StepProps, 'at'>): JSX.Element {
  const group = step.group === undefined ? undefined : run.groups[step.group];
  const caller = step.parent === undefined ? undefined : run.steps[step.parent];
  return (
    <Facts
      facts={[
        hasRun(step)
          ? ['Took', <Took step={step} startMs={step.startMs} />]
          : ['Usually', step.usualMs !== undefined && formatDuration(step.usualMs)],
        ['Started', step.startMs !== undefined && <At run={run} ms={step.startMs} />],
        ['Waited', hasWaited(step) && <Waited run={run} step={step} />],
        [
          'Waited longest for',
          step.lastDependency && (
            <>
              <ToolLink run={run} {...step.lastDependency} />
              {step.lastDependency.ms > 0 && ` (${formatDuration(step.lastDependency.ms)})`}
            </>
          ),
        ],
        ['Critical path', step.isCritical && 'on it: if it takes longer, so does the run'],
        [
          'Slack',
          step.slackMs !== undefined &&
            !step.isCritical &&
            `${formatDuration(step.slackMs)} longer would not have made the critical path longer`,
        ],
        ['Saving', step.savesMs > 0 && run.state === 'ended' && !isWrong(step.state) && halfTime(step.savesMs)],
        ['Type', step.toolType !== 'unknown' && step.toolType && showName(step.toolType)],
        [
          'Group',
          group && (
            <>
              <Link to={{ selected: `group:${group.groupIndex}` }}>group {group.groupIndex}</Link>, {modeOf(group)}
            </>
          ),
        ],
        ['Called by', caller && <Step step={caller} />],
        ['Pass', step.iteration > 1 && step.iteration],
        ['Plan', !step.isPlanned && 'not in the plan'],
      ]}
    />
  );
}

function hasRun(step: StepView): step is StepView & { readonly startMs: number } {
  return step.startMs !== undefined && step.state !== 'skip';
}

function Took({ step, startMs }: { readonly step: StepView; readonly startMs: number }): JSX.Element {
  const { endMs, usualMs, state } = step;
  const isRunning = state === 'running';
  const untilMs = isRunning ? nowMs.value : endMs;
  if (untilMs === undefined) return <>unknown: its end did not arrive</>;
  return (
    <>
      {isRunning && 'so far '}
      <DurationAgainstUsual
        ms={Math.max(0, untilMs - startMs)}
        usual={usualMs === undefined ? undefined : { medianMs: usualMs }}
      />
    </>
  );
}

const WAITS: Readonly<Record<string, string>> = {
  dependency: ' for a dependency',
  group: ' for the groups before its own',
  slot: ' for a free slot',
  unknown: ', reason unknown',
};

function Waited({ run, step }: Omit<StepProps, 'at'>): JSX.Element {
  return (
    <>
      {formatDuration(step.waitMs)}
      {WAITS[step.waitReason ?? 'unknown']}
      {step.waitedFor !== undefined && (
        <>
          , until <ToolLink run={run} {...step.waitedFor} /> ended
        </>
      )}
    </>
  );
}

/** What it needs, and what needs it. */
function Neighbours({ run, step, at }: StepProps): JSX.Element {
  const needs = run.edges.filter(({ to }) => to === at);
  const neededBy = run.edges.filter(({ from }) => from === at);
  const known = new Set(needs.map(({ from }) => run.steps[from]?.toolId));
  const missing = step.dependsOn.filter((toolId) => !known.has(toolId));
  const nameOf = (other: number): string => run.steps[other]?.key ?? '';
  const line = (edge: (typeof needs)[number], other: number): JSX.Element => (
    <>
      {run.steps[other] && <Step step={run.steps[other]} />}{' '}
      <Link class="edge-link" to={{ selected: `edge:${nameOf(edge.from)}>${nameOf(edge.to)}` }}>
        {edge.kind}
        {edge.isCritical && ', critical'}
      </Link>
    </>
  );
  return (
    <>
      {needs.length + missing.length > 0 && (
        <Section title={`Needs ${needs.length + missing.length}`}>
          {needs.length > 0 && <List items={needs} item={(edge) => line(edge, edge.from)} />}
          {missing.length > 0 && (
            <List items={missing} item={(toolId) => `${showName(toolId)}, which this run does not have`} />
          )}
        </Section>
      )}
      {neededBy.length > 0 && (
        <Section title={`Needed by ${neededBy.length}`}>
          <List items={neededBy} item={(edge) => line(edge, edge.to)} />
        </Section>
      )}
    </>
  );
}

function InnerRuns({ run, step }: Omit<StepProps, 'at'>): JSX.Element {
  return (
    <List
      items={step.runs}
      item={({ runSpanId, planName, outcome }) => {
        const name = showPlan(planName);
        return (
          <>
            <Mark state={outcome ?? 'unknown'} />{' '}
            {isSavedFile ? name : <Link to={{ ...NOTHING, traceId: run.traceId, run: runSpanId }}>{name}</Link>}
          </>
        );
      }}
    />
  );
}
