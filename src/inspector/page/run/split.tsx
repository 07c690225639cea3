import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { readChoice, writeChoice } from '../choices.ts';

export const isDetailsOpen = signal(readChoice('details') !== 'closed');
isDetailsOpen.subscribe((isOpen) => writeChoice('details', isOpen ? 'open' : 'closed'));

/** How much of the window the details take, in percent: of its width, or of its height where it is narrow. */
const share = signal(clamp(Number(readChoice('details-share') ?? 30)));
const SHARE_STEP = 2;

interface SplitProps {
  readonly children: ComponentChildren;
  readonly aside: ComponentChildren;
}

/** The view with the details beside it, below it in a narrow window; the line between them can be moved. */
export function Split({ children, aside }: SplitProps): JSX.Element {
  const split = useRef<HTMLDivElement>(null);
  const isOpen = isDetailsOpen.value;
  const setShare = (percent: number): void => {
    share.value = clamp(percent);
    writeChoice('details-share', String(share.value));
  };
  const onPointerMove = (event: PointerEvent): void => {
    const line = event.currentTarget as HTMLElement;
    if (!split.current || !line.hasPointerCapture(event.pointerId)) return;
    const { right, bottom, width, height } = split.current.getBoundingClientRect();
    const isBelow = getComputedStyle(split.current).flexDirection === 'column';
    setShare(isBelow ? ((bottom - event.clientY) / height) * 100 : ((right - event.clientX) / width) * 100);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: 1, ArrowUp: 1, ArrowRight: -1, ArrowDown: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setShare(share.value + by * SHARE_STEP);
  };
  return (
    <div class="split" ref={split}>
      {children}
      {isOpen && (
        <>
          <div
            class="split-line"
            role="separator"
            tabIndex={0}
            aria-label="Size of the details"
            aria-valuenow={Math.round(share.value)}
            aria-valuemin={MIN_SHARE}
            aria-valuemax={MAX_SHARE}
            onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={onPointerMove}
            onKeyDown={onKeyDown}
          />
          <aside class="details" aria-label="Details" tabIndex={-1} style={{ flexBasis: `${share.value}%` }}>
            {aside}
          </aside>
        </>
      )}
    </div>
  );
}

const MIN_SHARE = 15;
const MAX_SHARE = 70;

function clamp(percent: number): number {
  return Math.min(MAX_SHARE, Math.max(MIN_SHARE, percent || MIN_SHARE));
}
