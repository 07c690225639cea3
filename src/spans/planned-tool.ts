import type { Link, SpanContext } from '@opentelemetry/api';
import { dataSources } from '../mapping.ts';
import type { ExecutionPlanTrace, TracedTool } from '../plan-trace.ts';
import type { LinkType } from '../semconv.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { TextWriter } from './text.ts';

/** Most links of one span; SDKs keep 128 by default and drop the oldest. */
export const MAX_LINKS = 100;

interface Edge {
  readonly toolId: string;
  readonly attributes: KnownAttributes;
}

const NO_EDGES: readonly Edge[] = [];
const NO_LINKS = { links: undefined, omitted: 0 };

/** A tool with its place in the plan and the edges that lead to it. */
export class PlannedTool {
  readonly traced: TracedTool;
  readonly groupIndex: number;
  readonly executionOrder: number;
  #edges: readonly Edge[] | undefined;

  constructor(traced: TracedTool, groupIndex: number, executionOrder: number) {
    this.traced = traced;
    this.groupIndex = groupIndex;
    this.executionOrder = executionOrder;
  }

  /** Ids of what this tool needs, those whose output it reads first. */
  get sources(): string[] {
    return sourcesOf(this.traced).map(([toolId]) => toolId);
  }

  /** Links to the spans of what this tool needs: data edges first, at most {@link MAX_LINKS}. What has no span has no link. */
  links(
    spanOf: (toolId: string) => SpanContext | undefined,
    write: TextWriter,
  ): { links: Link[] | undefined; omitted: number } {
    const edges = (this.#edges ??= edgesOf(this.traced, write));
    if (edges.length === 0) return NO_LINKS;
    const links: Link[] = [];
    let omitted = 0;
    for (const edge of edges) {
      const context = spanOf(edge.toolId);
      if (!context) continue;
      if (links.length < MAX_LINKS) links.push({ context, attributes: edge.attributes });
      else omitted++;
    }
    return { links, omitted };
  }
}

/** Every tool of an execution plan by its id. */
export function plannedTools(plan: ExecutionPlanTrace): Map<string, PlannedTool> {
  const tools = new Map<string, PlannedTool>();
  for (const group of plan.execution_groups) {
    for (let order = 0; order < group.tools.length; order++) {
      const traced = group.tools[order]!;
      tools.set(traced.tool_id, new PlannedTool(traced, group.group_index, order));
    }
  }
  return tools;
}

function edgesOf(tool: TracedTool, write: TextWriter): readonly Edge[] {
  const edges = sourcesOf(tool).map(([toolId, type]) => ({
    toolId,
    attributes: {
      'orchestration.link.type': type,
      'orchestration.tool_id': write.name(toolId),
      from: 'output',
      to: 'input',
    },
  }));
  return edges.length === 0 ? NO_EDGES : edges;
}

/** What a tool needs and how: one entry a tool, the mappings' tools first. */
function sourcesOf(tool: TracedTool): [string, LinkType][] {
  const sources = new Map<string, LinkType>();
  for (const toolId of dataSources(tool.output_mapping)) sources.set(toolId, 'data');
  for (const toolId of tool.depends_on) if (!sources.has(toolId)) sources.set(toolId, 'depends_on');
  return [...sources];
}
