import type { Box } from '../../scene/graph-camera.ts';
import { type Direction, moveInGraph } from '../../scene/graph-moves.ts';
import { type GraphSelection, selectVertex } from '../../scene/graph-selection.ts';
import { show } from '../url-state.ts';
import type { GraphModel } from './graph-model.ts';

/** Where the selection is in the graph. */
export function selectedBox({ node, group, edge }: GraphSelection): Box | undefined {
  if (!edge) return node ?? group;
  const [left, top, right, bottom] = edge.bounds;
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export function moveSelection(model: GraphModel, direction: Direction): void {
  const [scene, drawn] = [model.scene.peek(), model.drawn.peek()];
  if (!scene || !drawn) return;
  model.hovered.value = undefined;
  const { node, group, edge } = model.selection.peek();
  const from = (node ?? group)?.vertex ?? (direction === 'left' ? edge?.to : edge?.from);
  const vertex = moveInGraph(scene, from, direction);
  if (vertex !== undefined) show({ selected: selectVertex(drawn.run, vertex) }, false);
}

/** Opens or collapses the group that is selected, or that of the step that is. */
export function toggleSelectedGroup(model: GraphModel): void {
  const { node, group } = model.selection.peek();
  const at = group?.group ?? model.run.peek().steps[node?.step ?? -1]?.group;
  if (at !== undefined) model.toggleGroup(at);
}
