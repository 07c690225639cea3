import { PlanFacts } from '../explain/facts.ts';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import { PlannedTool } from './planned-tool.ts';
import type { TextWriter } from './text.ts';

/** A plan as one telemetry writes it: what is the same in every run of it. */
export interface WrittenPlan {
  readonly trace: ExecutionPlanTrace;
  /** Redacted; whole. */
  readonly json: string;
  /** The same for plans with the same tools, dependencies and mappings: 16 hex digits. */
  readonly hash: string;
  /** To explain runs of it. */
  readonly facts: PlanFacts;
  /** By id, in the order of the groups. */
  readonly tools: ReadonlyMap<string, PlannedTool>;
}

export function writePlan(trace: ExecutionPlanTrace, write: TextWriter): WrittenPlan {
  const json = write.planJson(trace);
  const tools = new Map<string, PlannedTool>();
  const indexOf = (toolId: string): number | undefined => tools.get(toolId)?.index;
  for (const group of trace.execution_groups) {
    for (let executionOrder = 0; executionOrder < group.tools.length; executionOrder++) {
      const traced = group.tools[executionOrder]!;
      const at = { index: tools.size, indexOf, groupIndex: group.group_index, executionOrder };
      const place = { ...at, traced, strategy: trace.strategy };
      tools.set(traced.tool_id, new PlannedTool(write, place));
    }
  }
  let facts: PlanFacts | undefined;
  return {
    trace,
    json,
    hash: hashOf(json),
    tools,
    get facts() {
      return (facts ??= PlanFacts.of(trace));
    },
  };
}

/** 64 bits of two FNV-like hashes, two code units a step. */
function hashOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (let index = 0; index < text.length; index += 2) {
    const units = text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16); // NaN past the end counts as 0
    a = Math.imul(a ^ units, 0x01000193);
    b = Math.imul(b ^ units ^ (a >>> 15), 0x85ebca6b);
  }
  return [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}
