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
  /** Position of the tool among the planned ones; undefined for one that is in no plan here. */
  readonly index: number | undefined;
  /** Named in `depends_on`; else only its output is read. */
  readonly isDependency: boolean;
  readonly attributes: KnownAttributes;
}

const NO_EDGES: readonly Edge[] = [];
const NO_NEEDS: Needs = { links: undefined, linksOmitted: 0, endedAt: undefined, blockedBy: undefined };

/** Where a tool stands in its plan. */
export interface ToolPlace {
  /** Its position among the planned tools, from 0. */
  readonly index: number;
  /** Where another tool stands; undefined for one that is in no plan here. */
  readonly indexOf: (toolId: string) => number | undefined;
  readonly traced: TracedTool;
  readonly groupIndex: number;
  readonly executionOrder: number;
  readonly strategy: string | undefined;
}

/** A tool with its place in the plan and the edges that lead to it. What is the same in every run is written once. */
export class PlannedTool {
  readonly traced: TracedTool;
  readonly index: number;
  readonly groupIndex: number;
  readonly executionOrder: number;
  readonly #indexOf: (toolId: string) => number | undefined;
  readonly #strategy: string | undefined;
  readonly #write: TextWriter;
  #spanName: string | undefined;
  #attributes: KnownAttributes | undefined;
  #edges: readonly Edge[] | undefined;

  constructor(write: TextWriter, place: ToolPlace) {
    this.#write = write;
    this.traced = place.traced;
    this.index = place.index;
    this.#indexOf = place.indexOf;
    this.groupIndex = place.groupIndex;
    this.executionOrder = place.executionOrder;
    this.#strategy = place.strategy;
  }

  /** Ids of what this tool needs, those whose output it reads first. */
  get sources(): string[] {
    return sourcesOf(this.traced).map(([toolId]) => toolId);
  }

  get spanName(): string {
    return (this.#spanName ??= `step ${this.#write.name(this.traced.tool_id)}`);
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

  /**
   * What became of what this tool needs. What has no span has no link; data edges come first.
   *
   * @param planned what the run knows of its planned tools, by their positions
   * @param others what it knows of others, by their ids
   */
  needs(planned: readonly (NeedState | undefined)[], others: ReadonlyMap<string, NeedState>): Needs {
    const edges = (this.#edges ??= edgesOf(this.traced, this.#write, this.#indexOf));
    if (edges.length === 0) return NO_NEEDS;
    const links: Link[] = [];
    const needs: Needs = { links, linksOmitted: 0, endedAt: undefined, blockedBy: undefined };
    for (const { toolId, index, isDependency, attributes } of edges) {
      const state = index === undefined ? others.get(toolId) : planned[index];
      if (!state) continue;
      const { spanContext, endedAt } = state;
      if (spanContext && links.length < MAX_LINKS) links.push({ context: spanContext, attributes });
      else if (spanContext) needs.linksOmitted++;
      if (!isDependency || endedAt === undefined || endedAt < (needs.endedAt ?? 0)) continue;
      needs.endedAt = endedAt;
      needs.blockedBy = toolId;
    }
    return needs;
  }
}

/** What a run knows of a tool that another needs. */
export interface NeedState {
  /** Its last span. */
  readonly spanContext: SpanContext | undefined;
  /** When it ended last, on the clock of `performance.now()`. */
  readonly endedAt: number | undefined;
}

/** What is known of everything that a tool needs. */
export interface Needs {
  /** At most {@link MAX_LINKS}. */
  readonly links: Link[] | undefined;
  linksOmitted: number;
  /** When the last dependency ended. */
  endedAt: number | undefined;
  /** Which one that was. */
  blockedBy: string | undefined;
}

function edgesOf(tool: TracedTool, write: TextWriter, indexOf: ToolPlace['indexOf']): readonly Edge[] {
  const dependencies = new Set(tool.depends_on);
  const edges = sourcesOf(tool).map(([toolId, type]) => ({
    toolId,
    index: indexOf(toolId),
    isDependency: dependencies.has(toolId),
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
