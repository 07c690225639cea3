import type { RefObject } from 'preact';
import type { Direction } from '../../scene/graph-moves.ts';
import { useKeys } from '../keys.ts';
import { isDetailsOpen } from '../run/split.tsx';
import { stepKeys } from '../step-keys.ts';
import { moveSelection, selectedBox, toggleSelectedGroup } from './graph-actions.ts';
import type { GraphModel } from './graph-model.ts';
import type { GraphStage } from './graph-stage.ts';
import { toggleLegend } from './legend.tsx';

/** How much one press of a key or a button zooms. */
export const ZOOM_STEP = 1.4;

interface KeysProps {
  readonly model: GraphModel;
  readonly stage: RefObject<GraphStage | null>;
}

/** All that can be done by keys. A component of its own, so that nothing else is drawn anew with it. */
export function GraphKeys({ model, stage }: KeysProps): null {
  const move = (direction: Direction) => () => moveSelection(model, direction);
  const zoomToSelected = (): void => {
    const box = selectedBox(model.selection.peek());
    if (box) stage.current?.show(box);
  };
  useKeys('Graph', [
    { keys: ['ArrowLeft', 'h'], does: 'to what it needs', run: move('left') },
    { keys: ['ArrowRight', 'l'], does: 'to what needs it', run: move('right') },
    { keys: ['ArrowUp', 'k'], does: 'step above in the group, then the group', run: move('up') },
    { keys: ['ArrowDown', 'j'], does: 'step below in the group', run: move('down') },
    { keys: [' '], does: 'open or collapse the group', run: () => toggleSelectedGroup(model) },
    { keys: ['Enter'], does: 'show the details', run: () => (isDetailsOpen.value = true) },
    ...stepKeys(() => model.selection.peek().node?.step),
    { keys: ['+', '='], does: 'zoom in', run: () => stage.current?.zoom(ZOOM_STEP) },
    { keys: ['-'], does: 'zoom out', run: () => stage.current?.zoom(1 / ZOOM_STEP) },
    { keys: ['0'], does: 'show all of the graph', run: () => stage.current?.fit() },
    { keys: ['z'], does: 'zoom to what is selected', run: zoomToSelected },
    { keys: ['g'], does: 'what the signs mean', run: toggleLegend },
  ]);
  return null;
}
