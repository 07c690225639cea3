import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import type { TimelineModel } from './timeline-model.ts';

/** A shorter drag is a click. */
const MIN_DRAG = 4;

/** Moves the time by dragging the plot, where a part of the time is shown. What was dragged is not clicked. */
export function useDrag(element: RefObject<HTMLElement | null>, model: TimelineModel): void {
  useEffect(() => {
    const dragged = element.current!;
    /** Where the pointer was last; undefined unless it is down. */
    let x: number | undefined;
    let hasMoved = false;
    dragged.addEventListener('pointerdown', ({ button, clientX, target }) => {
      hasMoved = false;
      x = button === 0 && model.zoom.peek() && (target as Element).closest('.row-plot') ? clientX : undefined;
    });
    dragged.addEventListener('pointermove', ({ buttons, clientX, pointerId }) => {
      if (buttons === 0) x = undefined;
      if (x === undefined || (!hasMoved && Math.abs(clientX - x) < MIN_DRAG)) return;
      hasMoved = true;
      dragged.setPointerCapture(pointerId);
      model.panBy(x - clientX);
      x = clientX;
    });
    const onClick = (event: Event): void => {
      if (hasMoved) event.stopPropagation();
      hasMoved = false;
    };
    dragged.addEventListener('click', onClick, true);
  }, []);
}
