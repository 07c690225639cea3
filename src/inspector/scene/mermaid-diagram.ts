import { count } from '../../explain/format.ts';
import type { RunView, StepView } from '../view/run-view.ts';
import type { GroupCount } from './graph-items.ts';
import { howMany, summarize, tallyGroups } from './graph-tally.ts';
import type { Palette } from './palette.ts';
import { STATES } from './step-states.ts';
import { groupTitle, mappingText, shownName, tookText } from './texts.ts';

/** Nodes and lines, before they are written. */
export interface Diagram {
  readonly frames: readonly Frame[];
  readonly lines: readonly Line[];
  /** What is not as one would think, in words of our own. */
  readonly note?: string;
}

/** Nodes of a group; without a title those outside any. */
interface Frame {
  readonly title?: string;
  readonly nodes: readonly DiagramNode[];
}

export interface DiagramNode {
  /** Names it among all. */
  readonly at: number;
  /** Texts of others, as they are; empty ones are left out. */
  readonly lines: readonly string[];
  readonly color: keyof Palette;
  readonly isCritical: boolean;
  readonly isPlanned: boolean;
}

export interface Line {
  readonly from: number;
  readonly to: number;
  /** `call`: to what a step called. */
  readonly kind: 'control' | 'data' | 'call';
  readonly label: string;
  readonly isCritical: boolean;
}

/** What of a run is drawn. */
export type DrawnPart = Pick<RunView, 'groups' | 'steps' | 'edges'>;

/** Every step as a node, in the frames of its group. */
export function drawSteps(view: DrawnPart): Diagram {
  const { steps, groups, edges } = view;
  const frames = groups.map((group) => ({ title: groupTitle(group), nodes: [] as DiagramNode[] }));
  const loose: DiagramNode[] = [];
  for (const [at, step] of steps.entries()) (frames[step.group ?? -1]?.nodes ?? loose).push(nodeOf(step, at));
  const calls = steps.flatMap(({ parent }, to): Line[] =>
    parent === undefined ? [] : [{ from: parent, to, kind: 'call', label: '', isCritical: false }],
  );
  const lines = edges.map((edge): Line => {
    const { from, to, kind, isCritical } = edge;
    return { from, to, kind, label: mappingText(view, edge), isCritical };
  });
  return { frames: [...frames, { nodes: loose }], lines: [...lines, ...calls] };
}

/**
 * Every group as a node, or where these are too many as well, several that follow each other.
 *
 * @param most how many nodes there may be
 */
export function drawGroups(view: DrawnPart, most: number): Diagram {
  const { steps, groups, edges } = view;
  const perNode = Math.max(1, Math.ceil(groups.length / (most - 1)));
  const outside = Math.ceil(groups.length / perNode);
  const nodeOfStep = steps.map(({ group }) => (group === undefined ? outside : Math.floor(group / perNode)));
  const tallies = tallyGroups(view);
  const nodes: DiagramNode[] = [];
  for (let first = 0; first < groups.length; first += perNode) {
    const part = tallies.slice(first, first + perNode);
    const [from, to] = [groups[first]!, groups[Math.min(first + perNode, groups.length) - 1]!];
    const title = from === to ? groupTitle(from) : `groups ${from.groupIndex} to ${to.groupIndex}`;
    nodes.push({
      at: nodes.length,
      lines: [title, summarize(addUp(part.flatMap(({ counts }) => counts))), from === to ? tookText(from) : ''],
      color:
        part.find(({ color }) => color)?.color ??
        STATES[part.flatMap(({ counts }) => counts)[0]?.state ?? 'unknown'].color,
      isCritical: part.some(({ isCritical }) => isCritical),
      isPlanned: true,
    });
  }
  const loose = nodeOfStep.filter((node) => node === outside).length;
  if (loose > 0)
    nodes.push({
      at: outside,
      lines: ['outside any group', count(loose, 'step')],
      color: 'unknown',
      isCritical: false,
      isPlanned: true,
    });
  const note = `${count(steps.length, 'step')}: each ${perNode > 1 ? `${perNode} groups are` : 'group is'} one node.`;
  return { frames: [{ nodes }], lines: mergeLines(edges, nodeOfStep), note };
}

/** One line for all between the same two nodes: of data where any of it is. */
function mergeLines(edges: RunView['edges'], nodeOfStep: readonly number[]): Line[] {
  const lines = new Map<string, Line>();
  for (const { from, to, kind, isCritical } of edges) {
    const [a, b] = [nodeOfStep[from]!, nodeOfStep[to]!];
    if (a === b) continue;
    const name = `${a} ${b}`;
    const known = lines.get(name);
    lines.set(name, {
      from: a,
      to: b,
      kind: kind === 'data' || known?.kind === 'data' ? 'data' : 'control',
      label: '',
      isCritical: isCritical || known?.isCritical === true,
    });
  }
  return [...lines.values()];
}

function addUp(counts: readonly GroupCount[]): GroupCount[] {
  const byState = Map.groupBy(counts, ({ state }) => state);
  return Array.from(byState, ([state, same]) => ({ state, count: howMany(same) }));
}

function nodeOf(step: StepView, at: number): DiagramNode {
  const { state, isCritical, isPlanned } = step;
  const { words, color } = STATES[state];
  const told = [state === 'success' ? '' : words, tookText(step)].filter(Boolean).join(', ');
  return { at, lines: [shownName(step), told], color, isCritical, isPlanned };
}
