import { untracked, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { formatZoom, parseZoom } from '../../scene/timeline-zoom.ts';
import { selected, show, shown } from '../url-state.ts';
import { reveal } from './row-actions.ts';
import type { TimelineModel } from './timeline-model.ts';

/** How long the zoom has to rest before it stands in the address. Browsers refuse more than some changes a second. */
const REST_MS = 250;

/** Keeps the zoom in the address and takes it from there, and brings what is selected into sight. */
export function useAddress(model: TimelineModel): void {
  const written = useRef<string | undefined>(undefined);
  useSignalEffect(() => {
    const { zoom } = shown.value;
    if (zoom === written.current) return;
    written.current = zoom;
    model.zoom.value = parseZoom(zoom);
  });
  useSignalEffect(() => {
    const window = model.zoom.value;
    const timer = setTimeout(() => {
      const zoom = window ? formatZoom(window) : '';
      if (zoom === written.current) return;
      written.current = zoom;
      show({ zoom }, false);
    }, REST_MS);
    return () => clearTimeout(timer);
  });
  const isReady = model.height.value > 0;
  useEffect(() => {
    if (!isReady) return;
    // What the address says counts at first: a link shows the same part of the axis.
    let movesTime = false;
    return selected.subscribe(() => {
      model.cursor.value = '';
      void untracked(() => reveal(model, movesTime)).catch(() => {});
      movesTime = true;
    });
  }, [isReady]);
}
