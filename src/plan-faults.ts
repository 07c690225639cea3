import type { PlanIssue } from './errors.ts';
import { findCycles, type Graph, type GraphTool, indexTools, layerGraph, readGraph, reverseGraph } from './graph.ts';
import { INPUT, readReference } from './mapping.ts';
import type { Loop, Plan, PlanTool } from './plan.ts';
import { describe, quote, squash } from './words.ts';

/** Most cycles that are named at once. */
const MAX_CYCLES = 10;
/** Most steps of the search for indirect dependencies; a plan that needs more gets the benefit of the doubt. */
const MAX_SEARCH = 10_000_000;

type Path = readonly (string | number)[];

/** One fault of a plan, before its path is written out. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
  readonly kind: PlanIssue['kind'];
}

/** A plan's edges, and what is wrong with them. */
export interface Structure {
  /** With gaps where the shape is wrong, and where an edge is named in `loops`. */
  readonly tools: readonly GraphTool[];
  readonly index: ReadonlyMap<string, number>;
  readonly graph: Graph;
  /** Whether every tool has an id; else an id that is not found may be one that is missing. */
  readonly isComplete: boolean;
  /** Tools that name a dependency that is not there: what else they may read cannot be told. */
  readonly unsure: ReadonlySet<number>;
  readonly faults: readonly Fault[];
  /** The ids on the first cycle, in run order. */
  readonly cycle?: readonly string[];
}

/**
 * Finds duplicate and unknown ids, self-dependencies and cycles, and takes the edges named in `loops` out of the plan.
 *
 * @param isShapely whether the shape is known to be right
 */
export function checkStructure(plan: Plan, isShapely: boolean): Structure {
  const faults: Fault[] = [];
  const add = (path: Path, message: string): number => faults.push({ path, message, kind: 'structure' });
  const loops = loopsOf(plan);
  const tools = isShapely && loops.length === 0 ? plan.tools : withGaps(plan.tools, loops);
  const index = indexTools(tools);
  const isComplete = tools.every((tool) => tool.tool_id !== undefined);
  const unsure = new Set<number>();
  const unknown = unknownId(index);

  if (index.size < tools.length) {
    tools.forEach(({ tool_id }, i) => {
      const first = tool_id === undefined ? i : index.get(tool_id);
      if (first !== i)
        add(['tools', i, 'tool_id'], `duplicate of ${quote(tool_id!)} in tools[${first}]; give each its own`);
    });
  }
  const graph = readGraph(tools, index, (i, k) => {
    const id = tools[i]!.depends_on[k]!;
    const path = ['tools', i, 'depends_on', k];
    if (id === tools[i]!.tool_id) {
      add(path, `${quote(id)} depends on itself; take it out, or, if it is meant, name the edge in loops`);
      return;
    }
    unsure.add(i);
    if (isComplete) add(path, unknown(id, 'add it to tools, or take it out'));
  });
  loops.forEach((loop, i) => {
    for (const end of ['from', 'to'] as const) {
      const id: unknown = loop?.[end];
      if (typeof id !== 'string' || !isComplete || index.has(id)) continue;
      add(['loops', i, end], unknown(id, 'name a tool of this plan'));
    }
  });
  const cycles = layerGraph(graph).placed < graph.size ? findCycles(graph, MAX_CYCLES) : [];
  const named = cycles.map((cycle) => cycle.map((tool) => tools[tool]!.tool_id!));
  named.forEach((ids, i) => {
    const to = cycles[i]![0]!;
    const from = ids.at(-1)!;
    const edge = `{ "from": ${quote(from)}, "to": ${quote(ids[0]!)} }`;
    add(
      ['tools', to, 'depends_on', tools[to]!.depends_on.indexOf(from)],
      `cycle: ${writeCycle(ids)}; take one of these dependencies out, or, if it is meant, name the edge in loops: ${edge}`,
    );
  });
  if (loops.length > 0) takeOutLoops(plan, tools);
  return { tools, index, graph, isComplete, unsure, faults, ...(named[0] && { cycle: named[0] }) };
}

/** Dependencies in a parallel plan: refused when a plan is parsed, kept when it is only traced. */
export function checkStrategy(plan: Plan, { graph }: Structure): Fault[] {
  if (plan.strategy !== 'parallel' || graph.start[graph.size] === 0) return [];
  const first = graph.start.findIndex((edges) => edges > 0) - 1;
  const message = `a parallel plan has no dependencies, but tools[${first}] has; use "dag"`;
  return [{ path: ['strategy'], message, kind: 'structure' }];
}

/** Loops, as far as their shape is right. */
function loopsOf({ loops }: Plan): readonly (Loop | null)[] {
  return Array.isArray(loops) ? (loops as readonly (Loop | null)[]) : [];
}

/** What can be made out of tools of the wrong shape, without the edges that are named in `loops`. */
function withGaps(tools: readonly (PlanTool | null)[], loops: readonly (Loop | null)[]): GraphTool[] {
  const back = new Map<string, Set<string>>();
  for (const loop of loops) if (loop) back.set(loop.to, (back.get(loop.to) ?? new Set()).add(loop.from));
  return tools.map((tool) => {
    const tool_id = typeof tool?.tool_id === 'string' ? tool.tool_id : undefined;
    const ids: readonly unknown[] = Array.isArray(tool?.depends_on) ? tool.depends_on : [];
    const loopsTo = tool_id === undefined ? undefined : back.get(tool_id);
    return { tool_id, depends_on: ids.map((id) => (typeof id === 'string' && !loopsTo?.has(id) ? id : undefined)) };
  });
}

function takeOutLoops(plan: Plan, tools: readonly GraphTool[]): void {
  plan.tools.forEach((tool: { depends_on: readonly string[] } | null, i) => {
    const { depends_on } = tools[i]!;
    if (tool && depends_on.includes(undefined)) {
      tool.depends_on = tool.depends_on.filter((_, k) => depends_on[k] !== undefined);
    }
  });
}

/** Writes that there is no such tool: with the id that was meant, when one differs in case, `_` or `-` only. */
function unknownId(index: ReadonlyMap<string, number>): (id: string, remedy: string) => string {
  let squashed: Map<string, string> | undefined;
  return (id, remedy) => {
    squashed ??= new Map([...index.keys()].map((known) => [squash(known), known]));
    const meant = squashed.get(squash(id));
    return `there is no tool ${quote(id)}; ${meant === undefined ? remedy : `did you mean ${quote(meant)}?`}`;
  };
}

/** A cycle in run order; the middle of a long one is only counted. */
function writeCycle(ids: readonly string[]): string {
  const written = [...ids, ids[0]!].map((id, i) => (i < 8 || i > ids.length - 3 ? quote(id) : undefined));
  const left = written.filter((id) => id === undefined).length;
  if (left > 0) written.splice(8, left, `(${left} more)`);
  return written.join(' > ');
}

/** A tool that reads the result of one that is not its direct dependency. */
interface Reading {
  readonly reader: number;
  readonly source: number;
  readonly path: Path;
}

/** Finds references that do not parse, that name no tool, or one whose result may not be there yet. */
export function checkMappings(plan: Plan, structure: Structure): Fault[] {
  const { tools, index, graph, isComplete, unsure } = structure;
  const faults: Fault[] = [];
  const add = (path: Path, message: string): number => faults.push({ path, message, kind: 'mapping' });
  const readings: Reading[] = [];
  const direct = new Int32Array(graph.size); // by tool: the last reader (plus 1) that it is a dependency of
  const unknown = unknownId(index);

  const check = (reader: number, text: string, path: () => Path): void => {
    const reference = readReference(text);
    if (reference === undefined) return;
    if (typeof reference === 'string') {
      add(path(), reference);
      return;
    }
    const { toolId } = reference;
    if (toolId === INPUT) return;
    const source = index.get(toolId);
    if (source === undefined) {
      if (isComplete) add(path(), unknown(toolId, `name a tool of this plan, or ${INPUT} for the input of the run`));
    } else if (direct[source] !== reader + 1 && !unsure.has(reader)) readings.push({ reader, source, path: path() });
  };

  for (let i = 0; i < graph.size; i += 1) {
    const tool = plan.tools[i];
    if (typeof tool !== 'object' || tool === null) continue;
    for (let e = graph.start[i]!; e < graph.start[i + 1]!; e += 1) direct[graph.needs[e]!] = i + 1;
    if (tool.tool_id === INPUT) {
      add(['tools', i, 'tool_id'], `${INPUT} stands for the input of the run in references; name the tool otherwise`);
    }
    for (const field in tool.output_mapping) {
      const text: unknown = tool.output_mapping[field];
      if (typeof text === 'string') check(i, text, () => ['tools', i, 'output_mapping', field]);
    }
    const ref: unknown = tool.condition?.ref;
    if (typeof ref !== 'string') continue;
    const path = ['tools', i, 'condition', 'ref'];
    if (readReference(ref) === undefined) add(path, `expected a reference in braces, got ${describe(ref)}`);
    else check(i, ref, () => path);
  }

  for (const { reader, source, path } of readingsTooEarly(readings, structure, loopsOf(plan))) {
    const id = quote(tools[source]!.tool_id!);
    const remedy = plan.strategy === 'parallel' ? 'use "dag", and add it to depends_on' : 'add it to depends_on';
    add(
      path,
      reader === source
        ? `${id} reads its own result, which is not there yet; take it out, or name the edge back to it in loops`
        : `the result of ${id} may not be there yet, because this tool does not depend on it; ${remedy}`,
    );
  }
  return faults;
}

/**
 * The readings whose source is no indirect dependency either: a search from each source. An edge in `loops` counts here,
 * because what the pass before left may be read.
 */
function readingsTooEarly(
  readings: readonly Reading[],
  { graph, index }: Structure,
  loops: readonly (Loop | null)[],
): Reading[] {
  if (readings.length === 0) return [];
  const dependants = reverseGraph(graph);
  const { level, placed } = layerGraph(graph);
  const back = new Map<number, number[]>();
  for (const loop of loops) {
    const [from, to] = [index.get(loop?.from ?? ''), index.get(loop?.to ?? '')];
    if (from !== undefined && to !== undefined) pushTo(back, from, to);
  }
  const isLayered = back.size === 0 && placed === graph.size;
  const bySource = new Map<number, Reading[]>();
  for (const reading of readings) pushTo(bySource, reading.source, reading);

  const reached = new Int32Array(graph.size).fill(-1);
  const early = new Set<Reading>();
  let left = MAX_SEARCH;
  for (const [source, wanted] of bySource) {
    const highest = wanted.reduce((most, { reader }) => Math.max(most, level[reader]!), 0);
    const open = [source];
    const reach = (tool: number): void => {
      left -= 1;
      if (reached[tool] === source) return;
      reached[tool] = source;
      if (!isLayered || level[tool]! < highest) open.push(tool);
    };
    for (let tool = open.pop(); tool !== undefined && left > 0; tool = open.pop()) {
      for (let e = dependants.start[tool]!; e < dependants.start[tool + 1]!; e += 1) reach(dependants.needs[e]!);
      for (const to of back.get(tool) ?? []) reach(to);
    }
    if (left <= 0) break;
    for (const reading of wanted) if (reached[reading.reader] !== source) early.add(reading);
  }
  return readings.filter((reading) => early.has(reading));
}

function pushTo<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
