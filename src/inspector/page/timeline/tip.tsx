import type { JSX } from 'preact';
import { Popover } from '../ui/popover.tsx';
import type { TimelineModel } from './timeline-model.ts';

/** All that is known of the row that is pointed at. Readers of the screen have it as the name of the row. */
export function Tip({ model }: { readonly model: TimelineModel }): JSX.Element | null {
  const hovered = model.hovered.value;
  const row = hovered && model.rows.value[hovered.row];
  if (!row) return null;
  const scene = model.scene.value;
  const times = model.times.value;
  const { name, detail, state, label } = scene.draw(row, times);
  const note = row.kind === 'group' ? label?.note : undefined;
  const facts = scene.facts(row, times);
  return <Popover key={row.id} at={hovered} title={name} detail={detail} state={state} note={note} facts={facts} />;
}
