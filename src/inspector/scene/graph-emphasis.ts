import type { RunView } from '../view/run-view.ts';
import type { GraphEdge, GraphScene } from './graph-items.ts';
import type { GraphSelection } from './graph-selection.ts';

/** What is drawn bright while the rest is dim. */
export interface Emphasis {
  /** Undefined for all. */
  readonly vertices: ReadonlySet<number> | undefined;
  /** Undefined for all. */
  readonly edges: ReadonlySet<GraphEdge> | undefined;
}

export const NO_EMPHASIS: Emphasis = { vertices: undefined, edges: undefined };

/** Of what is selected: itself, its neighbours and the edges to them. */
export function emphasizeSelection(
  { node, group, edge }: GraphSelection,
  { nodes, edges }: GraphScene,
  { steps }: RunView,
): Emphasis {
  if (edge) return { vertices: new Set([edge.from, edge.to]), edges: new Set([edge]) };
  const own = new Set<number>();
  if (node) own.add(node.vertex);
  else if (group?.isCollapsed) own.add(group.vertex);
  else if (group) for (const { vertex, step } of nodes) if (steps[step]!.group === group.group) own.add(vertex);
  if (own.size === 0) return NO_EMPHASIS;
  const touching = edges.filter(({ from, to }) => own.has(from) || own.has(to));
  return { vertices: new Set([...own, ...touching.flatMap(({ from, to }) => [from, to])]), edges: new Set(touching) };
}

/** Of what was searched for: steps that were found, and collapsed groups that hold one. */
export function emphasizeMatches(keys: ReadonlySet<string>, { steps }: RunView, vertexOf: Int32Array): Emphasis {
  return {
    vertices: new Set(steps.flatMap(({ key }, step) => (keys.has(key) ? [vertexOf[step]!] : []))),
    edges: new Set(),
  };
}
