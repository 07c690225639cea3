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
  const streams = graphEdges(view, layout.streams, weights);
  const { width, height } = layout;
  const description = escapeText(view.verdict);
  const legend = legendOf(nodes, edges);
  return { width, height, title: titleOf(view), description, groups, nodes, edges, streams, legend };
}

/** E.g. `ci-overview, dag: 4 steps in 3 groups`. */
function titleOf({ planName, strategy, steps, groups }: RunView): string {
  const name = [escapeText(planName ?? '') || 'run without a plan', ...(strategy ? [escapeText(strategy)] : [])];
  return `${name.join(', ')}: ${count(steps.length, 'step')} in ${count(groups.length, 'group')}`;
}

/** What the lines mean that there are. */
function legendOf(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): LegendEntry[] {
  const kinds = new Set(edges.map(({ kind }) => kind));
  const isThere: Record<LegendEntry['sample'], boolean> = {
    control: kinds.has('control'),
    data: kinds.has('data'),
    undeclared: kinds.has('undeclared'),
    critical: nodes.some(({ isCritical }) => isCritical) || edges.some(({ isCritical }) => isCritical),
    slack: nodes.some(({ weight, slack }) => weight < 1 && slack !== ''),
    unplanned: nodes.some(({ isPlanned }) => !isPlanned),
  };
  return LEGEND.filter(({ sample }) => isThere[sample]);
}

const LEGEND: readonly LegendEntry[] = [
  { sample: 'control', text: 'waits for it' },
  { sample: 'data', text: 'reads its output' },
  { sample: 'undeclared', text: 'reads its output, not in depends_on' },
  { sample: 'critical', text: 'critical path' },
  { sample: 'slack', text: 'the paler, the more slack' },
  { sample: 'unplanned', text: 'not in the plan' },
];
