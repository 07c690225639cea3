import { count } from '../../explain/format.ts';
import { escapeText } from '../../explain/tell/escape-text.ts';
import type { RunView } from '../view/run-view.ts';
import { graphEdges } from './graph-edges.ts';
import { graphGroups } from './graph-groups.ts';
import type { GraphEdge, GraphNode, GraphScene, LegendEntry } from './graph-items.ts';
import { graphNode } from './graph-nodes.ts';
import { weightsOf } from './graph-weights.ts';
import type { GraphLayout } from './layout-graph.ts';

/** What is drawn of a run. The layout has to be that of its structure; states, times and names may be newer. */
export function graphScene(view: RunView, layout: GraphLayout): GraphScene {
  const weights = weightsOf(view);
  const groups = graphGroups(view, layout);
  const nodes = view.steps.flatMap((_, step) => {
    return layout.vertexOf[step] === step ? [graphNode(view, layout, step, weights[step]!)] : [];
  });
  const edges = graphEdges(view, layout.edges, weights);
  const streams = layout.streams === layout.edges ? edges : graphEdges(view, layout.streams, weights);
  const { width, height } = layout;
  const description = escapeText(view.verdict);
  const legend = legendOf(view, nodes, edges);
  return { width, height, title: titleOf(view), description, groups, nodes, edges, streams, legend };
}

/** E.g. `ci-overview, dag: 4 steps in 3 groups`. */
function titleOf({ planName, strategy, steps, groups }: RunView): string {
  const name = [escapeText(planName ?? '') || 'run without a plan', ...(strategy ? [escapeText(strategy)] : [])];
  return `${name.join(', ')}: ${count(steps.length, 'step')} in ${count(groups.length, 'group')}`;
}

/** What the lines mean that there are. */
function legendOf(
  { completeness }: RunView,
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
): readonly LegendEntry[] {
  const kinds = new Set(edges.map(({ kind }) => kind));
  const isCritical = [nodes, edges].some((parts) => parts.some(({ isCritical }) => isCritical));
  const hasSlack = nodes.some(({ weight, slack }) => weight < 1 && slack !== '');
  const whyOrder =
    completeness.planned > 0 ? 'the plan names no dependencies' : 'no dependencies are known: no plan arrived';
  const all: readonly (LegendEntry & { readonly isThere: boolean })[] = [
    { sample: 'control', text: 'waits for it', isThere: kinds.has('control') },
    { sample: 'data', text: 'reads its output', isThere: kinds.has('data') },
    { sample: 'undeclared', text: 'reads its output, not in depends_on', isThere: kinds.has('undeclared') },
    { sample: 'order', text: `follows it; ${whyOrder}`, isThere: kinds.has('order') },
    { sample: 'critical', text: 'critical path', isThere: isCritical },
    { sample: 'slack', text: 'the paler, the more slack', isThere: hasSlack },
    { sample: 'unplanned', text: 'not in the plan', isThere: nodes.some(({ isPlanned }) => !isPlanned) },
  ];
  return all.filter(({ isThere }) => isThere);
}
