import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { stateOf } from '../../scene/step-states.ts';
import type { RunRow, ServiceView } from '../../view/run-view.ts';
import { NOTHING } from '../address.ts';
import { DurationAgainstUsual } from '../ui/duration.tsx';
import { Instant } from '../ui/instant.tsx';
import { Link } from '../ui/link.tsx';
import { StateLabel, StrategyBadge } from '../ui/state.tsx';
import { formatAgo, formatVersion, showName, showPlan, showSentence } from '../ui/texts.ts';
import { clockMs } from './load-list.ts';

/** Runs as a table: each row is one link. */
export function RunRows({ runs }: { readonly runs: readonly RunRow[] }): JSX.Element {
  return (
    <table class="runs is-whole">
      <thead>
        <tr>
          <th scope="col" class="outcome">
            Outcome
          </th>
          <th scope="col">Plan</th>
          <th scope="col" class="strategy">
            Strategy
          </th>
          <th scope="col" class="took">
            Duration
          </th>
          <th scope="col" class="services">
            Service
          </th>
          <th scope="col" class="number spans">
            Spans
          </th>
          <th scope="col" class="number start">
            Started
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row key={`${run.traceId}.${run.runSpanId}`} run={run} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ run }: { readonly run: RunRow }): JSX.Element {
  const state = stateOf(run);
  return (
    <tr class={`is-${state}`} onClick={followRow}>
      <td class="outcome">
        <StateLabel state={state} />
      </td>
      <th scope="row">
        <Link class="run-link name-lines" to={{ ...NOTHING, traceId: run.traceId, run: run.runSpanId }}>
          {showPlan(run.planName)}
        </Link>
        {state !== 'success' && run.verdict && (
          <small class="why">{showSentence(run.verdict.replace(ENDED, ''))}</small>
        )}
      </th>
      <td class="strategy">
        <StrategyBadge strategy={run.strategy} />
      </td>
      <td class="took">
        {run.state === 'running' ? (
          <Elapsed run={run} />
        ) : run.durationMs === undefined ? null : (
          <DurationAgainstUsual ms={run.durationMs} usual={run.usual} />
        )}
      </td>
      <td class="services">
        <Services services={run.services} />
        {run.source && <small> in {showName(run.source)}</small>}
      </td>
      <td class="number spans">{run.spans > 0 ? run.spans.toLocaleString('en') : ''}</td>
      <td class="number start">
        <Started atMs={run.startedAtMs} />
      </td>
    </tr>
  );
}

/** What other columns of its row say. */
const ENDED = /^(?:Failed after [^:]+: |Cancelled after [\d.<]+ \w+(?: \d+ \w+)? )/;

/** What has a title lies above the link of its row, and leads where the link does. */
function followRow(event: MouseEvent): void {
  if ((event.target as Element).closest('a')) return;
  (event.currentTarget as Element).querySelector('a')?.dispatchEvent(new MouseEvent('click', event));
}

function Elapsed({ run }: { readonly run: RunRow }): JSX.Element {
  const ms = Math.max(0, clockMs.value - run.startedAtMs);
  return <DurationAgainstUsual ms={ms} usual={run.usual} />;
}

export function Started({ atMs }: { readonly atMs: number }): JSX.Element {
  return (
    <Instant atMs={atMs}>
      <Ago atMs={atMs} />
    </Instant>
  );
}

/** How long ago something was: moves on while it is looked at. */
export function Ago({ atMs }: { readonly atMs: number }): JSX.Element {
  return <>{useComputed(() => formatAgo(clockMs.value - atMs))}</>;
}

/** Name and version of each service. */
export function Services({ services }: { readonly services: readonly ServiceView[] }): JSX.Element {
  const names = services.map(({ name, version }) =>
    version === undefined ? showName(name) : `${showName(name)} ${formatVersion(version)}`,
  );
  const text = [...new Set(names)].join(', ');
  return (
    <span class="name-lines" title={text}>
      {text}
    </span>
  );
}
