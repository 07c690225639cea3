import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { show } from '../url-state.ts';
import { collapseGroups } from './shown-lists.ts';
import type { TimelineModel } from './timeline-model.ts';

/** How much one press of a key or a button zooms. */
export const ZOOM_STEP = 1.5;

/** What can be done by buttons as well as by keys. */
export function Controls({ model }: { readonly model: TimelineModel }): JSX.Element {
  const { groups } = model.run.value;
  const areAllCollapsed = groups.length > 0 && model.collapsed.value.size >= groups.length;
  return (
    <div class="timeline-controls" role="toolbar" aria-label="Timeline">
      {groups.length > 0 && (
        <IconButton
          label={areAllCollapsed ? 'Expand all groups' : 'Collapse all groups'}
          hint={areAllCollapsed ? ']' : '['}
          icon={areAllCollapsed ? 'M4 6l4-4 4 4M4 10l4 4 4-4' : 'M4 2l4 4 4-4M4 14l4-4 4 4'}
          onClick={() => setAllCollapsed(model, !areAllCollapsed)}
        />
      )}
      <FoldButton model={model} />
      <IconButton label="Zoom out" hint="-" icon="M4 8h8" onClick={() => model.zoomBy(ZOOM_STEP)} />
      <IconButton label="Zoom in" hint="+" icon="M4 8h8M8 4v8" onClick={() => model.zoomBy(1 / ZOOM_STEP)} />
      <IconButton
        label="Show all of the run"
        hint="0"
        icon="M2 3v10M14 3v10M4 8h8M6 6l-2 2 2 2M10 6l2 2-2 2"
        isDisabled={model.zoom.value === undefined}
        onClick={() => model.setWindow(undefined)}
      />
    </div>
  );
}

/** A component of its own: while a run goes on, idle times change all the time. */
function FoldButton({ model }: { readonly model: TimelineModel }): JSX.Element {
  const idleMs = model.gaps.value.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return (
    <IconButton
      label={idleMs > 0 ? `Fold idle times: ${formatDuration(idleMs)}` : 'Fold idle times: there are none'}
      hint="f"
      icon="M2 8h3M11 8h3M7 4l-2 8M11 4l-2 8"
      isPressed={model.isFolded.value}
      isDisabled={idleMs === 0 && !model.isFolded.value}
      onClick={() => toggleFolds(model)}
    />
  );
}

export function setAllCollapsed(model: TimelineModel, areCollapsed: boolean): void {
  collapseGroups(areCollapsed ? model.run.peek().groups.map(({ groupIndex }) => groupIndex) : []);
}

export function toggleFolds(model: TimelineModel): void {
  show({ fold: model.isFolded.peek() ? '' : '1' }, false);
}
