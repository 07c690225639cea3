import type { Link, SpanContext } from '@opentelemetry/api';
import { dataSources } from '../mapping.ts';
import type { TracedTool } from '../plan-trace.ts';
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

/** Where a tool stands in its plan. */
export interface ToolPlace {
  readonly traced: TracedTool;
  readonly groupIndex: number;
  readonly executionOrder: number;
  readonly strategy: string | undefined;
}

/** A tool with its place in the plan and the edges that lead to it. What is the same in every run is written once. */
export class PlannedTool {
  readonly traced: TracedTool;
  readonly groupIndex: number;
  readonly executionOrder: number;
  readonly #strategy: string | undefined;
  readonly #write: TextWriter;
  #attributes: KnownAttributes | undefined;
  #edges: readonly Edge[] | undefined;

  constructor(write: TextWriter, place: ToolPlace) {
    this.#write = write;
    this.traced = place.traced;
    this.groupIndex = place.groupIndex;
    this.executionOrder = place.executionOrder;
    this.#strategy = place.strategy;
  }

  /** Ids of what this tool needs, those whose output it reads first. */
  get sources(): string[] {
    return sourcesOf(this.traced).map(([toolId]) => toolId);
  }

  /** A new object of the attributes that every step of this tool has. */
  attributes(): KnownAttributes {
    const traced = this.traced;
    const write = this.#write;
    this.#attributes ??= {
      'orchestration.span.type': 'step',
      'orchestration.tool_id': write.name(traced.tool_id),
      'orchestration.tool_type': write.name(traced.tool_type),
      'orchestration.strategy': this.#strategy,
      'orchestration.group_index': this.groupIndex,
      'orchestration.execution_order': this.executionOrder,
      'orchestration.depends_on': write.names(traced.depends_on),
      'orchestration.dependency_groups': traced.dependency_groups,
      'orchestration.output_mapping': write.plainJson(traced.output_mapping, 'theirs'),
    };
    return { ...this.#attributes };
  }

  /** Links to the spans of what this tool needs: data edges first, at most {@link MAX_LINKS}. What has no span has no link. */
  links(spanOf: (toolId: string) => SpanContext | undefined): { links: Link[] | undefined; omitted: number } {
    const edges = (this.#edges ??= edgesOf(this.traced, this.#write));
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
