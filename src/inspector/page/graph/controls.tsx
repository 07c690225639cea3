import type { JSX, RefObject } from 'preact';
import { ZOOM_STEP } from './graph-keys.tsx';
import type { GraphStage } from './graph-stage.ts';
import { isLegendOpen, toggleLegend } from './legend.tsx';

/** What can be done by buttons as well as by keys. */
export function Controls({ stage }: { readonly stage: RefObject<GraphStage | null> }): JSX.Element {
  return (
    <div class="graph-controls" role="toolbar" aria-label="Graph">
      <ControlButton label="Zoom in" hint="+" icon="M4 8h8M8 4v8" onClick={() => stage.current?.zoom(ZOOM_STEP)} />
      <ControlButton label="Zoom out" hint="-" icon="M4 8h8" onClick={() => stage.current?.zoom(1 / ZOOM_STEP)} />
      <ControlButton
        label="Show all of the graph"
        hint="0"
        icon="M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3"
        onClick={() => stage.current?.fit()}
      />
      <ControlButton
        label="What the signs mean"
        hint="g"
        icon="M2.5 4h4M2.5 8h4M2.5 12h4M9 4h4.5M9 8h4.5M9 12h4.5"
        isPressed={isLegendOpen.value}
        onClick={toggleLegend}
      />
    </div>
  );
}

interface ControlProps {
  readonly label: string;
  /** The key that does the same. */
  readonly hint: string;
  /** A path in a square of 16. */
  readonly icon: string;
  readonly isPressed?: boolean;
  readonly onClick: () => void;
}

function ControlButton({ label, hint, icon, isPressed, onClick }: ControlProps): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      aria-pressed={isPressed}
      title={`${label} (${hint})`}
      onClick={onClick}
    >
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
        <path d={icon} />
      </svg>
    </button>
  );
}
