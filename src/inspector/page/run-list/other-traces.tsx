import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { count, formatDuration } from '../../../explain/format.ts';
import type { TraceRow } from '../../view/run-view.ts';
import { NOTHING } from '../address.ts';
import { Link } from '../ui/link.tsx';
import { Services, Started } from './run-rows.tsx';

/** So many are listed, and so many at first where there are runs as well. */
const MOST = 100;
const FEW = 3;

interface OtherTracesProps {
  /** Newest first. */
  readonly traces: readonly TraceRow[];
  /** Whether they are all there is, or the newest: else they are folded, because they may be many. */
  readonly isOpen: boolean;
  readonly hasRuns: boolean;
}

/** Traces that arrived and hold no run. */
export function OtherTraces({ traces, isOpen, hasRuns }: OtherTracesProps): JSX.Element {
  const most = useSignal(hasRuns ? FEW : MOST);
  const more = Math.min(traces.length, MOST) - most.value;
  return (
    <details class="other-traces" open={isOpen}>
      <summary>{count(traces.length, 'trace')} without a run</summary>
      <table class="runs">
        <thead>
          <tr>
            <th scope="col">Trace</th>
            <th scope="col">Duration</th>
            <th scope="col">Service</th>
            <th scope="col" class="number">
              Spans
            </th>
            <th scope="col" class="number">
              Started
            </th>
          </tr>
        </thead>
        <tbody>
          {traces.slice(0, most.value).map((trace) => (
            <tr key={trace.traceId}>
              <th scope="row">
                <Link class="run-link name-lines" to={{ ...NOTHING, traceId: trace.traceId }}>
                  <code>{trace.traceId}</code>
                </Link>
              </th>
              <td>{trace.durationMs !== undefined && formatDuration(trace.durationMs)}</td>
              <td class="services">
                <Services services={trace.services} />
              </td>
              <td class="number">{trace.spans.toLocaleString('en')}</td>
              <td class="number">
                <Started atMs={trace.startedAtMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && (
        <p>
          <button type="button" class="button" onClick={() => (most.value = MOST)}>
            Show {more} more
          </button>
        </p>
      )}
      {more <= 0 && traces.length > MOST && <p>The newest {MOST} of them.</p>}
      <p>
        None of their spans says <code>orchestration.span.type</code> = <code>run</code>: what sent them does not use
        orchestrace, or its run has not ended and was not announced. Open one to see what is in it. To see its steps,
        wrap what runs them: <code>traceOrchestration(plan, work)</code>.
      </p>
    </details>
  );
}
