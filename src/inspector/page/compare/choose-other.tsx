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

interface ChooseProps {
  readonly run: RunView;
  /** The other runs of its plan. */
  readonly runs: readonly RunRow[];
  readonly other: string;
}

/** Chooses what a run is compared with: what is usual, or any other run of its plan. */
export function ChooseOther({ run, runs, other }: ChooseProps): JSX.Element {
  const value = isNamed(other) || other === MEDIAN ? other : LAST_SUCCESS;
  const isListed = !isNamed(value) || runs.map(nameOf).includes(value);
  return (
    <label class="choose-other">
      Compare with
      <select value={value} onChange={(event) => show({ with: event.currentTarget.value })}>
        <option value={LAST_SUCCESS}>{run.lastSuccess ? 'the last success before it' : 'choose a run'}</option>
        {run.lastSuccess && <option value={MEDIAN}>the median of up to 20 successes</option>}
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

/** Whether it is one run, and not what is usual. */
export function isNamed(other: string): boolean {
  return /^[0-9a-f]{32}/.test(other);
}

/** The other runs of its plan; none as long as they are not known, or where they cannot be asked for. */
export function useOtherRuns({ planName, traceId, runSpanId }: RunView): readonly RunRow[] {
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
