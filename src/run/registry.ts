import { OrchestraceError } from '../errors.ts';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import { NO_TOOL_TYPE, type Plan, type PlanTool } from '../plan.ts';
import { unwrap } from '../wrap/trace-tool.ts';
import type { Tool, ToolEntry, ToolRegistry } from './types.ts';

/** A tool of the plan with the function that carries it out. */
export interface Executable {
  readonly tool: PlanTool;
  readonly execute: Tool;
  readonly envelope: boolean;
}

/**
 * Finds the function of every tool: `tools[tool_type] ?? tools[tool_id]`, own properties only.
 *
 * @throws {OrchestraceError} code `RUN_INVALID`: every tool that has none, with the names there are; every loop that would not end
 */
export function findExecutables(
  plan: Plan,
  trace: ExecutionPlanTrace,
  tools: ToolRegistry,
  hasShouldRun: boolean,
): Map<string, Executable> {
  if (typeof tools !== 'object' || tools === null) {
    throw new OrchestraceError(
      'RUN_INVALID',
      `tools must be an object of functions by tool_type or tool_id, got ${String(tools)}`,
    );
  }
  const faults: string[] = [];
  const executables = new Map<string, Executable>();
  for (const [index, tool] of plan.tools.entries()) {
    const found = lookUp(tools, tool);
    if (found) executables.set(tool.tool_id, { tool, ...found });
    else
      faults.push(
        `tools[${index}]: no tool ${namesOf(tool)
          .map((name) => `"${name}"`)
          .join(' and no tool ')}`,
      );
  }
  faults.push(...loopFaults(plan, trace, hasShouldRun));
  if (faults.length === 0) return executables;
  const names = Object.keys(tools);
  const shown = names.length > 0 ? `the tools given are ${names.slice(0, 50).join(', ')}` : 'no tools are given';
  const listed = faults.length > 20 ? [...faults.slice(0, 20), `... and ${faults.length - 20} more`] : faults;
  throw new OrchestraceError('RUN_INVALID', `this plan cannot be run (${shown}):\n  ${listed.join('\n  ')}`);
}

/** Why the loops of a plan cannot be carried out. */
function loopFaults({ loops = [], tools }: Plan, trace: ExecutionPlanTrace, hasShouldRun: boolean): string[] {
  if (loops.length === 0) return [];
  const groupOf = new Map(
    trace.execution_groups.flatMap((group) => group.tools.map(({ tool_id }) => [tool_id, group.group_index] as const)),
  );
  return loops.flatMap(({ from, to }, index) => {
    const faults: string[] = [];
    const start = tools.find(({ tool_id }) => tool_id === to);
    if (trace.strategy === 'parallel' && tools.length > 1)
      faults.push(`loops[${index}]: a parallel plan has no order to go back in; use serial or dag`);
    if (groupOf.get(from)! < groupOf.get(to)!)
      faults.push(`loops[${index}]: "${from}" comes before "${to}", so this edge does not go back; swap the two`);
    if (!start?.condition && !hasShouldRun) {
      faults.push(`loops[${index}]: nothing ends this loop; give "${to}" a condition, or pass shouldRun`);
    }
    return faults;
  });
}

/** What a tool is looked for by; a type that nobody gave is nothing to name. */
function namesOf({ tool_type, tool_id }: PlanTool): string[] {
  return [...new Set(tool_type === NO_TOOL_TYPE ? [tool_id] : [tool_type, tool_id])];
}

function lookUp(
  tools: ToolRegistry,
  { tool_type, tool_id }: PlanTool,
): { execute: Tool; envelope: boolean } | undefined {
  for (const name of [tool_type, tool_id]) {
    const entry: unknown = Object.hasOwn(tools, name) ? tools[name] : undefined;
    if (typeof entry === 'function') return { execute: unwrap(entry as Tool), envelope: false };
    if (isEntry(entry))
      return { execute: unwrap(entry.execute).bind(entry) as Tool, envelope: entry.envelope === true };
  }
  return undefined;
}

function isEntry(value: unknown): value is ToolEntry {
  return typeof value === 'object' && value !== null && typeof (value as Partial<ToolEntry>).execute === 'function';
}
