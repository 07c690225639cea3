import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
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

/**
 * All that is known of what is pointed at: until something is done, so that it covers nothing that is worked with. Give it a key of what it is
 * about. Readers of the screen have it elsewhere.
 */
export function Popover({ at, title, detail, state, note, lines = [], facts = [] }: PopoverProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => place(element.current!, at));
  useEffect(() => {
    const ending = new AbortController();
    // It may be gone already.
    const hide = (): void => element.current?.style.setProperty('display', 'none');
    for (const type of ENDS) addEventListener(type, hide, { capture: true, signal: ending.signal });
    return () => ending.abort();
  }, []);
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

/** What is done with something else. */
const ENDS = ['keydown', 'pointerdown', 'wheel', 'scroll'];
const GAP = 10;
const MAX_WIDTH = 420;

/** Below it, or above where there is no room; beside the pointer, within the part of the page that it is in. */
function place(element: HTMLElement, { x, top, bottom }: Anchor): void {
  const within = element.parentElement!.getBoundingClientRect();
  element.style.maxWidth = `${Math.min(MAX_WIDTH, within.width - 2 * GAP)}px`;
  const { width, height } = element.getBoundingClientRect();
  const isAbove = bottom + GAP + height > within.bottom && top - GAP - height > 0;
  element.style.left = `${Math.max(within.left + GAP, Math.min(x + GAP, within.right - width - GAP))}px`;
  element.style.top = `${isAbove ? top - GAP / 2 - height : bottom + GAP / 2}px`;
}
