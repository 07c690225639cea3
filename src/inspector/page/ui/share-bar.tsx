import type { JSX } from 'preact';

interface ShareBarProps {
  /** From 0 to 1. */
  readonly share: number;
  /** A name of the palette; else the style sheet says it. */
  readonly color?: string;
}

/** A bar as long as its share of a whole. What it says stands beside it in words. */
export function ShareBar({ share, color }: ShareBarProps): JSX.Element {
  const width = `${Math.min(1, share) * 100}%`;
  return (
    <span class="share" aria-hidden="true">
      <span style={{ width, ...(color && { background: `var(--${color})` }) }} />
    </span>
  );
}
