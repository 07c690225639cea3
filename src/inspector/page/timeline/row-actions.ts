import { batch } from '@preact/signals';
import type { TimelineRow } from '../../scene/timeline-rows.ts';
import type { RunView, StepView } from '../../view/run-view.ts';
import { findSelection, nameSpan } from '../details/selection.ts';
import { spanTree } from '../shown-run.ts';
import { selected, show } from '../url-state.ts';
import { openStep, toggleGroup, toggleStep } from './shown-lists.ts';
import { ROW_HEIGHT, type TimelineModel } from './timeline-model.ts';

/** Opens or closes a row that has something below it. */
export function toggleRow(row: TimelineRow, model: TimelineModel): void {
  const { groups, steps } = model.run.peek();
  if (row.isOpen === undefined) return;
  if (row.kind === 'group') toggleGroup(groups[row.group]!.groupIndex);
  if (row.kind === 'step') toggleStep(steps[row.step]!.key);
}

/** Goes to a row, and selects it without a way back: for moving along many. */
export function selectRow(model: TimelineModel, at: number): void {
  const rows = model.rows.peek();
  const row = rows[Math.min(rows.length - 1, Math.max(0, at))];
  if (!row) return;
  const isDead = row.kind === 'note' || row.kind === 'run';
  if (!isDead) show({ selected: row.id }, false);
  model.cursor.value = isDead ? row.id : '';
  if (isDead) model.scrollTo.peek()?.(rows.indexOf(row));
}

/** The row above that a row is below of; -1 for none. */
function parentOf(rows: readonly TimelineRow[], at: number): number {
  const level = rows[at]?.level ?? 0;
  return rows.findLastIndex((row, other) => other < at && row.level < level);
}

/** Opens, or goes to the first row below. */
export function goIn(model: TimelineModel): void {
  const at = model.selectedRow.peek();
  const row = model.rows.peek()[at];
  if (!row) selectRow(model, 0);
  else if (row.isOpen === false) toggleRow(row, model);
  else if ((model.rows.peek()[at + 1]?.level ?? 0) > row.level) selectRow(model, at + 1);
}

/** Closes, or goes to the row above that it is below of. */
export function goOut(model: TimelineModel): void {
  const at = model.selectedRow.peek();
  const row = model.rows.peek()[at];
  if (row?.isOpen === true) toggleRow(row, model);
  else if (row && row.level > 1) selectRow(model, parentOf(model.rows.peek(), at));
}

/** The step that the selected row is of, and of a group the one from which a move leads into it; undefined for none. */
export function selectedStep(model: TimelineModel, by: 1 | -1): number | undefined {
  const row = model.rows.peek()[model.selectedRow.peek()];
  if (row?.kind !== 'group') return row && 'step' in row ? row.step : undefined;
  const first = model.run.peek().steps.findIndex(({ group }) => group === row.group);
  return by > 0 ? first - 1 : first;
}

/** Selects what is clicked: that is in sight, and nothing has to be opened for it. */
export function pickRow(model: TimelineModel, id: string): void {
  model.isPicking = true;
  show({ selected: id });
  model.isPicking = false;
}

/**
 * Brings what is selected into sight: expands its group, opens the step that it is in, scrolls to its row.
 *
 * @param movesTime whether the axis is moved to its bar too
 */
export async function reveal(model: TimelineModel, movesTime: boolean): Promise<void> {
  const id = selected.peek();
  const run = model.run.peek();
  const found = findSelection(run, id);
  const isFar = found.kind === 'span' && model.selectedRow.peek() < 0;
  const step = 'step' in found ? found.step : isFar ? await stepAround(run, found.spanId) : undefined;
  if (selected.peek() !== id) return;
  expandGroup(model, step);
  if (step?.spanId !== undefined && found.kind !== 'step' && !model.isPicking) {
    openStep(step.key);
    // It is loading already, and its rows are there once it is.
    await spanTree(step.spanId);
  }
  if (selected.peek() === id) scrollToSelected(model, movesTime);
}

/** The step that a span is somewhere below; undefined where there is none. */
async function stepAround(run: RunView, spanId: string): Promise<StepView | undefined> {
  const seen = new Set<string>();
  let [id, found] = [spanId, findSelection(run, nameSpan(run, spanId))];
  while (id !== '' && found.kind === 'span' && !seen.has(id)) {
    seen.add(id);
    id = (await spanTree(id)).find(id)?.span.parentSpanId ?? '';
    found = findSelection(run, nameSpan(run, id));
  }
  return 'step' in found ? found.step : undefined;
}

function expandGroup(model: TimelineModel, step: StepView | undefined): void {
  const { steps, groups } = model.run.peek();
  let outer = step;
  while (outer?.parent !== undefined) outer = steps[outer.parent];
  const groupIndex = groups[outer?.group ?? -1]?.groupIndex;
  if (groupIndex !== undefined && model.collapsed.peek().has(groupIndex)) toggleGroup(groupIndex);
}

function scrollToSelected(model: TimelineModel, movesTime: boolean): void {
  const at = model.selectedRow.peek();
  const row = model.rows.peek()[at];
  if (!row) return;
  batch(() => {
    model.scrollTo.peek()?.(at);
    const extent = model.scene.peek().draw(row, model.times.peek()).bar?.extent;
    const zoom = model.zoom.peek();
    if (!movesTime || !extent || !zoom || (extent.toMs >= zoom.fromMs && extent.fromMs <= zoom.toMs)) return;
    const middle = (model.pixels.peek().from + model.pixels.peek().to) / 2;
    model.panBy(model.scale.peek().x(extent.fromMs) - middle);
  });
}

/** Zooms so that what is selected fills most of the plot. */
export function zoomToSelected(model: TimelineModel): void {
  zoomToRows(model, model.selectedRow.peek(), model.selectedRow.peek() + 1);
}

/** Zooms so that the rows in sight fill most of the plot. */
export function zoomToSight(model: TimelineModel): void {
  const first = Math.floor(model.scrollTop.peek() / ROW_HEIGHT);
  zoomToRows(model, first, first + Math.ceil(model.height.peek() / ROW_HEIGHT));
}

function zoomToRows(model: TimelineModel, first: number, end: number): void {
  const scene = model.scene.peek();
  const rows = model.rows.peek().slice(Math.max(0, first), Math.max(0, end));
  const extents = rows.flatMap((row) =>
    row.kind === 'group' && rows.length > 1 ? [] : (scene.draw(row, model.times.peek()).bar?.extent ?? []),
  );
  const [fromMs, toMs] = [
    Math.min(...extents.map(({ fromMs }) => fromMs)),
    Math.max(...extents.map(({ toMs }) => toMs)),
  ];
  if (!(toMs > fromMs)) return;
  const margin = (toMs - fromMs) * 0.1;
  model.setWindow({ fromMs: fromMs - margin, toMs: toMs + margin });
}
