import type { GraphEdge } from './graph-items.ts';
import { DETAIL_SIZE, textWidth } from './graph-text.ts';

export const LABEL_HEIGHT = 16;
const SIDE = 5;

/** How wide the label of an edge is, with what is around it. */
export function labelWidth({ label }: Pick<GraphEdge, 'label'>): number {
  return textWidth(label, DETAIL_SIZE) + 2 * SIDE;
}

/** Those of the edges whose labels can be read beside each other: of two that overlap the first. */
export function readableLabels(edges: Iterable<GraphEdge>): GraphEdge[] {
  const taken = new Map<number, { readonly left: number; readonly right: number; readonly top: number }[]>();
  const placed: GraphEdge[] = [];
  for (const edge of edges) {
    if (edge.label === '') continue;
    const half = labelWidth(edge) / 2;
    const box = { left: edge.labelX - half, right: edge.labelX + half, top: edge.labelY - LABEL_HEIGHT / 2 };
    const line = Math.floor(box.top / LABEL_HEIGHT);
    const near = [line - 1, line, line + 1].flatMap((near) => taken.get(near) ?? []);
    const isFree = near.every(
      ({ left, right, top }) => box.right <= left || box.left >= right || Math.abs(box.top - top) >= LABEL_HEIGHT,
    );
    if (!isFree) continue;
    placed.push(edge);
    if (!taken.get(line)?.push(box)) taken.set(line, [box]);
  }
  return placed;
}
