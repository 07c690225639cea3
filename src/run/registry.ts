import { OrchestraceError } from '../errors.ts';
import type { Plan, PlanTool } from '../plan.ts';
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
 * @throws {OrchestraceError} code `RUN_INVALID`: every tool that has none, with the names there are; every field that is not carried out
 */
export function findExecutables(plan: Plan, tools: ToolRegistry): Map<string, Executable> {
  if (typeof tools !== 'object' || tools === null) {
    throw new OrchestraceError(
      'RUN_INVALID',
      `tools must be an object of functions by tool_type or tool_id, got ${String(tools)}`,
    );
  }
  const faults: string[] = [];
  const executables = new Map<string, Executable>();
  if (plan.loops && plan.loops.length > 0) faults.push('loops: runPlan does not repeat tools yet');
  for (const [index, tool] of plan.tools.entries()) {
    for (const field of NOT_YET)
      if (tool[field] !== undefined)
        faults.push(`tools[${index}].${field}: runPlan does not carry it out yet; leave it out`);
    if (tool.join === 'any') faults.push(`tools[${index}].join: runPlan waits for all dependencies; leave "any" out`);
    const found = lookUp(tools, tool);
    if (found) executables.set(tool.tool_id, { tool, ...found });
    else faults.push(`tools[${index}]: no tool "${tool.tool_type}" and no tool "${tool.tool_id}"`);
  }
  if (faults.length === 0) return executables;
  const names = Object.keys(tools);
  const shown = names.length > 0 ? `the tools given are ${names.slice(0, 50).join(', ')}` : 'no tools are given';
  const listed = faults.length > 20 ? [...faults.slice(0, 20), `... and ${faults.length - 20} more`] : faults;
  throw new OrchestraceError('RUN_INVALID', `this plan cannot be run (${shown}):\n  ${listed.join('\n  ')}`);
}

const NOT_YET = ['timeout_ms', 'retry', 'condition'] as const satisfies readonly (keyof PlanTool)[];

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
