import type { JSX } from 'preact';
import { count, formatDuration } from '../../../explain/format.ts';
import { formatLonger, formatUsual } from './texts.ts';

interface DurationProps {
  readonly ms: number;
  /** Of `runs` successes, where that is said. */
  readonly usual: { readonly medianMs: number; readonly runs?: number } | undefined;
}

/** A duration in words and as a bar whose middle is the usual one. */
export function DurationAgainstUsual({ ms, usual }: DurationProps): JSX.Element {
  if (!usual) return <span class="duration">{formatDuration(ms)}</span>;
  const longer = formatLonger(ms, usual.medianMs);
  const runs = usual.runs === undefined ? 'successful runs' : count(usual.runs, 'successful run');
  const title = `${formatUsual(usual)}: the median of ${runs}`;
  return (
    <span class={`duration ${longer ? 'is-longer' : ''}`} title={title}>
      {formatDuration(ms)}
      <span class="against" aria-hidden="true">
        <span style={{ width: `${Math.min(100, (ms / usual.medianMs) * 50 || 0)}%` }} />
      </span>
      <small>
        {formatUsual(usual)}
        {longer && (
          <>
            , <em>{longer}</em>
          </>
        )}
      </small>
    </span>
  );
}
