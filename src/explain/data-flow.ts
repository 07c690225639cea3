import { readGraph, reverseGraph } from '../graph.ts';
import { dataSources } from '../mapping.ts';
import type { RunFacts } from './facts.ts';

/** What can be told of the data that steps hand to each other. */
export interface DataFlow {
  /** References that found nothing in a step that ran. */
  readonly unresolved: readonly Unresolved[];
  /** Dependencies whose output the tool that depends on them does not read: they decide the order alone. */
  readonly unread: readonly Edge[];
  /** Outputs that are read by a tool that does not depend on the tool they come from, directly or not, nor in a loop that tool on it. */
  readonly implicit: readonly Edge[];
}

export interface Unresolved {
  readonly toolId: string;
  readonly field: string;
  readonly ref: string;
}

type Facts = Pick<RunFacts, 'plan' | 'steps'>;

interface Edge {
  readonly toolId: string;
  readonly dependency: string;
}

/** References that found nothing, but for what the first pass of a loop reads of the pass before. */
export function unresolvedReferences({ plan, steps }: Facts): Unresolved[] {
  const found: Unresolved[] = [];
  for (const { tool, toolId, iteration, mappings } of steps) {
    for (const { field, ref, resolved } of mappings) {
      if (resolved) continue;
      const isBack = iteration === 1 && dataSources({ ref }).some((source) => plan.readsBack(tool, source));
      if (!isBack) found.push({ toolId, field, ref });
    }
  }
  return found;
}

export function readDataFlow({ plan, steps }: Facts): DataFlow {
  const unread: Edge[] = [];
  const undeclared: Edge[] = [];
  for (const [tool, { toolId, dependsOn }] of plan.tools.entries()) {
    if (plan.sources[tool]!.length === 0) continue; // it takes its data another way, if it takes any
    const [sources, declared] = [new Set(plan.sources[tool]), new Set(dependsOn)];
    for (const dependency of declared) if (!sources.has(dependency)) unread.push({ toolId, dependency });
    for (const source of sources)
      if (!declared.has(source) && !plan.readsBack(tool, source)) undeclared.push({ toolId, dependency: source });
  }
  return {
    unresolved: unresolvedReferences({ plan, steps }),
    unread,
    implicit: undeclared.length === 0 ? [] : withoutIndirect(undeclared, plan),
  };
}

/** Edges of the plan that are followed to find out what depends on what; of what is left then, nothing is said. */
const MAX_FOLLOWED = 2_000_000;

/** Leaves out what a tool depends on by others. Each source's dependants are looked up once. */
function withoutIndirect(edges: readonly Edge[], { tools, index }: RunFacts['plan']): Edge[] {
  const declared = tools.map(({ toolId, dependsOn }) => ({ tool_id: toolId, depends_on: dependsOn }));
  const dependants = reverseGraph(readGraph(declared, index, () => {}));
  const readers = new Map<string, Edge[]>();
  for (const edge of edges) if (!readers.get(edge.dependency)?.push(edge)) readers.set(edge.dependency, [edge]);
  const direct = new Set<Edge>();
  let followed = 0;
  for (const [source, ofSource] of readers) {
    const found = new Set([index.get(source) ?? -1]);
    for (const tool of found) {
      for (let edge = dependants.start[tool] ?? 0; edge < (dependants.start[tool + 1] ?? 0); edge += 1) {
        followed += 1;
        found.add(dependants.needs[edge]!);
      }
      if (followed > MAX_FOLLOWED) return edges.filter((edge) => direct.has(edge));
    }
    for (const edge of ofSource) if (!found.has(index.get(edge.toolId)!)) direct.add(edge);
  }
  return edges.filter((edge) => direct.has(edge));
}
