import { painter } from '../paint.ts';
import type { Plan, PlanTool } from '../../plan.ts';
import type { ExecutionGroup, ExecutionPlanTrace } from '../../plan-trace.ts';
import { formatDuration } from '../../explain/format.ts';
import { escapeText, wrapText } from '../terminal-text.ts';

const MAX_LINES = 5;

/** Draws a plan as text: groups in run order, below them their tools with what they wait for and which data they are given. */
export function renderPlan(
  plan: Plan,
  trace: ExecutionPlanTrace,
  { width, color }: { readonly width: number; readonly color: boolean },
): string {
  const tools = new Map(plan.tools.map((tool) => [tool.tool_id, tool]));
  const paint = painter(color);
  const write = (indent: number, text: string): string[] =>
    wrapText(escapeText(text), width - indent, MAX_LINES).map((line) => ' '.repeat(indent) + line);
  const lines = write(0, titleOf(plan, trace)).map((line) => paint('bold', line));
  for (const group of trace.execution_groups) {
    lines.push(...write(0, headOf(group)).map((line) => paint('cyan', line)));
    for (const { tool_id, output_mapping } of group.tools) {
      const tool = tools.get(tool_id)!;
      lines.push(...write(2, describeTool(tool)));
      for (const detail of detailsOf(tool)) lines.push(...write(6, detail).map((line) => paint('dim', line)));
      for (const [field, text] of Object.entries(output_mapping))
        lines.push(...write(6, `${field} <- ${sourceOf(text)}`));
    }
  }
  for (const { from, to } of plan.loops ?? []) lines.push(...write(0, `loop from ${from} back to ${to}`));
  return lines.join('\n');
}

/** What a mapping reads: a reference without its braces, a literal in quotes. */
export function sourceOf(text: string): string {
  const reference = /^\{(.*)\}$/s.exec(text)?.[1];
  return reference ?? JSON.stringify(text);
}

function titleOf(
  { name, strategy: declared }: Plan,
  { strategy, total_tools: tools, total_groups: groups }: ExecutionPlanTrace,
): string {
  const how = declared === undefined ? `${strategy} (inferred)` : strategy;
  return `${name ?? 'unnamed plan'}: ${how}, ${count(tools, 'tool')} in ${count(groups, 'group')}`;
}

function headOf({ group_index: index, parallel_execution: parallel, tools }: ExecutionGroup): string {
  const needs = tools[0]?.dependency_groups ?? [];
  const after = needs.length === 0 ? '' : `, after group${needs.length === 1 ? '' : 's'} ${needs.join(', ')}`;
  return `group ${index} ${parallel ? 'parallel' : 'serial'}${after}`;
}

function describeTool({ tool_id, tool_type, depends_on, join }: PlanTool): string {
  const type = tool_type === 'unknown' ? '' : ` (${tool_type})`;
  const after = depends_on.length === 0 ? '' : ` after ${join === 'any' ? 'any of ' : ''}${depends_on.join(', ')}`;
  return `${tool_id}${type}${after}`;
}

function detailsOf({ timeout_ms: timeoutMs, retry, condition }: PlanTool): string[] {
  const details: string[] = [];
  if (timeoutMs !== undefined) details.push(`at most ${formatDuration(timeoutMs)}`);
  if (retry && retry.max_attempts > 1) {
    const backoff = retry.backoff_ms ? `, ${formatDuration(retry.backoff_ms)} before the second` : '';
    details.push(`${retry.max_attempts} attempts${backoff}`);
  }
  if (condition) {
    const value = condition.value === undefined ? '' : ` ${JSON.stringify(condition.value)}`;
    details.push(`only if ${sourceOf(condition.ref)} ${condition.op.replace('_', ' ')}${value}`);
  }
  return details;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
