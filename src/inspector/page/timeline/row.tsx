import type { JSX } from 'preact';
import { placeBar, type PlacedBar, type PlacedLabel } from '../../scene/timeline-place.ts';
import type { TimelineRow } from '../../scene/timeline-rows.ts';
import type { RunTimes } from '../../scene/timeline-times.ts';
import type { RunView } from '../../view/run-view.ts';
import { matches } from '../shown-run.ts';
import { Link } from '../ui/link.tsx';
import { Mark } from '../ui/state.tsx';
import { selected } from '../url-state.ts';
import { ROW_HEIGHT, type TimelineModel } from './timeline-model.ts';

interface RowProps {
  readonly model: TimelineModel;
  readonly row: TimelineRow;
  /** Its place among all rows. */
  readonly at: number;
  readonly isSelected: boolean;
}

/** The id of a row's element. */
export function rowElementId(at: number): string {
  return `timeline-row-${at}`;
}

/** A row: its name, and what is drawn for it, which readers of the screen get in words. */
export function Row({ model, row, at, isSelected }: RowProps): JSX.Element {
  const times = timesFor(row, model);
  const scene = model.scene.value;
  const { name, detail, state } = scene.draw(row, times);
  const indent = { paddingLeft: `${(Math.min(row.level, MAX_INDENT) - 1) * 16 + 4}px` };
  return (
    <div
      role="treeitem"
      id={rowElementId(at)}
      data-row={at}
      class={`timeline-row is-${row.kind} ${isSelected ? 'is-selected' : ''} ${matchOf(row, model.run.value)}`}
      style={{ top: `${at * ROW_HEIGHT}px` }}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={row.isOpen}
      aria-selected={isSelected}
    >
      <div class="row-name" style={indent}>
        <span class={row.isOpen === undefined ? 'caret is-none' : row.isOpen ? 'caret is-open' : 'caret'} data-caret />
        {state && <Mark state={state} />}
        {row.kind === 'run' ? (
          <Link class="name" to={{ run: row.run.runSpanId, selected: '', zoom: '', open: '', collapsed: '' }}>
            {name}
          </Link>
        ) : (
          <span class="name">{name}</span>
        )}
        {detail !== undefined && <span class="detail">{detail}</span>}
        <span class="hidden">{scene.describe(row, times)}</span>
      </div>
      <Plot model={model} row={row} isSelected={isSelected} />
    </div>
  );
}

/** Deeper rows are not indented further: there would be no room for their names. */
const MAX_INDENT = 8;

/** What is drawn of a row: alone it is drawn again when the part of the axis that is shown changes. */
function Plot({ model, row, isSelected }: Omit<RowProps, 'at'>): JSX.Element {
  const { bar, label } = model.scene.value.draw(row, timesFor(row, model));
  const placed = bar && placeBar(bar, label, model.scale.value, model.plotWidth.value);
  return (
    <div class="row-plot" aria-hidden="true">
      {placed && <PlacedRow {...placed} selectedId={isSelected ? selected.value : undefined} />}
    </div>
  );
}

interface PlacedRowProps extends PlacedBar {
  /** Of an attempt that is selected. */
  readonly selectedId: string | undefined;
}

function PlacedRow({ segments, point, usualX, critical, label, selectedId }: PlacedRowProps): JSX.Element {
  return (
    <>
      {segments.map(({ kind, color, isOpen, id, x, width }, at) => (
        <i
          key={at}
          class={`segment is-${kind} color-${color} ${isOpen ? 'is-going-on' : ''} ${id !== undefined && id === selectedId ? 'is-chosen' : ''}`}
          data-id={id}
          style={{ left: px(x), width: px(width) }}
        />
      ))}
      {critical && <i class="critical-line" style={{ left: px(critical.x), width: px(critical.width) }} />}
      {usualX !== undefined && <i class="usual-end" style={{ left: px(usualX) }} />}
      {point && <i class={`point is-${point.kind} color-${point.color}`} style={{ left: px(point.x) }} />}
      {label && <BarLabel {...label} />}
    </>
  );
}

function BarLabel({ text, note, isOverdue, side, x, room }: PlacedLabel): JSX.Element {
  const isAtEnd = side === 'left' || side === 'inside' || side === 'beyond-right';
  const place = isAtEnd ? { right: `calc(100% - ${px(x)})` } : { left: px(x) };
  return (
    <span class={`bar-label is-${side} ${isOverdue ? 'is-overdue' : ''}`} style={{ ...place, maxWidth: px(room) }}>
      {side === 'beyond-left' && '‹ '}
      {text}
      {note !== undefined && <small>{note}</small>}
      {side === 'beyond-right' && ' ›'}
    </span>
  );
}

function px(pixels: number): string {
  return `${Math.round(pixels * 10) / 10}px`;
}

/** Rows that do not move while a run goes on are not drawn again with each tick of its clock. */
function timesFor(row: TimelineRow, model: TimelineModel): RunTimes {
  return moves(row, model.run.value) ? model.times.value : model.times.peek();
}

function moves(row: TimelineRow, { state, steps, groups }: RunView): boolean {
  if (state !== 'running') return false;
  if (row.kind === 'group') return groups[row.group]!.endMs === undefined;
  return row.kind === 'step' && steps[row.step]!.endMs === undefined;
}

/** How a row stands to what is searched for. */
function matchOf(row: TimelineRow, { steps }: RunView): string {
  const found = matches.value;
  if (!found || row.kind === 'group') return '';
  const isFound =
    row.kind === 'step'
      ? found.steps.has(steps[row.step]!.key)
      : row.kind === 'span' && found.spans.has(row.span.spanId);
  return isFound ? 'is-match' : 'is-no-match';
}
