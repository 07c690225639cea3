import type { ReceivedSpan } from '../../explain/read/received-span.ts';
import type { Run } from '../../explain/read/run.ts';
import type { OpenSpan } from '../live-spans.ts';
import type { RunState } from './run-view.ts';

/** Whether a run goes on, and what is heard of its process. */
export interface LiveState {
  readonly state: RunState;
  /** Of a run that goes on, now; of one that was interrupted, when its process died. */
  readonly untilNs?: bigint;
  /** When the process of a run that goes on was last heard of, where it should have been since. */
  readonly silentSinceNs?: bigint | undefined;
}

/**
 * Tells by the run's own span how it stands; as long as that is not known, by the other spans of it that are open. What became of other processes, or of other
 * runs of the trace, does not matter.
 *
 * @param spans of the run
 */
export function liveStateOf(
  run: Run,
  spans: readonly ReceivedSpan[],
  { open, nowNs }: { readonly open: ReadonlyMap<string, OpenSpan>; readonly nowNs: bigint },
): LiveState {
  const own = run.span && open.get(run.span.spanId);
  if (run.span && !own) return { state: 'ended' };
  const openSpans = own ? [own] : spans.flatMap(({ spanId }) => open.get(spanId) ?? []);
  if (openSpans.length === 0) return { state: 'unfinished' };
  const living = openSpans.filter(({ isInterrupted }) => !isInterrupted);
  if (living.length === 0) return { state: 'interrupted', untilNs: lastDeath(openSpans) };
  const silent = living.flatMap(({ silentSinceNs }) => silentSinceNs ?? []);
  return { state: 'running', untilNs: nowNs, silentSinceNs: silent.length === living.length ? silent[0] : undefined };
}

function lastDeath(spans: readonly OpenSpan[]): bigint {
  return spans.reduce((last, { interruptedAtNs = 0n }) => (interruptedAtNs > last ? interruptedAtNs : last), 0n);
}
