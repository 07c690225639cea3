import { formatDuration } from '../../explain/format.ts';
import type { EdgeView, RunView } from '../view/run-view.ts';
import type { GraphEdge, GraphGroup, GraphNode } from './graph-items.ts';
import { summarize } from './graph-tally.ts';
import { STATES } from './step-states.ts';
import { mappingText, modeOf, shownName } from './texts.ts';

/** Names of dependencies, and mappings of an edge, that are told. */
const MAX_TOLD = 5;

/** Everything that a node shows in one sentence, e.g. `rank, succeeded, 1.20 s, needs fetch and lookup, critical`. */
export function describeNode(
  view: RunView,
  { step, state, time, sinceMs, slack, isPlanned }: GraphNode,
  nowMs: number,
  needs: readonly number[],
): string {
  return [
    shownName(view.steps[step]!),
    STATES[state].words,
    ...(sinceMs === undefined ? [] : [`for ${formatDuration(Math.max(0, nowMs - sinceMs))}`]),
    ...(time === '' ? [] : [time]),
    ...(needs.length > 0 ? [`needs ${listNames(needs.map((need) => shownName(view.steps[need]!)))}`] : []),
    ...(slack === '' ? [] : [slack]),
    ...(isPlanned ? [] : ['not in the plan']),
  ].join(', ');
}

/** E.g. `group 0, parallel, 100 steps, 2 failed, 1.20 s, collapsed`. */
export function describeGroup(view: RunView, { group, counts, time, isCollapsed }: GraphGroup): string {
  const { groupIndex } = view.groups[group]!;
  const parts = [
    `group ${groupIndex}`,
    modeOf(view.groups[group]!),
    summarize(counts),
    time,
    isCollapsed ? 'collapsed' : 'open',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** What an edge says, line by line: its ends, and what is handed over. */
export function describeEdge(view: RunView, { edges, kind, from, to }: GraphEdge): string[] {
  const nameOf = (vertex: number): string => {
    const step = view.steps[vertex];
    return step ? shownName(step) : `group ${view.groups[vertex - view.steps.length]!.groupIndex}`;
  };
  const title = `${nameOf(from)} → ${nameOf(to)}`;
  if (edges.length > 1) return [title, `${edges.length} edges`];
  const edge = view.edges[edges[0] ?? -1];
  const mappings = edge?.mappings.map((mapping) => describeMapping(view, { ...edge, mappings: [mapping] })) ?? [];
  const more = mappings.length > MAX_TOLD ? [`and ${mappings.length - MAX_TOLD} more`] : [];
  const what = {
    control: 'waits for it',
    data: 'reads its output',
    undeclared: 'reads its output, which depends_on does not name',
    order: 'follows it',
  }[kind];
  return [title, what, ...mappings.slice(0, MAX_TOLD), ...more];
}

/** Of one mapping. */
function describeMapping(view: RunView, edge: EdgeView): string {
  const [mapping] = edge.mappings;
  const isLost = view.steps[edge.to]?.mappings.some(({ field, resolved }) => field === mapping?.field && !resolved);
  return mappingText(view, edge) + (isLost ? ': found nothing' : '');
}

function listNames(names: readonly string[]): string {
  if (names.length > MAX_TOLD)
    return `${names.slice(0, MAX_TOLD - 1).join(', ')} and ${names.length - MAX_TOLD + 1} more`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
