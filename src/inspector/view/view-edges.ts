import { dataSources } from '../../mapping.ts';
import type { EdgeView, StepView } from './run-view.ts';

/** Most edges that are shown. */
const MAX_EDGES = 200_000;

/**
 * Who needs whom, and whose output is read: what `depends_on` and `output_mapping` of each step say. Where a tool ran several times, a step needs the
 * last pass that had started when it started.
 */
export function viewEdges(steps: readonly StepView[], criticalPath: readonly number[]): EdgeView[] {
  const passes = new Map<string, number[]>();
  for (const [at, { toolId }] of steps.entries()) if (!passes.get(toolId)?.push(at)) passes.set(toolId, [at]);
  const before = new Map(criticalPath.slice(1).map((step, at) => [step, criticalPath[at]!]));
  const edges: EdgeView[] = [];
  for (const [to, step] of steps.entries()) {
    const declared = new Set(step.dependsOn);
    const read = readBy(step.outputMapping);
    for (const toolId of new Set([...declared, ...read.keys()])) {
      const from = passBefore(step, passes.get(toolId) ?? [], steps, to);
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

function passBefore(
  { startMs = Infinity }: StepView,
  passes: readonly number[],
  steps: readonly StepView[],
  self: number,
): number | undefined {
  let last: number | undefined;
  for (const pass of passes) {
    if (pass === self) continue;
    const start = steps[pass]!.startMs ?? Infinity;
    if (last === undefined || (start <= startMs && start >= (steps[last]!.startMs ?? 0))) last = pass;
  }
  return last;
}
