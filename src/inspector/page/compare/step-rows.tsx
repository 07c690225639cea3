import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { count, formatDuration } from '../../../explain/format.ts';
import { TimeScale } from '../../scene/time-scale.ts';
import type { CompareView, StepRow } from '../../view/compare-view.ts';
import { useKeys } from '../keys.ts';
import { selected, show } from '../url-state.ts';
import { StepRowView } from './step-row.tsx';
import { useVisibleRows } from './visible-rows.ts';

/** As the style sheet has it, in pixels. */
const ROW_HEIGHT = 42;
/** More rows than these are shortened to what changed at first. */
const MANY_ROWS = 30;
/** More rows than these are drawn only where they are in sight. */
const MANY_DRAWN = 200;
/** What the axis is laid out for: where it is narrower, labels come closer. */
const AXIS_WIDTH = 480;

/** A tick closer to the end has no room for its label. */
const TICK_ROOM = 36;

/** The steps of both runs, aligned, on a common axis from the start of each run. */
export function StepRows({ view }: { readonly view: CompareView }): JSX.Element {
  const changed = view.steps.filter(({ isMaterial }) => isMaterial);
  const isShortened = useSignal(view.steps.length > MANY_ROWS);
  const rows = isShortened.value ? changed : view.steps;
  const scale = new TimeScale({ fromMs: 0, toMs: lengthOf(view) }, { from: 0, to: AXIS_WIDTH });
  return (
    <section class="step-rows" aria-labelledby="step-rows-title">
      <header>
        <h2 id="step-rows-title">Step by step</h2>
        <label>
          <input
            type="checkbox"
            checked={isShortened.value}
            onChange={(event) => (isShortened.value = event.currentTarget.checked)}
          />
          only what changed
        </label>
        <small>
          {changed.length} of {count(view.steps.length, 'step')} changed: by {formatDuration(view.materialMs)} or more,
          or in how they ended
        </small>
        <ul class="legend" aria-hidden="true">
          <li class="is-before">before</li>
          <li class="is-after">this run, by outcome</li>
          <li class="is-critical">critical path</li>
          <li class="is-wait">waited</li>
        </ul>
      </header>
      {rows.length === 0 ? (
        <p>No step changed that much.</p>
      ) : (
        <Rows rows={rows} scale={scale} materialMs={view.materialMs} />
      )}
    </section>
  );
}

interface RowsProps {
  readonly rows: readonly StepRow[];
  readonly scale: TimeScale;
  readonly materialMs: number;
}

function Rows({ rows, scale, materialMs }: RowsProps): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  const anchor = useRef<HTMLDivElement>(null);
  const inSight = useVisibleRows(list, rows.length, ROW_HEIGHT);
  const { from, to } = rows.length > MANY_DRAWN ? inSight.value : { from: 0, to: rows.length };
  const current = placeOf(selected.value, rows);
  const last = useRef(current);
  useEffect(() => {
    // At first, what has been selected elsewhere is no reason to leave the top.
    if (current !== last.current) anchor.current?.scrollIntoView({ block: 'nearest' });
    last.current = current;
  }, [current]);
  const move = (by: 1 | -1): void => {
    // Keys may come faster than what is drawn.
    const from = placeOf(selected.peek(), rows);
    let at = from < 0 && by < 0 ? rows.length : from;
    do at += by;
    while (at in rows && rows[at]?.key === undefined);
    const key = rows[at]?.key;
    if (key !== undefined) show({ selected: `step:${key}` }, false);
  };
  useKeys('Compare', [
    { keys: ['ArrowDown', 'j'], does: 'next step', run: () => move(1) },
    { keys: ['ArrowUp', 'k'], does: 'previous step', run: () => move(-1) },
  ]);
  return (
    <div class="rows-table" role="table" aria-label="Steps of both runs" aria-rowcount={rows.length + 1}>
      <div class="row-head" role="row" aria-rowindex={1}>
        <span role="columnheader">step</span>
        <span role="columnheader" class="axis">
          <span class="hidden">before and this run, since the start of each</span>
          {scale.ticks({ from: 0, to: AXIS_WIDTH - TICK_ROOM }).map(({ x, label }) => (
            <span key={x} class="row-tick" style={{ left: `${(x / AXIS_WIDTH) * 100}%` }} aria-hidden="true">
              {label}
            </span>
          ))}
        </span>
        <span role="columnheader">starts</span>
        <span role="columnheader">takes</span>
      </div>
      <div class="rows" role="rowgroup" ref={list} style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
        {rows.slice(from, to).map((row, at) => (
          <StepRowView
            key={`${row.name} ${from + at}`}
            row={row}
            index={from + at}
            scale={scale}
            materialMs={materialMs}
            top={(from + at) * ROW_HEIGHT}
            isSelected={from + at === current}
          />
        ))}
        {current >= 0 && <div class="anchor" ref={anchor} style={{ top: `${current * ROW_HEIGHT}px` }} />}
      </div>
    </div>
  );
}

function placeOf(target: string, rows: readonly StepRow[]): number {
  return target === '' ? -1 : rows.findIndex(({ key }) => key !== undefined && `step:${key}` === target);
}

/** The end of whatever ended last. */
function lengthOf({ before, after, steps }: CompareView): number {
  return steps.reduce(
    (most, row) =>
      Math.max(most, ...[row.before, row.after].map((side) => (side ? side.startMs + side.durationMs : 0))),
    Math.max(before.durationMs, after.durationMs, 1),
  );
}
