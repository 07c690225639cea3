import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import type { State } from '../../scene/step-states.ts';
import type { ComparedRun, ComparedRuns, CompareView, TotalView } from '../../view/compare-view.ts';
import { Instant } from '../ui/instant.tsx';
import { Link } from '../ui/link.tsx';
import { ShareBar } from '../ui/share-bar.tsx';
import { StateLabel } from '../ui/state.tsx';
import { showName } from '../ui/texts.ts';
import { Signed } from './signed.tsx';

/** Which two are compared, and what each took as a whole. */
export function Sides({ view, state }: { readonly view: CompareView; readonly state: State }): JSX.Element {
  const { before, after, totals } = view;
  return (
    <>
      <dl class="sides">
        <dt class="is-before">
          <span class="swatch" aria-hidden="true" /> before
        </dt>
        <dd>
          {before.kind === 'run' ? (
            <Run run={before} state={before.outcome ?? 'unfinished'} canOpen />
          ) : (
            <Runs runs={before} />
          )}
        </dd>
        <dt class="is-after">
          <span class="swatch" aria-hidden="true" /> this run
        </dt>
        <dd>
          <Run run={after} state={state} />
        </dd>
      </dl>
      {totals.length > 0 && (
        <table class="totals">
          <thead>
            <tr>
              <td />
              <th scope="col">before</th>
              <th scope="col">this run</th>
              <th scope="col">change</th>
            </tr>
          </thead>
          <tbody>
            {totals.map((total) => (
              <Total key={total.name} total={total} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

interface RunProps {
  readonly run: ComparedRun;
  readonly state: State;
  readonly canOpen?: boolean;
}

function Run({ run: { traceId, runSpanId, startedAtMs }, state, canOpen = false }: RunProps): JSX.Element {
  return (
    <>
      <StateLabel state={state} />
      <Instant atMs={startedAtMs} />
      <code title={traceId}>{traceId.slice(0, 8)}</code>
      {canOpen && (
        <Link to={{ traceId, run: runSpanId, view: 'timeline', selected: '', zoom: '', with: '' }}>open</Link>
      )}
    </>
  );
}

function Runs({ runs: { runs, planName } }: { readonly runs: ComparedRuns }): JSX.Element {
  return (
    <>
      the median of {runs === 1 ? 'one success' : `${runs} successes`} of {showName(planName ?? 'this plan')}
    </>
  );
}

function Total({ total }: { readonly total: TotalView }): JSX.Element {
  const { name, before, after, change, ratio, range } = total;
  const most = Math.max(before, after, range?.max ?? 0) || 1;
  const isUsual = range !== undefined && after >= range.min && after <= range.max;
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="is-before">
        {formatDuration(before)}
        {range && range.min !== range.max && (
          <small>
            {' '}
            {formatDuration(range.min)} to {formatDuration(range.max)}
          </small>
        )}
        <ShareBar share={before / most} />
      </td>
      <td class="is-after">
        {formatDuration(after)}
        <ShareBar share={after / most} />
      </td>
      <td>
        <Signed ms={change} ratio={ratio} materialMs={isUsual ? Infinity : 0} />
      </td>
    </tr>
  );
}
