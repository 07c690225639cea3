import type { JSX } from 'preact';
import { stateOf, STATES } from '../../scene/step-states.ts';
import { count, formatDuration } from '../../../explain/format.ts';
import type { RunView, StepView } from '../../view/run-view.ts';
import { NOTHING } from '../address.ts';
import { RunningStep } from '../details/running-step.tsx';
import { ExportMenu } from '../export-menu.tsx';
import { isPaused, missedChanges, newestRun, togglePause } from '../load-run.ts';
import { Ago, Services } from '../run-list/run-rows.tsx';
import { nowMs } from '../shown-run.ts';
import { isSavedFile, source } from '../source.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { DurationAgainstUsual } from '../ui/duration.tsx';
import { Instant } from '../ui/instant.tsx';
import { Link } from '../ui/link.tsx';
import { StateLabel, StrategyBadge } from '../ui/state.tsx';
import { safeUrl, showName, showPlan, showSentence, showText } from '../ui/texts.ts';
import { useLoaded } from '../use-loaded.ts';

/** What every view of a run has above it: the verdict before all. */
export function RunHead({ run }: { readonly run: RunView }): JSX.Element {
  const state = stateOf(run);
  const hasRun = run.runSpanId !== '';
  const name = hasRun ? showPlan(run.planName) : 'Steps without a run';
  return (
    <header class={`run-head color-${STATES[state].color}`}>
      <div class="title-row">
        <h1 class="name-lines" title={name}>
          {name}
        </h1>
        <StrategyBadge strategy={run.strategy} />
        {isPaused.value ? <Paused /> : hasRun && <StateLabel state={state} />}
        <Actions run={run} />
      </div>
      <p class="verdict">{showSentence(run.verdict)}</p>
      {run.state === 'running' && <Slowest run={run} />}
      <Facts run={run} />
      {!hasRun && <HowToHaveRun />}
      {run.notes.length > 0 && <Notes notes={run.notes} />}
    </header>
  );
}

/** In the place of how the run stands: when it stood like this, and what came since. */
function Paused(): JSX.Element {
  const { value: run } = newestRun;
  const state = run && stateOf(run);
  const isEnded = state !== undefined && run?.nowMs === undefined;
  const been = state === 'cancellation' || state === 'interrupted' ? 'been ' : '';
  return (
    <span role="status">
      paused at {formatDuration(nowMs.value)};{' '}
      {isEnded ? `the run has since ${been}${STATES[state].words}` : `${count(missedChanges.value, 'change')} since`}
    </span>
  );
}

/** Of the steps that run, the one that has taken longest beyond what is usual for it. */
function Slowest({ run: { steps } }: { readonly run: RunView }): JSX.Element | null {
  const [step] = steps.filter(({ state }) => state === 'running').toSorted((a, b) => usualEndOf(a) - usualEndOf(b));
  if (!step) return null;
  return (
    <p class="verdict">
      <RunningStep step={step} />
    </p>
  );
}

function usualEndOf({ startMs = 0, usualMs = 0 }: StepView): number {
  return startMs + usualMs;
}

/** What to do where steps arrived and nothing of a run did. */
function HowToHaveRun(): JSX.Element {
  return (
    <p class="notice">
      Nothing of their run arrived. If it is still running, it appears here with its plan or its end. If there is none,
      wrap what runs them, <code>traceOrchestration(plan, work)</code>, or send a span above them with{' '}
      <code>orchestration.span.type</code> = <code>run</code>: then this page can tell what was planned, what is
      missing, and what decided how long it took.
    </p>
  );
}

function Actions({ run }: { readonly run: RunView }): JSX.Element {
  return (
    <div class="actions">
      {run.nowMs !== undefined && !isSavedFile && (
        <button type="button" class="button" title="Key p" onClick={togglePause}>
          {isPaused.value ? 'Resume' : 'Pause'}
        </button>
      )}
      {run.lastSuccess && !isSavedFile && (
        <Link class="button" to={{ view: 'compare', with: '' }}>
          Compare with last success
        </Link>
      )}
      <ExportMenu run={run} />
    </div>
  );
}

function Facts({ run }: { readonly run: RunView }): JSX.Element {
  const { planned, seen } = run.completeness;
  const { planName, startedAtMs, state, outcome, explanation } = run;
  const done = explanation.done.length;
  const isLess = state !== 'running' && outcome !== 'success';
  return (
    <ul class="run-facts">
      <li>
        <Elapsed run={run} />
      </li>
      {planned > 0 && (
        <>
          <li class={done < planned && isLess ? 'is-incomplete' : ''}>
            {done} of {planned} done
          </li>
          <li class={seen < planned && state !== 'running' ? 'is-incomplete' : ''}>
            {seen} of {planned} planned steps seen
          </li>
        </>
      )}
      <li>
        <Instant atMs={startedAtMs} />{' '}
        <small>
          <Ago atMs={startedAtMs} />
        </small>
      </li>
      {run.services.length > 0 && (
        <li>
          <Services services={run.services} />
        </li>
      )}
      {planName && !isSavedFile && (
        <li>
          <Link class="name-lines" to={{ ...NOTHING, plan: planName }}>
            other runs of {showName(planName)}
          </Link>
        </li>
      )}
      {run.startedBy && <StartedBy run={run} startedBy={run.startedBy} />}
      <li>
        <code title={`trace ${run.traceId}`}>{run.traceId.slice(0, 8)}…</code>
        <CopyButton text={run.traceId} what="the trace id" />
      </li>
      <OtherPlaces run={run} />
    </ul>
  );
}

interface StartedByProps {
  readonly run: RunView;
  readonly startedBy: NonNullable<RunView['startedBy']>;
}

/** The way back from a run to the step of another that started it. */
function StartedBy({ run: { traceId }, startedBy: { runSpanId, planName = '', step } }: StartedByProps): JSX.Element {
  const name = showName(planName === '' ? step : `${step} of ${planName}`);
  return (
    <li>
      <span class="label">started by</span>{' '}
      {isSavedFile ? name : <Link to={{ ...NOTHING, traceId, run: runSpanId, selected: `step:${step}` }}>{name}</Link>}
    </li>
  );
}

/** A component of its own: it alone is drawn again with each tick of the clock. */
function Elapsed({ run }: { readonly run: RunView }): JSX.Element {
  return <DurationAgainstUsual ms={run.nowMs === undefined ? run.durationMs : nowMs.value} usual={run.usual} />;
}

/** Links to other tools that have the trace. */
function OtherPlaces({ run }: { readonly run: RunView }): JSX.Element {
  // Without them the page works just as well.
  const { links = [] } = useLoaded(() => source.session(), [])?.value ?? {};
  const values: Readonly<Record<string, string>> = {
    '{trace_id}': run.traceId,
    '{start_ms}': String(Math.floor(run.startedAtMs)),
    '{end_ms}': String(Math.ceil(run.startedAtMs + run.durationMs)),
  };
  return (
    <>
      {links.map(({ name, url }) => {
        const address = safeUrl(url.replaceAll(/\{\w+\}/g, (place) => values[place] ?? place));
        return address === undefined ? null : (
          <li key={name}>
            <a href={address} target="_blank" rel="noopener noreferrer">
              {name} <span aria-hidden="true">↗</span>
            </a>
          </li>
        );
      })}
    </>
  );
}

/** So many notes are in sight; more of them are folded. */
const FEW_NOTES = 1;

function Notes({ notes }: { readonly notes: readonly string[] }): JSX.Element {
  const lines = notes.map((note) => <li key={note}>{showText(note)}</li>);
  if (notes.length <= FEW_NOTES) return <ul class="dim">{lines}</ul>;
  return (
    <details class="dim">
      <summary>{notes.length} notes about this trace</summary>
      <ul>{lines}</ul>
    </details>
  );
}
