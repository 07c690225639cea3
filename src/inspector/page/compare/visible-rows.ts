import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** Rows beyond the window that are drawn as well, so that fast scrolling shows none empty. */
const BEYOND = 12;
/** Rows come and go so many at a time: most frames of a scroll draw nothing anew. */
const AT_ONCE = 8;

/** Which rows of a list of equal heights are within the window, whatever scrolls it. */
export function useVisibleRows(
  list: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): Signal<RowRange> {
  const range = useSignal<RowRange>({ from: 0, to: Math.min(count, 60) });
  useLayoutEffect(() => {
    const update = (): void => {
      if (!list.current) return;
      const { top } = list.current.getBoundingClientRect();
      const first = Math.floor((-top / rowHeight - BEYOND) / AT_ONCE) * AT_ONCE;
      const last = Math.ceil(((innerHeight - top) / rowHeight + BEYOND) / AT_ONCE) * AT_ONCE;
      const [from, to] = [first, last].map((row) => Math.min(count, Math.max(0, row))) as [number, number];
      const { value } = range;
      if (from !== value.from || to !== value.to) range.value = { from, to };
    };
    update();
    addEventListener('scroll', update, { capture: true, passive: true });
    addEventListener('resize', update);
    return () => {
      removeEventListener('scroll', update, { capture: true });
      removeEventListener('resize', update);
    };
  }, [count, rowHeight]);
  return range;
}
