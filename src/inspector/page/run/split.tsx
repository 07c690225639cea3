import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { openUnlessClosed, readChoice, writeChoice } from '../choices.ts';
import { Separator } from '../ui/separator.tsx';

export const isDetailsOpen = openUnlessClosed('details');

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
  const drag = ({ clientX, clientY }: PointerEvent): void => {
    const { right, bottom, width, height } = split.current!.getBoundingClientRect();
    const isBelow = getComputedStyle(split.current!).flexDirection === 'column';
    setShare(isBelow ? ((bottom - clientY) / height) * 100 : ((right - clientX) / width) * 100);
  };
  return (
    <div class="split" ref={split}>
      {children}
      {isOpen && (
        <>
          <Separator
            class="split-line"
            label="Size of the details"
            value={share.value}
            min={MIN_SHARE}
            max={MAX_SHARE}
            onDrag={drag}
            onStep={(by) => setShare(share.value - by * SHARE_STEP)}
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
