import type { EdgeView, RunView } from '../view/run-view.ts';
import type { EdgeKind, GraphEdge } from './graph-items.ts';
import { GROUP_GAP, PADDING } from './graph-sizes.ts';
import { DETAIL_SIZE, fitText } from './graph-text.ts';
import type { LaidOutEdges } from './layout-graph.ts';
import { mappingText } from './texts.ts';

/** Room for a label: between the nodes of two groups. */
const LABEL_ROOM: number = GROUP_GAP + 2 * PADDING - 14;

/** Of edges that tell nothing but the order. */
const WEIGHT_OF_ORDER = 0.5;

/** The edges as they were laid out: one for all between the same two ends. */
export function graphEdges(view: RunView, laidOut: LaidOutEdges, weights: Float64Array): GraphEdge[] {
  const { edgeOf, from, to, curveStart, curves, labels } = laidOut;
  const members = Array.from(from, (): number[] => []);
  for (const [edge, drawn] of edgeOf.entries()) if (drawn >= 0) members[drawn]!.push(edge);
  return members.map((edges, drawn) => {
    const curve = curves.subarray(curveStart[drawn], curveStart[drawn + 1]);
    const views = edges.map((edge) => view.edges[edge]!);
    return {
      from: from[drawn]!,
      to: to[drawn]!,
      kind: kindOf(views),
      isCritical: views.some(({ isCritical }) => isCritical),
      weight: views.reduce(
        (most, { from, to }) => Math.max(most, Math.min(weights[from]!, weights[to]!)),
        views.length === 0 ? WEIGHT_OF_ORDER : 0,
      ),
      edges,
      curve,
      bounds: boundsOf(curve),
      label: views.length === 1 ? fitText(mappingText(view, views[0]!), LABEL_ROOM, DETAIL_SIZE) : '',
      labelX: labels[2 * drawn]!,
      labelY: labels[2 * drawn + 1]!,
    };
  });
}

/** Nothing but the order is known where there are none. Data flows where any of them hands something over; all of it undeclared where none is declared. */
function kindOf(edges: readonly EdgeView[]): EdgeKind {
  if (edges.length === 0) return 'order';
  const data = edges.filter(({ kind }) => kind === 'data');
  if (data.length === 0) return 'control';
  return data.some(({ isDeclared }) => isDeclared) ? 'data' : 'undeclared';
}

/** Of all its points: a curve stays between its controls. */
function boundsOf(curve: Float64Array): [number, number, number, number] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < curve.length; at += 2) {
    const [x, y] = [curve[at]!, curve[at + 1]!];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return [left, top, right, bottom];
}
