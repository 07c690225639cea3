import type { JSX } from 'preact';
import { ROW_HEIGHT, type TimelineModel } from './timeline-model.ts';

/** From the end of each critical step to the start of the next: down or up, then across. */
export function CriticalLinks({ model }: { readonly model: TimelineModel }): JSX.Element {
  const [first, last, scale] = [model.firstRow.value, model.lastRow.value, model.scale.value];
  const plotWidth = model.plotWidth.value;
  const links = model.links.value.flatMap(({ fromRow, toRow, fromMs, toMs }, at) => {
    if (Math.max(fromRow, toRow) < first || Math.min(fromRow, toRow) > last) return [];
    const [from, to] = [scale.x(fromMs), scale.x(toMs)];
    if (from < 0 || from > plotWidth) return [];
    const isUp = toRow < fromRow;
    // No higher than what is in sight, however far away the other row is.
    const top = middle(Math.max(Math.min(fromRow, toRow), first - 1));
    const bottom = middle(Math.min(Math.max(fromRow, toRow), last + 1));
    const style = {
      left: `${Math.min(from, to)}px`,
      width: `${Math.min(Math.abs(to - from), plotWidth)}px`,
      top: `${top}px`,
      height: `${bottom - top}px`,
    };
    return [<i key={at} class={`critical-link ${isUp ? 'is-up' : ''} ${to < from ? 'is-back' : ''}`} style={style} />];
  });
  return (
    <div class="critical-links" aria-hidden="true">
      {links}
    </div>
  );
}

function middle(row: number): number {
  return (row + 0.5) * ROW_HEIGHT;
}
