import { dataSources } from '../mapping.ts';
import type { RunFacts } from './facts.ts';

/** What can be told of the data that steps hand to each other. */
export interface DataFlow {
  /** References that found nothing in a step that ran. */
  readonly unresolved: readonly { readonly toolId: string; readonly field: string; readonly ref: string }[];
  /** Dependencies whose output the tool that depends on them does not read: they decide the order alone. */
  readonly unread: readonly Edge[];
  /** Outputs that are read by a tool that does not depend on the tool they come from, directly or not. */
  readonly implicit: readonly Edge[];
}

interface Edge {
  readonly toolId: string;
  readonly dependency: string;
}

export function readDataFlow({ plan, steps }: RunFacts): DataFlow {
  const unresolved = steps.flatMap(({ toolId, mappings }) =>
    mappings.filter(({ resolved }) => !resolved).map(({ field, ref }) => ({ toolId, field, ref })),
  );
  const unread: Edge[] = [];
  const implicit: Edge[] = [];
  for (const { toolId, dependsOn, outputMapping } of plan.tools) {
    const sources = new Set(dataSources(outputMapping));
    // A tool that reads nothing at all takes its data another way, if it takes any.
    if (sources.size > 0)
      for (const dependency of dependsOn) if (!sources.has(dependency)) unread.push({ toolId, dependency });
    for (const source of sources)
      if (!dependsOn.includes(source) && !needs(plan, toolId, source)) implicit.push({ toolId, dependency: source });
  }
  return { unresolved, unread, implicit };
}

/** Whether a tool depends on another by others. */
function needs({ tools, index }: RunFacts['plan'], toolId: string, source: string): boolean {
  const seen = new Set<string>();
  const open = [...(tools[index.get(toolId) ?? -1]?.dependsOn ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === source) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(tools[index.get(next) ?? -1]?.dependsOn ?? []));
  }
  return false;
}
