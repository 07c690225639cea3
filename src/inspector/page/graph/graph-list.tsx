import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { count } from '../../../explain/format.ts';
import { type GraphListItem, listGraph } from '../../scene/graph-list.ts';
import { selectVertex } from '../../scene/graph-selection.ts';
import { nowMs } from '../shown-run.ts';
import { show } from '../url-state.ts';
import type { GraphModel } from './graph-model.ts';

/** Most steps that are listed: more are no help, and slow. */
const MAX_ITEMS = 500;

/** The graph as a list, for readers of the screen; seen by others as long as it has the focus. */
export function GraphList({ model }: { readonly model: GraphModel }): JSX.Element | null {
  const list = useRef<HTMLUListElement>(null);
  const [scene, drawn] = [model.scene.value, model.drawn.value];
  const { node, group } = model.selection.value;
  const current = (node ?? group)?.vertex;
  useLayoutEffect(() => {
    const button = list.current?.querySelector<HTMLElement>('[tabindex="0"]');
    if (list.current?.contains(document.activeElement)) button?.focus();
  }, [current]);
  if (!scene || !drawn) return null;
  const { run, layout } = drawn;
  const all = listGraph(run, scene, layout.vertexOf, nowMs.peek(), { around: current, most: MAX_ITEMS });
  const first = all.items.find(({ vertex }) => vertex === current) ?? all.items[0];
  const pick = ({ vertex }: GraphListItem): void => show({ selected: selectVertex(run, vertex) });
  return (
    <div class="graph-list">
      <p>
        {count(all.total, 'step')} and collapsed groups.
        {all.items.length < all.total && ` ${all.items.length} of them are listed, those around the selected one.`}
      </p>
      <ul ref={list}>
        {all.items.map((item) => (
          <li key={item.vertex}>
            <button
              type="button"
              tabIndex={item === first ? 0 : -1}
              aria-current={item.vertex === current}
              onClick={() => pick(item)}
            >
              {item.text}
            </button>
          </li>
        ))}
      </ul>
      <p role="status" class="hidden">
        {all.items.find(({ vertex }) => vertex === current)?.text}
      </p>
    </div>
  );
}
