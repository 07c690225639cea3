import { PlanError } from './errors.ts';
import { type Graph, indexTools, type Layers, layerGraph, readGraph } from './graph.ts';
import { isParsed, type Plan, readStructure, type Strategy } from './plan.ts';

/** A plan's tools, divided into groups. Tools are positions in the plan. */
export interface Division {
  readonly strategy: Strategy;
  /** The tools, group after group; inside a group in the plan's order. */
  readonly order: Int32Array;
  /** Where each group starts in `order`; one entry longer than there are groups. */
  readonly start: Int32Array;
  /** The group of each tool. */
  readonly groupOf: Int32Array;
}

/** A plan that can be divided. */
export interface SoundPlan {
  readonly plan: Plan;
  readonly graph: Graph;
  readonly layers: Layers;
}

/**
 * The strategy of a plan that names none: `parallel` without dependencies, `serial` for a plain chain (every level holds
 * one tool, and each tool needs the one before and no other), else `dag`.
 *
 * @throws {PlanError} when the structure is broken
 */
export function inferStrategy(plan: Plan): Strategy {
  return inferFrom(readSoundPlan(plan));
}

/**
 * Divides the tools into groups: each group needs only groups before it (Kahn 1962, layer by layer).
 *
 * @returns ids in run order; tools of a group in the plan's order. Empty for an empty plan.
 * @throws {PlanError} when the structure is broken; with a cycle the code is `PLAN_CYCLE` and `cycle` has the ids on it
 * @example
 * groupTools(parsePlan({ tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] })) // => [['a'], ['b']]
 */
export function groupTools(plan: Plan): string[][] {
  const sound = readSoundPlan(plan);
  const { order, start } = dividePlan(sound);
  const groups: string[][] = [];
  for (let group = 0; group + 1 < start.length; group += 1) {
    const ids: string[] = [];
    for (let at = start[group]!; at < start[group + 1]!; at += 1) ids.push(sound.plan.tools[order[at]!]!.tool_id);
    groups.push(ids);
  }
  return groups;
}

/**
 * Reads a plan that may be used without its mappings having been looked at. A parsed one is not read again, unless it was
 * changed since.
 *
 * @throws {PlanError} when the structure is broken
 */
export function readSoundPlan(plan: unknown): SoundPlan {
  const known = isParsed(plan) ? orderTools(plan) : undefined;
  if (known) return known;
  const { plan: read, issues, cycle } = readStructure(plan);
  const sound = read && issues.length === 0 ? orderTools(read) : undefined;
  if (!sound) throw new PlanError(issues, cycle);
  return sound;
}

/** Undefined when an id is unknown or there twice, or there is a cycle. */
function orderTools(plan: Plan): SoundPlan | undefined {
  const index = indexTools(plan.tools);
  let isSound = index.size === plan.tools.length;
  const graph = readGraph(plan.tools, index, () => {
    isSound = false;
  });
  if (!isSound) return undefined;
  const layers = layerGraph(graph);
  return layers.placed === graph.size ? { plan, graph, layers } : undefined;
}

/** Divides a plan by its strategy, or else by the inferred one. */
export function dividePlan(sound: SoundPlan): Division {
  const { plan, layers } = sound;
  const size = plan.tools.length;
  const strategy = plan.strategy ?? inferFrom(sound);
  if (strategy === 'serial') {
    const groupOf = new Int32Array(size);
    for (let at = 0; at < size; at += 1) groupOf[layers.order[at]!] = at;
    return { strategy, order: layers.order, start: countTo(size + 1), groupOf };
  }
  if (strategy === 'parallel') {
    const start = size === 0 ? new Int32Array(1) : Int32Array.of(0, size);
    return { strategy, order: countTo(size), start, groupOf: new Int32Array(size) };
  }
  return { strategy, ...byLevel(layers) };
}

function inferFrom({ graph: { size, start, needs }, layers: { depth, level } }: SoundPlan): Strategy {
  if (start[size] === 0) return 'parallel';
  if (depth !== size) return 'dag';
  for (let tool = 0; tool < size; tool += 1) {
    for (let e = start[tool]!; e < start[tool + 1]!; e += 1) if (level[needs[e]!]! + 1 !== level[tool]!) return 'dag';
  }
  return 'serial';
}

/** Counting sort by level, which keeps the order of declaration. */
function byLevel({ level, depth }: Layers): Omit<Division, 'strategy'> {
  const start = new Int32Array(depth + 1);
  for (let tool = 0; tool < level.length; tool += 1) start[level[tool]! + 1]! += 1;
  for (let group = 0; group < depth; group += 1) start[group + 1]! += start[group]!;
  const next = start.slice();
  const order = new Int32Array(level.length);
  for (let tool = 0; tool < level.length; tool += 1) order[next[level[tool]!]!++] = tool;
  return { order, start, groupOf: level };
}

function countTo(end: number): Int32Array {
  const numbers = new Int32Array(end);
  for (let i = 0; i < end; i += 1) numbers[i] = i;
  return numbers;
}
