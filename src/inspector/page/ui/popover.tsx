import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { State } from '../../scene/step-states.ts';
import type { Fact } from '../../scene/timeline-words.ts';
import { StateLabel } from './state.tsx';

/** What is pointed at, in pixels of the window: where the pointer is, and what is not to be covered. */
export interface Anchor {
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
}

interface PopoverProps {
  readonly at: Anchor;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly state?: State | undefined;
  /** Beside the state. */
  readonly note?: string | undefined;
  readonly lines?: readonly string[];
  readonly facts?: readonly Fact[];
}

/** All that is known of what is pointed at. Readers of the screen have it elsewhere. */
export function Popover({ at, title, detail, state, note, lines = [], facts = [] }: PopoverProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => place(element.current!, at));
  return (
    <div class="popover" ref={element} aria-hidden="true">
      <p class="title">
        <strong>{title}</strong> {detail !== undefined && <small>{detail}</small>}
      </p>
      {state && (
        <p>
          <StateLabel state={state} />
          {note !== undefined && `, ${note}`}
        </p>
      )}
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      <dl>
        {facts.map(([heading, text]) => (
          <div key={heading}>
            <dt>{heading}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

const GAP = 10;

/** Below it, or above where there is no room; beside the pointer, within the window. */
function place(element: HTMLElement, { x, top, bottom }: Anchor): void {
  const { width, height } = element.getBoundingClientRect();
  const isAbove = bottom + GAP + height > innerHeight && top - GAP - height > 0;
  element.style.left = `${Math.max(GAP, Math.min(x + GAP, innerWidth - width - GAP))}px`;
  element.style.top = `${isAbove ? top - GAP / 2 - height : bottom + GAP / 2}px`;
}
