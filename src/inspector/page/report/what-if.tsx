import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import { formatSigned } from '../../../explain/tell/told-comparison.ts';
import type { RunView, WhatIfRow } from '../../view/run-view.ts';
import { ShareBar } from '../ui/share-bar.tsx';
import type { StepFinder } from './step-finder.ts';
import { StepText } from './step-text.tsx';

interface WhatIfProps {
  readonly run: RunView;
  readonly rows: readonly WhatIfRow[];
  readonly finder: StepFinder;
}

/** How long the run would have taken under other circumstances. */
export function WhatIf({ run, rows, finder }: WhatIfProps): JSX.Element {
  const most = Math.max(run.durationMs, ...rows.map(({ ms }) => ms));
  return (
    <table class="what-if">
      <thead>
        <tr>
          <th scope="col">with</th>
          <th scope="col">it would take about</th>
          <th scope="col">instead of {formatDuration(run.durationMs)}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ text, ms, changeMs, step }) => (
          <tr key={text}>
            <th scope="row">
              <StepText text={text} toolIds={step ? [step.toolId] : []} finder={finder} />
            </th>
            <td>
              {formatDuration(ms)}
              <ShareBar share={ms / most} color="running" />
            </td>
            <td class={changeMs < 0 ? 'is-less' : 'is-more'}>{formatSigned(changeMs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
