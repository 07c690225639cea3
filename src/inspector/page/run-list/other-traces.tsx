import type { JSX } from 'preact';
import { count } from '../../../explain/format.ts';
import type { TraceRow } from '../../view/run-view.ts';
import { NOTHING } from '../address.ts';
import { Link } from '../ui/link.tsx';
import { Services, Started } from './run-rows.tsx';

const MOST = 100;

interface OtherTracesProps {
  readonly traces: readonly TraceRow[];
  /** Whether they are all there is: else they are folded, because they may be many. */
  readonly isOpen: boolean;
}

/** Traces that arrived and hold no run. */
export function OtherTraces({ traces, isOpen }: OtherTracesProps): JSX.Element | null {
  if (traces.length === 0) return null;
  return (
    <details class="other-traces" open={isOpen}>
      <summary>{count(traces.length, 'trace')} without a run</summary>
      <p>
        No span of them says <code>orchestration.span.type</code> = <code>run</code>: what sent them does not use
        orchestrace, or its run has not ended and was not announced. Open one to see what is in it. To see its steps,
        wrap what runs them: <code>traceOrchestration(plan, work)</code>.
      </p>
      <table class="runs">
        <thead>
          <tr>
            <th scope="col">Trace</th>
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
          {traces.slice(0, MOST).map((trace) => (
            <tr key={trace.traceId}>
              <th scope="row">
                <Link class="run-link name-lines" to={{ ...NOTHING, traceId: trace.traceId }}>
                  <code>{trace.traceId}</code>
                </Link>
              </th>
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
      {traces.length > MOST && <p>The newest {MOST} of them.</p>}
    </details>
  );
}
