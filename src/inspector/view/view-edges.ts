import { dataSources } from '../../mapping.ts';
import type { EdgeView, StepView } from './run-view.ts';

/** Most edges that are shown. */
const MAX_EDGES = 200_000;

/**
 * Who needs whom, and whose output is read: what `depends_on` and `output_mapping` of each step say. Where a tool ran several times, a step needs the
 * last pass that had started when it started.
 */
export function viewEdges(steps: readonly StepView[], criticalPath: readonly number[]): EdgeView[] {
  const startOf = (step: number): number => steps[step]!.startMs ?? Infinity;
  const byStart = [...steps.keys()].toSorted((a, b) => (startOf(a) === startOf(b) ? a - b : startOf(a) - startOf(b)));
  const passes = Map.groupBy(byStart, (step) => steps[step]!.toolId);
  const before = new Map(criticalPath.slice(1).map((step, at) => [step, criticalPath[at]!]));
  const edges: EdgeView[] = [];
  for (const [to, step] of steps.entries()) {
    const declared = new Set(step.dependsOn);
    const read = readBy(step.outputMapping);
    for (const toolId of new Set([...declared, ...read.keys()])) {
      const ofTool = passes.get(toolId) ?? [];
      const isKnown = step.startMs !== undefined && !declared.has(toolId);
      // What is read in a loop, the first pass did not have.
      const from = passBefore(ofTool, to, startOf) ?? (isKnown ? undefined : ofTool.find((pass) => pass !== to));
      if (from === undefined || edges.length >= MAX_EDGES) continue;
      const mappings = read.get(toolId) ?? [];
      edges.push({
        from,
        to,
        kind: mappings.length > 0 ? 'data' : 'control',
        isDeclared: declared.has(toolId),
        mappings,
        isCritical: before.get(to) === from,
      });
    }
  }
  return edges;
}

/** What is read of each tool. */
function readBy(mapping: StepView['outputMapping']): Map<string, EdgeView['mappings'][number][]> {
  const read = new Map<string, EdgeView['mappings'][number][]>();
  for (const [field, ref] of Object.entries(mapping))
    for (const toolId of dataSources({ [field]: ref }))
      if (!read.get(toolId)?.push({ field, ref })) read.set(toolId, [{ field, ref }]);
  return read;
}

/** The last pass of a tool that had started when a step did, found by halving. */
function passBefore(passes: readonly number[], self: number, startOf: (step: number) => number): number | undefined {
  let [low, high] = [0, passes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (startOf(passes[middle]!) <= startOf(self)) low = middle + 1;
    else high = middle;
  }
  return passes[low - 1] === self ? passes[low - 2] : passes[low - 1];
}
