import type { JSX } from 'preact';
import { formatRatio } from '../../../explain/compare/change.ts';
import { formatSigned } from '../../../explain/tell/told-comparison.ts';

interface SignedProps {
  readonly ms: number;
  /** Is told beside it. */
  readonly ratio?: number | undefined;
  /** A smaller change is not worth a colour. */
  readonly materialMs?: number;
}

/** A change of a time: with its sign, and a colour where it is worth one; less is better. */
export function Signed({ ms, ratio, materialMs = 0 }: SignedProps): JSX.Element {
  if (Math.abs(ms) < 0.05) return <span class="signed">±0</span>;
  const told = formatRatio({ ratio });
  return (
    <span class={`signed ${Math.abs(ms) < materialMs ? '' : ms < 0 ? 'is-less' : 'is-more'}`}>
      {formatSigned(ms)}
      {told !== '' && <small> {told}</small>}
    </span>
  );
}
