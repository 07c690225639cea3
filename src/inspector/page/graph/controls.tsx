import type { JSX, RefObject } from 'preact';
import { IconButton } from '../ui/icon-button.tsx';
import { ZOOM_STEP } from './graph-keys.tsx';
import type { GraphStage } from './graph-stage.ts';
import { isLegendOpen, toggleLegend } from './legend.tsx';

/** What can be done by buttons as well as by keys. */
export function Controls({ stage }: { readonly stage: RefObject<GraphStage | null> }): JSX.Element {
  return (
    <div class="graph-controls" role="toolbar" aria-label="Graph">
      <IconButton label="Zoom in" hint="+" icon="M4 8h8M8 4v8" onClick={() => stage.current?.zoom(ZOOM_STEP)} />
      <IconButton label="Zoom out" hint="-" icon="M4 8h8" onClick={() => stage.current?.zoom(1 / ZOOM_STEP)} />
      <IconButton
        label="Show all of the graph"
        hint="0"
        icon="M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3"
        onClick={() => stage.current?.fit()}
      />
      <IconButton
        label="What the signs mean"
        hint="g"
        icon="M2.5 4h4M2.5 8h4M2.5 12h4M9 4h4.5M9 8h4.5M9 12h4.5"
        isPressed={isLegendOpen.value}
        onClick={toggleLegend}
      />
    </div>
  );
}
