import type { JSX } from 'preact';
import type { LegendEntry } from '../../scene/graph-items.ts';
import { DASHES, opacityOf } from '../../scene/graph-look.ts';
import { openUnlessClosed } from '../choices.ts';

/** Whether the reader wants to see what the signs mean. */
export const isLegendOpen = openUnlessClosed('graph-legend');

export function toggleLegend(): void {
  isLegendOpen.value = !isLegendOpen.peek();
}

/** What the lines mean. */
export function Legend({ entries }: { readonly entries: readonly LegendEntry[] }): JSX.Element | null {
  if (!isLegendOpen.value || entries.length === 0) return null;
  return (
    <ul class="signs" aria-label="Signs">
      {entries.map(({ sample, text }) => (
        <li key={sample}>
          <svg class={`is-${sample}`} viewBox="0 0 28 12" aria-hidden="true">
            <Sample sample={sample} />
          </svg>
          {text}
        </li>
      ))}
    </ul>
  );
}

function Sample({ sample }: Pick<LegendEntry, 'sample'>): JSX.Element {
  switch (sample) {
    case 'slack':
      return (
        <>
          {[1, 0.5, 0].map((weight, at) => (
            <rect key={weight} x={1 + 9 * at} y="1" width="8" height="10" rx="2" fill-opacity={opacityOf(weight)} />
          ))}
        </>
      );
    case 'unplanned':
      return <rect x="1" y="1" width="26" height="10" rx="3" />;
    case 'critical':
      return <path d="M0 6h28" />;
    default:
      return <path d="M0 6h28" stroke-dasharray={DASHES[sample]?.join(' ')} />;
  }
}
