import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import { stateOf, STATES } from '../../scene/step-states.ts';
import type { RunRow, RunView } from '../../view/run-view.ts';
import { source } from '../source.ts';
import { formatInstant, showName } from '../ui/texts.ts';
import { show } from '../url-state.ts';
import { useLoaded } from '../use-loaded.ts';

/** Most runs that can be chosen: the newest ones. */
const MAX_RUNS = 200;
const LAST_SUCCESS = 'last-success';
const MEDIAN = 'median:20';

/** Chooses what a run is compared with: what is usual, or any other run of its plan. */
export function ChooseOther({ run, other }: { readonly run: RunView; readonly other: string }): JSX.Element {
  const runs = useOtherRuns(run);
  const value = other === '' ? LAST_SUCCESS : other;
  const isListed = [LAST_SUCCESS, MEDIAN, ...runs.map(nameOf)].includes(value);
  return (
    <label class="choose-other">
      Compare with
      <select value={value} onChange={(event) => show({ with: event.currentTarget.value })}>
        <option value={LAST_SUCCESS}>the last success before it</option>
        <option value={MEDIAN}>the median of up to 20 successes</option>
        {!isListed && <option value={value}>trace {value.slice(0, 8)}…</option>}
        {runs.length > 0 && (
          <optgroup label={`Other runs of ${showName(run.planName ?? 'this plan')}`}>
            {runs.map((row) => (
              <option key={nameOf(row)} value={nameOf(row)}>
                {describe(row)}
              </option>
            ))}
          </optgroup>
        )}
      </select>
    </label>
  );
}

/** The other runs of its plan; none as long as they are not known, or where they cannot be asked for. */
function useOtherRuns({ planName, traceId, runSpanId }: RunView): readonly RunRow[] {
  const list = useLoaded(() => source.runs(), [traceId, runSpanId])?.value;
  const isOther = (row: RunRow): boolean =>
    row.planName === planName && (row.traceId !== traceId || row.runSpanId !== runSpanId);
  return list?.runs.filter(isOther).slice(0, MAX_RUNS) ?? [];
}

function nameOf({ traceId, runSpanId }: RunRow): string {
  return runSpanId === '' ? traceId : `${traceId}.${runSpanId}`;
}

function describe(row: RunRow): string {
  const took = row.durationMs === undefined ? '' : `, ${formatDuration(row.durationMs)}`;
  return `${formatInstant(row.startedAtMs)}, ${STATES[stateOf(row)].words}${took}, trace ${row.traceId.slice(0, 8)}`;
}
