import type { RunView } from '../view/run-view.ts';
import type { GraphEdge, GraphGroup, GraphNode, GraphScene } from './graph-items.ts';
import type { GraphLayout } from './layout-graph.ts';

/** What is selected of what is drawn. */
export interface GraphSelection {
  readonly node?: GraphNode;
  /** Also the collapsed group of a step that is selected. */
  readonly group?: GraphGroup;
  readonly edge?: GraphEdge;
}

/** What is selected of a run: an index of one of its lists. */
export interface SelectedPart {
  readonly kind: 'step' | 'group' | 'edge';
  readonly at: number;
}

/** Finds what is drawn of what is selected. */
export function findDrawn(
  { kind, at }: SelectedPart,
  scene: GraphScene,
  { edges, vertexOf }: GraphLayout,
): GraphSelection {
  if (kind === 'edge') {
    const edge = scene.edges[edges.edgeOf[at] ?? -1];
    return edge ? { edge } : {};
  }
  const vertex = kind === 'step' ? vertexOf[at] : vertexOf.length + at;
  const node = scene.nodes.find((node) => node.vertex === vertex);
  const group = scene.groups.find((group) => group.vertex === vertex);
  return { ...(node && { node }), ...(group && { group }) };
}

/** What a vertex stands for, as the address has it. */
export function selectVertex({ steps, groups }: RunView, vertex: number): string {
  const step = steps[vertex];
  return step ? `step:${step.key}` : `group:${groups[vertex - steps.length]!.groupIndex}`;
}

/** An edge; where it stands for several, what it leads to. */
export function selectEdge(view: RunView, { edges, to }: GraphEdge): string {
  const only = edges.length === 1 ? view.edges[edges[0]!] : undefined;
  return only ? `edge:${view.steps[only.from]!.key}>${view.steps[only.to]!.key}` : selectVertex(view, to);
}
