import { useKeys } from '../keys.ts';
import { isDetailsOpen } from '../run/split.tsx';
import { stepKeys } from '../step-keys.ts';
import { show } from '../url-state.ts';
import { setAllCollapsed, toggleFolds, ZOOM_STEP } from './controls.tsx';
import { goIn, goOut, selectedStep, selectRow, toggleRow, zoomToSelected, zoomToSight } from './row-actions.ts';
import { ROW_HEIGHT, type TimelineModel } from './timeline-model.ts';

/** What one press moves the axis by, as a part of its width. */
const PAN_STEP = 0.15;

/** The keys of the timeline. A component of its own, so that nothing else is drawn again when it is. */
export function TimelineKeys({ model }: { readonly model: TimelineModel }): null {
  const move = (by: number): void => selectRow(model, model.selectedRow.peek() + by);
  const page = (): number => Math.max(1, Math.floor(model.height.peek() / ROW_HEIGHT) - 1);
  const pan = (direction: number): void => model.panBy(direction * PAN_STEP * model.plotWidth.peek());
  useKeys('Timeline', [
    { keys: ['ArrowDown', 'j'], does: 'next row', run: () => move(1) },
    {
      keys: ['ArrowUp', 'k'],
      does: 'previous row',
      run: () => (model.selectedRow.peek() < 0 ? selectRow(model, 0) : move(-1)),
    },
    {
      keys: ['ArrowRight'],
      does: 'expand, or go to the first row below; with shift move the time',
      run: ({ shiftKey }) => (shiftKey ? pan(1) : goIn(model)),
    },
    {
      keys: ['ArrowLeft'],
      does: 'collapse, or go to the parent; with shift move the time',
      run: ({ shiftKey }) => (shiftKey ? pan(-1) : goOut(model)),
    },
    { keys: [' '], does: 'expand or collapse', run: () => toggleSelected(model) },
    { keys: ['Enter'], does: 'show the details, or open a run', run: () => enter(model) },
    { keys: ['Home'], does: 'first row', run: () => selectRow(model, 0) },
    { keys: ['End'], does: 'last row', run: () => selectRow(model, Infinity) },
    { keys: ['PageDown'], does: 'a page down', run: () => move(page()) },
    { keys: ['PageUp'], does: 'a page up', run: () => move(-page()) },
    ...stepKeys((by) => selectedStep(model, by)),
    { keys: ['+', '=', 'w'], does: 'zoom in', run: () => model.zoomBy(1 / ZOOM_STEP) },
    { keys: ['-', 's'], does: 'zoom out', run: () => model.zoomBy(ZOOM_STEP) },
    { keys: ['0'], does: 'show all of the run', run: () => model.setWindow(undefined) },
    { keys: ['z'], does: 'zoom to what is selected', run: () => zoomToSelected(model) },
    { keys: ['v'], does: 'zoom to the rows in sight', run: () => zoomToSight(model) },
    { keys: ['a'], does: 'move to earlier times', run: () => pan(-1) },
    { keys: ['d'], does: 'move to later times', run: () => pan(1) },
    { keys: ['f'], does: 'fold idle times', run: () => toggleFolds(model) },
    { keys: ['['], does: 'collapse all groups', run: () => setAllCollapsed(model, true) },
    { keys: [']'], does: 'expand all groups', run: () => setAllCollapsed(model, false) },
  ]);
  return null;
}

function toggleSelected(model: TimelineModel): void {
  const row = model.rows.peek()[model.selectedRow.peek()];
  if (row) toggleRow(row, model);
}

function enter(model: TimelineModel): void {
  const row = model.rows.peek()[model.selectedRow.peek()];
  if (row?.kind === 'run') show({ run: row.run.runSpanId, selected: '', zoom: '', open: '', collapsed: '' });
  else isDetailsOpen.value = true;
}
