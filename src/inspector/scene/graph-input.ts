import type { RunView } from '../view/run-view.ts';

/** What is laid out, as numbers, so that a worker can be given it. What refers to nothing is passed over. */
export interface GraphInput {
  /** Of each node the group, or -1. */
  readonly groupOf: Int32Array;
  /** Of each node the one that called it, or -1. It comes before its callee. */
  readonly parentOf: Int32Array;
  /** Of each node the first pass of its tool: itself where it is no further one. */
  readonly firstPassOf: Int32Array;
  readonly groupCount: number;
  /** Edge `i` leads from node `from[i]` to node `to[i]`. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** The groups that are one box. */
  readonly collapsed: Int32Array;
}

/** Runs of more steps have groups collapsed at first: those of more steps than that. */
const MANY_STEPS = 300;
const MANY_IN_GROUP = 40;

/** The steps, groups and edges of a run. */
export function graphInputOf(view: RunView, collapsed: readonly number[]): GraphInput {
  const { steps, edges, groups } = view;
  const firstPasses = new Map<string, number>();
  return {
    groupOf: Int32Array.from(steps, ({ group }) => group ?? -1),
    parentOf: Int32Array.from(steps, ({ parent }) => parent ?? -1),
    firstPassOf: Int32Array.from(steps, ({ toolId, iteration }, at) => {
      if (iteration === 1) firstPasses.set(toolId, at);
      return firstPasses.get(toolId) ?? at;
    }),
    groupCount: groups.length,
    from: Int32Array.from(edges, ({ from }) => from),
    to: Int32Array.from(edges, ({ to }) => to),
    collapsed: Int32Array.from(collapsed),
  };
}

/** Whether both are laid out alike. */
export function isSameInput(a: GraphInput, b: GraphInput): boolean {
  const lists = ['groupOf', 'parentOf', 'firstPassOf', 'from', 'to', 'collapsed'] as const;
  return a.groupCount === b.groupCount && lists.every((name) => isSameList(a[name], b[name]));
}

/** Indexes of the groups that are collapsed where nobody says which. */
export function largeGroupsOf({ steps, groups }: RunView): number[] {
  if (steps.length <= MANY_STEPS) return [];
  const sizes = new Int32Array(groups.length);
  for (const { group } of steps) if (group !== undefined) sizes[group]! += 1;
  return groups.flatMap((_, index) => (sizes[index]! > MANY_IN_GROUP ? [index] : []));
}

function isSameList(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}
