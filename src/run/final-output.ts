import type { ExecutionPlanTrace } from '../plan-trace.ts';
import type { StepResult } from './types.ts';

/**
 * What a run as a whole gives. serial: the data of the last step that succeeded; parallel: the list of the successful steps' data, in the
 * plan's order; dag: the data of the only tool that nothing depends on, or an object of such tools' data by id, successful ones only.
 */
export function finalOutputOf(trace: ExecutionPlanTrace, results: ReadonlyMap<string, StepResult>): unknown {
  const isSuccess = (toolId: string): boolean => results.get(toolId)?.success === true;
  const dataOf = (toolId: string): unknown => results.get(toolId)?.data;
  switch (trace.strategy) {
    case 'serial': {
      const last = trace.execution_groups.findLast(({ tools }) => tools.some(({ tool_id }) => isSuccess(tool_id)));
      return last && dataOf(last.tools[0]!.tool_id);
    }
    case 'parallel':
      return trace.tool_ids.filter(isSuccess).map(dataOf);
    case 'dag': {
      const sinks = sinksOf(trace);
      if (sinks.length === 1) return isSuccess(sinks[0]!) ? dataOf(sinks[0]!) : undefined;
      return Object.fromEntries(sinks.filter(isSuccess).map((toolId) => [toolId, dataOf(toolId)]));
    }
  }
}

function sinksOf(trace: ExecutionPlanTrace): string[] {
  const needed = new Set<string>();
  for (const { tools } of trace.execution_groups) {
    for (const { depends_on } of tools) for (const toolId of depends_on) needed.add(toolId);
  }
  return trace.tool_ids.filter((toolId) => !needed.has(toolId));
}
