import type { ComponentChildren, JSX } from 'preact';
import { ShareBar } from '../ui/share-bar.tsx';

interface BarRowProps {
  /** What it is. */
  readonly children: ComponentChildren;
  /** How much, in words. */
  readonly value: ComponentChildren;
  /** From 0 to 1. */
  readonly share: number;
  /** A name of the palette. */
  readonly color: string;
}

/** A line with a bar below it, as long as its share of a whole. */
export function BarRow({ children, value, share, color }: BarRowProps): JSX.Element {
  return (
    <li class="bar-row">
      <span class="what">{children}</span>
      <span class="value">{value}</span>
      {share > 0 && <ShareBar share={share} color={color} />}
    </li>
  );
}
