import { INPUT, parseReference } from '../../mapping.ts';
import type { Plan } from '../../plan.ts';
import type { ExecutionPlanTrace, TracedTool } from '../../plan-trace.ts';
import { escapeMermaid } from '../../explain/tell/escape-mermaid.ts';
import { escapeText } from '../terminal-text.ts';
import { sourceOf } from './render-plan.ts';

/** An arrow from what is read, or waited for, to the tool. */
interface Edge {
  readonly from: string;
  readonly to: string;
  /** Which data flows; empty where a tool only waits. */
  readonly labels: readonly string[];
  /** `data`: read, but waited for through others. */
  readonly kind: 'dependency' | 'data' | 'loop';
}

/** The plan as a flow chart of Mermaid. */
export function renderMermaid(plan: Plan, trace: ExecutionPlanTrace): string {
  const edges = edgesOf(plan, trace);
  const ids = new Map([...trace.tool_ids, INPUT].map((toolId, index) => [toolId, `t${index}`]));
  const lines = ['flowchart LR'];
  if (readsInput(edges)) lines.push(`  ${ids.get(INPUT)}(["${INPUT}"])`);
  for (const group of trace.execution_groups) {
    lines.push(`  subgraph g${group.group_index}["${groupLabel(group)}"]`);
    for (const tool of group.tools) lines.push(`    ${ids.get(tool.tool_id)}["${escapeMermaid(labelOf(tool))}"]`);
    lines.push('  end');
  }
  const arrows = { dependency: '-->', data: '-.->', loop: '-.->' };
  for (const { from, to, labels, kind } of edges) {
    const label = labels.length === 0 ? '' : `|"${labels.map(escapeMermaid).join('<br/>')}"|`;
    lines.push(`  ${ids.get(from)} ${arrows[kind]}${label} ${ids.get(to)}`);
  }
  return lines.join('\n');
}

/** The plan as a graph of Graphviz. */
export function renderDot(plan: Plan, trace: ExecutionPlanTrace): string {
  const edges = edgesOf(plan, trace);
  const lines = [`digraph ${toDot(plan.name ?? 'plan')} {`, '  rankdir=LR;', '  node [shape=box];'];
  if (readsInput(edges)) lines.push(`  ${toDot(INPUT)} [shape=oval];`);
  for (const group of trace.execution_groups) {
    lines.push(`  subgraph ${toDot(`cluster_${group.group_index}`)} {`, `    label=${toDot(groupLabel(group))};`);
    for (const tool of group.tools) lines.push(`    ${toDot(tool.tool_id)} [label=${toDot(labelOf(tool))}];`);
    lines.push('  }');
  }
  for (const { from, to, labels, kind } of edges) {
    const attributes = labels.length === 0 ? [] : [`label=${toDot(labels.join('\n'))}`];
    if (kind !== 'dependency') attributes.push('style=dashed');
    if (kind === 'loop') attributes.push('constraint=false');
    const written = attributes.length === 0 ? '' : ` [${attributes.join(', ')}]`;
    lines.push(`  ${toDot(from)} -> ${toDot(to)}${written};`);
  }
  lines.push('}');
  return lines.join('\n');
}

function edgesOf(plan: Plan, { execution_groups: groups }: ExecutionPlanTrace): Edge[] {
  const edges = groups.flatMap(({ tools }) => tools.flatMap((tool) => edgesTo(tool)));
  for (const { from, to } of plan.loops ?? []) edges.push({ from, to, labels: ['loop'], kind: 'loop' });
  return edges;
}

function edgesTo({ tool_id: to, depends_on, output_mapping }: TracedTool): Edge[] {
  const labels = new Map<string, string[]>(depends_on.map((from) => [from, []]));
  for (const [field, text] of Object.entries(output_mapping)) {
    const source = parseReference(text)?.toolId;
    if (source === undefined) continue;
    const label = `${field} = ${sourceOf(text)}`;
    if (!labels.get(source)?.push(label)) labels.set(source, [label]);
  }
  return [...labels].map(([from, of]) => ({
    from,
    to,
    labels: of,
    kind: depends_on.includes(from) ? 'dependency' : 'data',
  }));
}

function readsInput(edges: readonly Edge[]): boolean {
  return edges.some(({ from }) => from === INPUT);
}

function labelOf({ tool_id, tool_type }: TracedTool): string {
  return tool_type === 'unknown' ? tool_id : `${tool_id} (${tool_type})`;
}

function groupLabel({
  group_index: index,
  parallel_execution: parallel,
}: ExecutionPlanTrace['execution_groups'][number]): string {
  return `group ${index} ${parallel ? 'parallel' : 'serial'}`;
}

/** A quoted id of the DOT language. A line break becomes its escape, as labels want it. */
function toDot(text: string): string {
  const lines = text.split('\n').map((line) => escapeText(line).replaceAll(/["\\]/g, String.raw`\$&`));
  return `"${lines.join(String.raw`\n`)}"`;
}
