import type { JSX } from 'preact';
import { stateOf, STATES } from '../../scene/step-states.ts';
import type { RunView } from '../../view/run-view.ts';
import { NOTHING } from '../address.ts';
import { ExportMenu } from '../export-menu.tsx';
import { isPaused, togglePause } from '../load-run.ts';
import { Services } from '../run-list/run-rows.tsx';
import { nowMs } from '../shown-run.ts';
import { isSavedFile, source } from '../source.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { DurationAgainstUsual } from '../ui/duration.tsx';
import { Link } from '../ui/link.tsx';
import { StateLabel, StrategyBadge } from '../ui/state.tsx';
import { formatAgo, formatInstant, safeUrl, showName, showText } from '../ui/texts.ts';
import { useLoaded } from '../use-loaded.ts';

/** What every view of a run has above it: the verdict before all. */
export function RunHead({ run }: { readonly run: RunView }): JSX.Element {
  const state = stateOf(run);
  const hasRun = run.runSpanId !== '';
  const name = showName(run.planName ?? '') || (hasRun ? 'Run without a plan name' : 'Steps without a run');
  return (
    <header class={`run-head color-${STATES[state].color}`}>
      <div class="title-row">
        <h1 class="name-lines" title={name}>
          {name}
        </h1>
        <StrategyBadge strategy={run.strategy} />
        {hasRun && <StateLabel state={state} />}
        <Actions run={run} />
      </div>
      <p class="verdict">{showText(run.verdict)}</p>
      <Facts run={run} />
      {!hasRun && <HowToHaveRun />}
      {run.notes.length > 0 && <Notes notes={run.notes} />}
    </header>
  );
}

/** What to do where steps arrived and nothing of a run did. */
function HowToHaveRun(): JSX.Element {
  return (
    <p class="notice">
      Nothing of their run arrived. If it goes on, it is shown here when its plan or its end arrives. If they have none,
      wrap what runs them, <code>traceOrchestration(plan, work)</code>, or send a span above them with{' '}
      <code>orchestration.span.type</code> = <code>run</code>: then it is known what was planned, what is missing, and
      what decided how long it took.
    </p>
  );
}

function Actions({ run }: { readonly run: RunView }): JSX.Element {
  return (
    <div class="actions">
      {run.nowMs !== undefined && (
        <button type="button" class="button" aria-pressed={isPaused.value} title="Key p" onClick={togglePause}>
          {isPaused.value ? 'Go on' : 'Pause'}
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
  return (
    <ul class="run-facts">
      <li>
        <Elapsed run={run} />
      </li>
      {planned > 0 && (
        <li class={seen < planned && run.state !== 'running' ? 'is-incomplete' : ''}>
          {seen} of {planned} planned steps seen
        </li>
      )}
      <li>
        <time dateTime={new Date(run.startedAtMs).toISOString()}>{formatInstant(run.startedAtMs)}</time>
        <small> {formatAgo(Date.now() - run.startedAtMs)}</small>
      </li>
      {run.services.length > 0 && (
        <li>
          <Services services={run.services} />
        </li>
      )}
      {run.startedBy && <StartedBy run={run} startedBy={run.startedBy} />}
      <li>
        <span class="label">trace</span> <code title={run.traceId}>{run.traceId.slice(0, 8)}…</code>
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
  if (notes.length <= FEW_NOTES) return <ul class="notes">{lines}</ul>;
  return (
    <details class="notes">
      <summary>{notes.length} notes about this trace</summary>
      <ul>{lines}</ul>
    </details>
  );
}
