import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { wheelPixels } from '../wheel.ts';
import type { TimelineModel } from './timeline-model.ts';

/** By how much a pixel of the wheel zooms, as an exponent. */
const ZOOM_PER_PIXEL = 0.002;

/** Zooms with control, command or shift and the wheel, which is what a pinch is too; moves the time where the wheel goes sideways. */
export function useWheel(element: RefObject<HTMLElement | null>, model: TimelineModel): void {
  useEffect(() => {
    const zoomed = element.current!;
    const onWheel = (event: WheelEvent): void => {
      const [byX, byY] = wheelPixels(event);
      if (event.ctrlKey || event.metaKey || event.shiftKey) {
        event.preventDefault();
        const left = zoomed.getBoundingClientRect().left + model.nameWidth.peek();
        // With shift, browsers turn the wheel sideways.
        model.zoomBy(Math.exp((byY || byX) * ZOOM_PER_PIXEL), Math.max(0, event.clientX - left));
      } else if (Math.abs(byX) > Math.abs(byY)) {
        event.preventDefault();
        model.panBy(byX);
      }
    };
    // Not by a property: what those add cannot keep the browser from zooming the page.
    zoomed.addEventListener('wheel', onWheel, { passive: false });
    return () => zoomed.removeEventListener('wheel', onWheel);
  }, []);
}
