import { PlanError } from './errors.ts';
import type { Graph } from './graph.ts';
import { type Division, dividePlan, readSoundPlan, type SoundPlan } from './groups.ts';
import { type Plan, type PlanInput, type Strategy, STRATEGIES } from './plan.ts';

/** One tool in the execution plan trace. */
export interface TracedTool {
  readonly tool_id: string;
  readonly tool_type: string;
  readonly depends_on: readonly string[];
  /** Groups that hold a dependency of any tool of this group, ascending: the same for each of them. */
  readonly dependency_groups: readonly number[];
  readonly output_mapping: Readonly<Record<string, string>>;
  /** Only where it may start after the first of its dependencies that succeeds. */
  readonly join?: 'any';
}

/** The tools that may run together. */
export interface ExecutionGroup {
  readonly group_index: number;
  /** Whether there is more than one tool. */
  readonly parallel_execution: boolean;
  /** In the plan's order. */
  readonly tools: readonly TracedTool[];
}

/** The plan, divided into groups: what was meant to happen. */
export interface ExecutionPlanTrace {
  readonly strategy: Strategy;
  readonly execution_groups: readonly ExecutionGroup[];
  readonly total_groups: number;
  readonly total_tools: number;
  /** In the plan's order. */
  readonly tool_ids: readonly string[];
  /** Why there are no groups, when the plan cannot be divided. */
  readonly error?: string;
}

/**
 * Makes the execution plan trace, without I/O. Takes a plan from `parsePlan` (quicker) or as people write it. Never
 * throws: a plan that cannot be divided gives a trace without groups and with `error`, because the executor that it
 * belongs to runs anyway. References are not looked at.
 *
 * @example
 * createExecutionPlanTrace({ tools: [{ tool_id: 'a' }] }).total_groups // => 1
 */
export function createExecutionPlanTrace(plan: Plan | PlanInput): ExecutionPlanTrace {
  try {
    return tracePlan(readSoundPlan(plan));
  } catch (error) {
    return errorTrace(plan, error);
  }
}

function tracePlan(sound: SoundPlan): ExecutionPlanTrace {
  const { plan, graph } = sound;
  const division = dividePlan(sound);
  const { strategy, order, start } = division;
  const total = start.length - 1;
  const neededGroups = groupDependencies(graph, division);
  const execution_groups: ExecutionGroup[] = [];
  for (let group_index = 0; group_index < total; group_index += 1) {
    const dependency_groups = neededGroups[group_index]!;
    const first = start[group_index]!;
    const end = start[group_index + 1]!;
    const tools: TracedTool[] = [];
    for (let place = first; place < end; place += 1) {
      const { tool_id, tool_type, depends_on, output_mapping, join } = plan.tools[order[place]!]!;
      const traced = { tool_id, tool_type, depends_on, dependency_groups, output_mapping };
      tools.push(join === 'any' ? { ...traced, join } : traced);
    }
    execution_groups.push({ group_index, parallel_execution: end - first > 1, tools });
  }
  return {
    strategy,
    execution_groups,
    total_groups: total,
    total_tools: plan.tools.length,
    tool_ids: plan.tools.map((tool) => tool.tool_id),
  };
}

/** For each group the groups that it needs, ascending. */
function groupDependencies({ start: edges, needs }: Graph, { order, start, groupOf, strategy }: Division): number[][] {
  const seenBy = new Int32Array(start.length).fill(-1);
  const all: number[][] = [];
  for (let group = 0; group + 1 < start.length; group += 1) {
    const groups: number[] = [];
    for (let place = start[group]!; place < start[group + 1]! && strategy !== 'parallel'; place += 1) {
      const tool = order[place]!;
      for (let e = edges[tool]!; e < edges[tool + 1]!; e += 1) {
        const needed = groupOf[needs[e]!]!;
        if (seenBy[needed] === group) continue;
        seenBy[needed] = group;
        groups.push(needed);
      }
    }
    all.push(groups.length > 1 ? groups.toSorted((a, b) => a - b) : groups);
  }
  return all;
}

/** What can be told of a plan that cannot be divided, or not even be read. */
function errorTrace(plan: unknown, error: unknown): ExecutionPlanTrace {
  const tool_ids: string[] = [];
  let strategy: Strategy | undefined;
  let total_tools = 0;
  let hasDependencies = false;
  let reason = 'the plan cannot be read';
  try {
    if (PlanError.isInstance(error)) reason = error.message;
    const { strategy: named, tools } = plan as { readonly strategy?: unknown; readonly tools?: unknown };
    strategy = STRATEGIES.find((known) => known === named);
    if (Array.isArray(tools)) {
      total_tools = tools.length;
      for (const tool of tools.slice(0, MAX_LISTED) as readonly ({
        tool_id?: unknown;
        depends_on?: unknown;
      } | null)[]) {
        if (typeof tool?.tool_id === 'string') tool_ids.push(tool.tool_id);
        hasDependencies ||= Array.isArray(tool?.depends_on) && tool.depends_on.length > 0;
      }
    }
  } catch {
    // a getter or a proxy that throws: what was read until then is what there is
  }
  strategy ??= hasDependencies ? 'dag' : 'parallel';
  return { strategy, execution_groups: [], total_groups: 0, total_tools, tool_ids, error: reason };
}

/** Most tools of a broken plan that are listed. */
const MAX_LISTED = 1_000_000;
