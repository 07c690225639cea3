import type { ComponentChildren, JSX } from 'preact';
import { formatInstant, formatInstants } from './texts.ts';

interface InstantProps {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Else the time itself. */
  readonly children?: ComponentChildren;
}

/** An instant, which says when it was by the clocks of the reader and of UTC. */
export function Instant({ atMs, children = formatInstant(atMs) }: InstantProps): JSX.Element {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatInstants(atMs)}>
      {children}
    </time>
  );
}
