import type { Attributes } from '@opentelemetry/api';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_WORKFLOW_NAME,
  ATTR_OPENINFERENCE_SPAN_KIND,
  ATTR_ORCHESTRATION_BLAST_RADIUS,
  ATTR_ORCHESTRATION_FAILED,
  ATTR_ORCHESTRATION_NOT_STARTED,
  ATTR_ORCHESTRATION_OUTCOME,
  ATTR_ORCHESTRATION_PLAN_HASH,
  ATTR_ORCHESTRATION_PLAN_NAME,
  ATTR_ORCHESTRATION_PLAN_SOURCE,
  ATTR_ORCHESTRATION_ROOT_CAUSE,
  ATTR_ORCHESTRATION_RUN_ID,
  ATTR_ORCHESTRATION_SKIPPED,
  ATTR_ORCHESTRATION_SPAN_TYPE,
  ATTR_ORCHESTRATION_STRATEGY,
  ATTR_ORCHESTRATION_TOTAL_GROUPS,
  ATTR_ORCHESTRATION_TOTAL_TOOLS,
  type Outcome,
  type PlanSource,
} from '../semconv.ts';
import { planHash } from './plan-span.ts';
import type { PlannedTool } from './planned-tool.ts';
import type { Telemetry } from './telemetry.ts';

/** What is known of a run when it starts. */
export interface RunStart {
  /** Name of the plan. */
  readonly name?: string | undefined;
  readonly plan?: ExecutionPlanTrace | undefined;
  /** Default: `declared` with a plan, `none` without. */
  readonly planSource?: PlanSource | undefined;
  /** Default: a random UUID. */
  readonly runId?: string | undefined;
}

/** All attributes of a run that are known when it starts. `json` is the plan as it is written. */
export function runStartAttributes(
  telemetry: Telemetry,
  start: RunStart,
  runId: string,
  json: string | undefined,
): Attributes {
  const { write, options } = telemetry;
  const { plan, name } = start;
  const attributes: Attributes = {
    ...options.attributes,
    [ATTR_ORCHESTRATION_SPAN_TYPE]: 'run',
    [ATTR_ORCHESTRATION_RUN_ID]: write.name(runId),
    [ATTR_ORCHESTRATION_PLAN_SOURCE]: start.planSource ?? (plan ? 'declared' : 'none'),
  };
  if (name !== undefined) attributes[ATTR_ORCHESTRATION_PLAN_NAME] = write.name(name);
  if (plan && json !== undefined) {
    attributes[ATTR_ORCHESTRATION_PLAN_HASH] = planHash(json);
    attributes[ATTR_ORCHESTRATION_STRATEGY] = plan.strategy;
    attributes[ATTR_ORCHESTRATION_TOTAL_GROUPS] = plan.total_groups;
    attributes[ATTR_ORCHESTRATION_TOTAL_TOOLS] = plan.total_tools;
  }
  if (options.conventions.includes('gen_ai')) {
    attributes[ATTR_GEN_AI_OPERATION_NAME] = 'invoke_workflow';
    if (name !== undefined) attributes[ATTR_GEN_AI_WORKFLOW_NAME] = write.name(name);
  }
  if (options.conventions.includes('openinference')) attributes[ATTR_OPENINFERENCE_SPAN_KIND] = 'CHAIN';
  return attributes;
}

/** What became of the tools of a run; ids in the order in which it happened, `notStarted` in the plan's. */
export interface RunTally {
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly notStarted: readonly string[];
}

/** All attributes of a run that are known only when it ends. */
export function runEndAttributes(
  telemetry: Telemetry,
  outcome: Outcome,
  tally: RunTally,
  tools: ReadonlyMap<string, PlannedTool>,
): Attributes {
  const { write } = telemetry;
  const attributes: Attributes = { [ATTR_ORCHESTRATION_OUTCOME]: outcome };
  if (tally.failed.length > 0) attributes[ATTR_ORCHESTRATION_FAILED] = write.namesWithin(tally.failed);
  if (tally.skipped.length > 0) attributes[ATTR_ORCHESTRATION_SKIPPED] = write.namesWithin(tally.skipped);
  if (tally.notStarted.length > 0) attributes[ATTR_ORCHESTRATION_NOT_STARTED] = write.namesWithin(tally.notStarted);
  const rootCause = tally.failed[0];
  if (rootCause !== undefined) {
    attributes[ATTR_ORCHESTRATION_ROOT_CAUSE] = write.name(rootCause);
    attributes[ATTR_ORCHESTRATION_BLAST_RADIUS] = blastRadius(rootCause, tally, tools);
  }
  return attributes;
}

/** How many of the tools that did not run need the root cause, directly or through others. `tools` are in dependency order. */
function blastRadius(rootCause: string, tally: RunTally, tools: ReadonlyMap<string, PlannedTool>): number {
  const idle = new Set([...tally.skipped, ...tally.notStarted]);
  const affected = new Set([rootCause]);
  for (const [toolId, { traced }] of tools) {
    if (idle.has(toolId) && traced.depends_on.some((id) => affected.has(id))) affected.add(toolId);
  }
  return affected.size - 1;
}
