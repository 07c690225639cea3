import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import type { WaterfallBar, WaterfallView } from '../../view/compare-view.ts';
import { StepLink } from '../ui/step-link.tsx';
import { showText } from '../ui/texts.ts';
import { Signed } from './signed.tsx';

/** How the duration of the run before became that of this run: one change after another. */
export function Waterfall({ waterfall }: { readonly waterfall: WaterfallView }): JSX.Element {
  const { bars, fromMs, toMs } = waterfall;
  const percent = (ms: number): number => (Math.max(0, ms - fromMs) / (toMs - fromMs || 1)) * 100;
  return (
    <ol class={`waterfall ${fromMs > 0 ? 'is-cut' : ''}`}>
      {bars.map((bar, at) => {
        const [left, right] = [Math.min(bar.fromMs, bar.toMs), Math.max(bar.fromMs, bar.toMs)].map(percent);
        return (
          <li key={at} class={kindOf(bar)}>
            <span class="what">
              {bar.key === undefined ? showText(bar.label) : <StepLink name={bar.label} stepKey={bar.key} />}
            </span>
            <span class="axis" aria-hidden="true">
              <span style={{ left: `${left}%`, width: `${right! - left!}%` }} />
            </span>
            <span class="value">
              {bar.changeMs === undefined ? formatDuration(bar.toMs) : <Signed ms={bar.changeMs} />}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function kindOf({ changeMs, label }: WaterfallBar): string {
  if (changeMs === undefined) return label === 'before' ? 'is-before' : 'is-after';
  return changeMs < 0 ? 'is-less' : 'is-more';
}
