import type { JSX } from 'preact';
import { count, formatDuration } from '../../../explain/format.ts';
import { stateOf } from '../../scene/step-states.ts';
import type { RunView } from '../../view/run-view.ts';
import { NOTHING } from '../address.ts';
import { isSavedFile } from '../source.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Instant } from '../ui/instant.tsx';
import { Link } from '../ui/link.tsx';
import { formatUsual, showName, showSentence } from '../ui/texts.ts';
import { Failures } from './failures.tsx';
import { ErrorText, Facts, Head, List, Section, Step, ToolLink } from './parts.tsx';
import { RawSpan } from './raw-span.tsx';
import { RemoveTrace } from './remove-trace.tsx';
import { RunningStep } from './running-step.tsx';
import { failedSteps, stepOfTool } from './selection.ts';

export function RunDetails({ run }: { readonly run: RunView }): JSX.Element {
  const { findings } = run.explanation;
  const failed = failedSteps(run).length;
  return (
    <>
      <Head kind="Run" name={run.planName ?? ''} state={run.runSpanId === '' ? undefined : stateOf(run)} />
      <RunningNow run={run} />
      {failed > 0 ? (
        <Section title={failed === 1 ? 'Failed' : `Failed: ${failed}, the first one on top`}>
          <Failures run={run} />
        </Section>
      ) : (
        <ErrorText text={run.error} />
      )}
      {findings.length > 0 && (
        <Section title="Findings" copy={{ text: findings.map(({ text }) => text).join('\n'), what: 'the findings' }}>
          <List
            items={findings}
            item={({ text }) => (
              <>
                {showSentence(text)}
                <small>{savingOf(run, text)}</small>
              </>
            )}
          />
        </Section>
      )}
      <DoneAndNotDone run={run} />
      <CriticalPath run={run} />
      <Section title="Run">
        <RunFacts run={run} />
        {!isSavedFile && <RemoveTrace traceId={run.traceId} />}
      </Section>
      <RawSpan spanId={run.runSpanId} spans={run.totalSpans} />
    </>
  );
}

function savingOf({ explanation }: RunView, found: string): string {
  const { saving } = explanation.times.find(({ text }) => text === found) ?? {};
  return saving ? showSentence(` · ${saving}`) : '';
}

function RunningNow({ run }: { readonly run: RunView }): JSX.Element | null {
  if (run.state !== 'running' && run.state !== 'interrupted') return null;
  const steps = run.steps.filter(({ state }) => state === run.state);
  return (
    <Section title={run.state === 'running' ? 'Running now' : 'Interrupted while running'}>
      {steps.length === 0 ? <p>No step.</p> : <List items={steps} item={(step) => <RunningStep step={step} />} />}
    </Section>
  );
}

function DoneAndNotDone({ run }: { readonly run: RunView }): JSX.Element {
  const { done, notDone } = run.explanation;
  return (
    <>
      {notDone.length > 0 && (
        <Section
          title={`Not done: ${notDone.length}`}
          copy={{
            text: notDone.map(({ toolId, reason }) => `${toolId}: ${reason}`).join('\n'),
            what: 'what is not done',
          }}
        >
          <List
            items={notDone}
            item={({ toolId, reason }) => (
              <>
                <ToolLink run={run} toolId={toolId} />{' '}
                <span class="dim">
                  {showSentence(reason)}
                  {usuallyOf(run, toolId)}
                </span>
              </>
            )}
          />
        </Section>
      )}
      {done.length > 0 && (
        <Section title={`Done: ${done.length}`} copy={{ text: done.join('\n'), what: 'what is done' }}>
          <details>
            <summary>{count(done.length, 'step')}</summary>
            <List items={done} item={(toolId) => <ToolLink run={run} toolId={toolId} />} />
          </details>
        </Section>
      )}
    </>
  );
}

/** How long a step that may still run usually takes: that is what whoever waits for it asks. */
function usuallyOf(run: RunView, toolId: string): string {
  const { state = 'unknown', usualMs } = stepOfTool(run, toolId) ?? {};
  const mayRun = state === 'running' || state === 'interrupted' || (state === 'no span' && run.state !== 'ended');
  return mayRun && usualMs !== undefined ? `, ${formatUsual({ medianMs: usualMs })}` : '';
}

function CriticalPath({ run }: { readonly run: RunView }): JSX.Element | null {
  const { criticalPath } = run;
  const steps = criticalPath?.steps.flatMap((at) => run.steps[at] ?? []) ?? [];
  if (!criticalPath || steps.length === 0) return null;
  return (
    <Section
      title={`Critical path: ${formatDuration(criticalPath.ms)}`}
      copy={{ text: steps.map(({ key }) => key).join(' > '), what: 'the critical path' }}
    >
      <List
        items={steps}
        item={(step) => (
          <>
            <Step step={step} /> <small>{formatDuration((step.endMs ?? 0) - (step.startMs ?? 0))}</small>
          </>
        )}
      />
    </Section>
  );
}

function RunFacts({ run }: { readonly run: RunView }): JSX.Element {
  const { completeness, lastSuccess, services } = run;
  const hosts = [...new Set(services.flatMap(({ host }) => host ?? []))];
  return (
    <Facts
      facts={[
        ['Strategy', run.strategy],
        ['Started', <Instant atMs={run.startedAtMs} />],
        ['Took', run.nowMs === undefined && formatDuration(run.durationMs)],
        [
          'Usual',
          run.usual &&
            `${formatDuration(run.usual.medianMs)}, the median of ${count(run.usual.runs, 'successful run')}`,
        ],
        [
          'Planned',
          completeness.planned > 0
            ? `${completeness.seen} of ${completeness.planned} steps seen`
            : 'unknown: no plan arrived',
        ],
        ['Groups', run.groups.length || undefined],
        ['Spans', run.totalSpans.toLocaleString('en')],
        ['Other spans', run.otherSpans > 0 && `${run.otherSpans.toLocaleString('en')} outside any step`],
        ['Host', hosts.map(showName).join(', ')],
        [
          'Last success',
          lastSuccess && !isSavedFile && (
            <Link to={{ ...NOTHING, traceId: lastSuccess.traceId, run: lastSuccess.runSpanId }}>
              {lastSuccess.traceId.slice(0, 8)}…
            </Link>
          ),
        ],
        ['Run id', run.runId !== undefined && <Id id={run.runId} what="the run id" />],
        ['Trace id', <Id id={run.traceId} what="the trace id" />],
        ['Span id', run.runSpanId !== '' && <Id id={run.runSpanId} what="the span id" />],
      ]}
    />
  );
}

function Id({ id, what }: { readonly id: string; readonly what: string }): JSX.Element {
  return (
    <>
      <code>{showName(id)}</code>
      <CopyButton text={id} what={what} />
    </>
  );
}
