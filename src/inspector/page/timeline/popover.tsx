import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { StateLabel } from '../ui/state.tsx';
import type { Hovered, TimelineModel } from './timeline-model.ts';

/** All that is known of the row that is pointed at. Readers of the screen have it as the name of the row. */
export function Popover({ model }: { readonly model: TimelineModel }): JSX.Element | null {
  const hovered = model.hovered.value;
  const row = hovered && model.rows.value[hovered.row];
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (element.current && hovered) place(element.current, hovered);
  });
  if (!row) return null;
  const scene = model.scene.value;
  const times = model.times.value;
  const { name, detail, state, label } = scene.draw(row, times);
  return (
    <div class="popover" ref={element} aria-hidden="true">
      <p class="title">
        <strong>{name}</strong> {detail !== undefined && <small>{detail}</small>}
      </p>
      {state && (
        <p>
          <StateLabel state={state} />
          {row.kind === 'group' && label?.note !== undefined && `, ${label.note}`}
        </p>
      )}
      <dl>
        {scene.facts(row, times).map(([heading, text]) => (
          <div key={heading}>
            <dt>{heading}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

const GAP = 10;

/** Below the row, or above where there is no room; beside the pointer, within the window. */
function place(element: HTMLElement, { x, top, bottom }: Hovered): void {
  const { width, height } = element.getBoundingClientRect();
  const isAbove = bottom + GAP + height > innerHeight && top - GAP - height > 0;
  element.style.left = `${Math.max(GAP, Math.min(x + GAP, innerWidth - width - GAP))}px`;
  element.style.top = `${isAbove ? top - GAP / 2 - height : bottom + GAP / 2}px`;
}
