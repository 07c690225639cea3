import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { CriticalLinks } from './critical-links.tsx';
import { Row, rowElementId } from './row.tsx';
import { pickRow, toggleRow } from './row-actions.ts';
import { ROW_HEIGHT, type TimelineModel } from './timeline-model.ts';
import { useDrag } from './use-drag.ts';

/** Rows that are in sight beyond one that was brought into sight. */
const MARGIN_ROWS = 2;

/** The rows in a part that scrolls: only those in sight are in the document, and the selected one. */
export function Tree({ model }: { readonly model: TimelineModel }): JSX.Element {
  const port = useRef<HTMLDivElement>(null);
  useDrag(port, model);
  useEffect(() => {
    const scrolled = port.current!;
    const observer = new ResizeObserver(() => {
      model.width.value = scrolled.clientWidth;
      model.height.value = scrolled.clientHeight;
    });
    observer.observe(scrolled);
    model.scrollTo.value = (row) => {
      const [top, bottom] = [row * ROW_HEIGHT, (row + 1) * ROW_HEIGHT];
      const { scrollTop, clientHeight } = scrolled;
      const margin = Math.min(MARGIN_ROWS * ROW_HEIGHT, clientHeight / 3);
      if (top < scrollTop) scrolled.scrollTop = top - margin;
      else if (bottom > scrollTop + clientHeight) scrolled.scrollTop = bottom + margin - clientHeight;
    };
    return () => observer.disconnect();
  }, []);
  const onScroll = (): void => {
    model.scrollTop.value = port.current!.scrollTop;
    model.hovered.value = undefined;
  };
  return (
    <div class="timeline-port" ref={port} onScroll={onScroll}>
      <Rows model={model} />
    </div>
  );
}

/** Elements are used again for rows that come into sight: making new ones takes longer. */
function Rows({ model }: { readonly model: TimelineModel }): JSX.Element {
  const rows = model.rows.value;
  const selected = model.selectedRow.value;
  const [first, last, pool] = [model.firstRow.value, model.lastRow.value, model.rowsAtOnce.value];
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
  if (selected >= 0 && selected < first) shown.unshift(selected);
  if (selected >= last) shown.push(selected);
  return (
    <div
      class="timeline-rows"
      role="tree"
      aria-label="Steps in time"
      tabIndex={0}
      aria-activedescendant={selected < 0 ? undefined : rowElementId(selected)}
      style={{ height: `${rows.length * ROW_HEIGHT}px` }}
      onClick={(event) => onClick(event, model)}
      onPointerMove={(event) => onPointerMove(event, model)}
      onPointerLeave={() => (model.hovered.value = undefined)}
    >
      <CriticalLinks model={model} />
      {shown.map((at) => (
        <Row
          key={at < first || at >= last ? 'selected' : at % pool}
          model={model}
          row={rows[at]!}
          at={at}
          isSelected={at === selected}
        />
      ))}
    </div>
  );
}

/** The row that an event is about, and the part of it. */
function targetOf({ target }: Event): { element: Element; part: HTMLElement; at: number } | undefined {
  const part = target as HTMLElement;
  const element = part.closest('[data-row]');
  return element ? { element, part, at: Number((element as HTMLElement).dataset['row']) } : undefined;
}

function onClick(event: Event, model: TimelineModel): void {
  const found = targetOf(event);
  const row = found && model.rows.peek()[found.at];
  if (!row || found.part.closest('a')) return;
  if (found.part.dataset['caret'] !== undefined && row.isOpen !== undefined) toggleRow(row, model);
  else if (row.kind !== 'note' && row.kind !== 'run') pickRow(model, found.part.dataset['id'] ?? row.id);
}

/** Only what is drawn is pointed at: names are there to be read and pressed. */
function onPointerMove(event: PointerEvent, model: TimelineModel): void {
  const found = targetOf(event);
  if (!found || found.part.tagName !== 'I' || event.buttons > 0 || event.pointerType === 'touch') {
    model.hovered.value = undefined;
    return;
  }
  const { top, bottom } = found.element.getBoundingClientRect();
  model.hovered.value = { row: found.at, x: event.clientX, top, bottom };
}
