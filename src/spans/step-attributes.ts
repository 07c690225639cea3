import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_TOOL_NAME,
  ATTR_GEN_AI_TOOL_TYPE,
  ATTR_OPENINFERENCE_SPAN_KIND,
  ATTR_ORCHESTRATION_BLOCKED_BY,
  ATTR_ORCHESTRATION_DEPENDENCY_GROUPS,
  ATTR_ORCHESTRATION_DEPENDS_ON,
  ATTR_ORCHESTRATION_EXECUTION_ORDER,
  ATTR_ORCHESTRATION_GROUP_INDEX,
  ATTR_ORCHESTRATION_INPUT,
  ATTR_ORCHESTRATION_ITERATION,
  ATTR_ORCHESTRATION_LINKS_OMITTED,
  ATTR_ORCHESTRATION_OUTCOME,
  ATTR_ORCHESTRATION_OUTPUT_MAPPING,
  ATTR_ORCHESTRATION_PLANNED,
  ATTR_ORCHESTRATION_SKIP_REASON,
  ATTR_ORCHESTRATION_SPAN_TYPE,
  ATTR_ORCHESTRATION_STRATEGY,
  ATTR_ORCHESTRATION_TOOL_ID,
  ATTR_ORCHESTRATION_TOOL_TYPE,
  ATTR_ORCHESTRATION_WAIT_MS,
} from '../semconv.ts';
import type { GroupRecorder } from './group-recorder.ts';
import type { PlannedTool } from './planned-tool.ts';
import type { Telemetry } from './telemetry.ts';

/** What a caller can say of a step. */
export interface StepDetails {
  /** Counts only for a tool that the plan does not have. Default `"unknown"`. */
  readonly toolType?: string | undefined;
  /** What the tool is called with; written only with `recordInputs`. */
  readonly input?: unknown;
  /** Whose options count for this step. Default: those of the run. */
  readonly telemetry?: Telemetry | undefined;
}

/** Where a step stands when it starts. */
export interface StepStart {
  readonly toolId: string;
  readonly toolType: string;
  readonly strategy: string | undefined;
  readonly planned: PlannedTool | undefined;
  readonly group: GroupRecorder | undefined;
  /** From 1. */
  readonly iteration: number;
  /** The run has a plan and the plan does not have this tool. */
  readonly isUnplanned: boolean;
  /** Why the step does not run; undefined for one that does. */
  readonly skipReason?: string | undefined;
  /** Links that are over the limit. */
  readonly linksOmitted?: number;
  readonly wait?: Wait | undefined;
}

/** What a step waited for before it started. */
export interface Wait {
  readonly milliseconds: number;
  /** The dependency that ended last. */
  readonly blockedBy: string | undefined;
}

/** All attributes of a step that are known when it starts. */
export function stepAttributes(telemetry: Telemetry, start: StepStart, details: StepDetails): Attributes {
  const { write, options } = telemetry;
  const { planned, group } = start;
  const attributes: Attributes = {
    [ATTR_ORCHESTRATION_SPAN_TYPE]: 'step',
    [ATTR_ORCHESTRATION_TOOL_ID]: write.name(start.toolId),
    [ATTR_ORCHESTRATION_TOOL_TYPE]: write.name(start.toolType),
  };
  if (start.strategy !== undefined) attributes[ATTR_ORCHESTRATION_STRATEGY] = start.strategy;
  if (planned) {
    const { depends_on, dependency_groups, output_mapping } = planned.traced;
    attributes[ATTR_ORCHESTRATION_GROUP_INDEX] = planned.groupIndex;
    attributes[ATTR_ORCHESTRATION_EXECUTION_ORDER] = planned.executionOrder;
    attributes[ATTR_ORCHESTRATION_DEPENDS_ON] = write.names(depends_on);
    attributes[ATTR_ORCHESTRATION_DEPENDENCY_GROUPS] = dependency_groups;
    attributes[ATTR_ORCHESTRATION_OUTPUT_MAPPING] = write.plainJson(output_mapping);
  } else if (group) {
    attributes[ATTR_ORCHESTRATION_GROUP_INDEX] = group.index;
    attributes[ATTR_ORCHESTRATION_EXECUTION_ORDER] = group.started;
  }
  if (start.isUnplanned) attributes[ATTR_ORCHESTRATION_PLANNED] = false;
  if (start.iteration > 1) attributes[ATTR_ORCHESTRATION_ITERATION] = start.iteration;
  if (start.linksOmitted) attributes[ATTR_ORCHESTRATION_LINKS_OMITTED] = start.linksOmitted;
  if (start.wait) {
    attributes[ATTR_ORCHESTRATION_WAIT_MS] = Math.round(start.wait.milliseconds);
    if (start.wait.blockedBy !== undefined)
      attributes[ATTR_ORCHESTRATION_BLOCKED_BY] = write.name(start.wait.blockedBy);
  }
  if (start.skipReason !== undefined) {
    attributes[ATTR_ORCHESTRATION_OUTCOME] = 'skip';
    attributes[ATTR_ORCHESTRATION_SKIP_REASON] = write.text(start.skipReason);
  } else if (options.recordInputs) {
    attributes[ATTR_ORCHESTRATION_INPUT] = write.json(details.input);
  }
  if (options.conventions.length > 0) addConventions(attributes, start.toolId, telemetry);
  return attributes;
}

function addConventions(attributes: Attributes, toolId: string, { options, write }: Telemetry): void {
  if (options.conventions.includes('gen_ai')) {
    attributes[ATTR_GEN_AI_OPERATION_NAME] = 'execute_tool';
    attributes[ATTR_GEN_AI_TOOL_NAME] = write.name(toolId);
    attributes[ATTR_GEN_AI_TOOL_TYPE] = 'function';
  }
  if (options.conventions.includes('openinference')) attributes[ATTR_OPENINFERENCE_SPAN_KIND] = 'TOOL';
}
