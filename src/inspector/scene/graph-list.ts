import type { RunView } from '../view/run-view.ts';
import type { GraphScene } from './graph-items.ts';
import { describeGroup, describeNode } from './graph-words.ts';

/** A step or a collapsed group, in words. */
export interface GraphListItem {
  readonly vertex: number;
  readonly text: string;
}

export interface GraphList {
  readonly items: readonly GraphListItem[];
  /** How many there are in all. */
  readonly total: number;
}

interface ListPart {
  /** The vertex that is to be among them. */
  readonly around: number | undefined;
  readonly most: number;
}

/** The graph for those who cannot see it: steps in their order, a collapsed group in the place of its steps. */
export function listGraph(
  view: RunView,
  scene: GraphScene,
  vertexOf: Int32Array,
  nowMs: number,
  { around, most }: ListPart,
): GraphList {
  const vertices = [...new Set(vertexOf)];
  const start = around === undefined ? 0 : vertices.indexOf(around) - Math.floor(most / 2);
  const from = Math.max(0, Math.min(start, vertices.length - most));
  const part = vertices.slice(from, from + most);
  const isListed = new Set(part);
  const needs = new Map<number, number[]>();
  for (const { from, to } of view.edges)
    if (from !== to && isListed.has(to) && !needs.get(to)?.push(from)) needs.set(to, [from]);
  const nodes = new Map(scene.nodes.map((node) => [node.vertex, node]));
  const items = part.map((vertex) => {
    const node = nodes.get(vertex);
    const group = scene.groups[vertex - view.steps.length];
    const text = node ? describeNode(view, node, nowMs, needs.get(vertex) ?? []) : describeGroup(view, group!);
    return { vertex, text };
  });
  return { items, total: vertices.length };
}
