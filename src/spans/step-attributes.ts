import type { WaitReason } from '../semconv.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { Needs } from './planned-tool.ts';
import type { StepPlace } from './step-recorder.ts';
import type { Telemetry } from './telemetry.ts';
import type { TextWriter } from './text.ts';

/** What a caller can say of a step. */
export interface StepDetails {
  /** Counts only for a tool that the plan does not have. Default `"unknown"`. */
  readonly toolType?: string | undefined;
  /** What the tool is called with; written only with `recordInputs`. */
  readonly input?: unknown;
  /** Which repetition of the tool this is, from 1. Default: counted by the run. */
  readonly iteration?: number | undefined;
  /** What a step waited for that did not start when all that it needs had ended, where whoever runs it knows. */
  readonly waitReason?: WaitReason | undefined;
  /** Whose options count for this step. Default: those of the run. */
  readonly telemetry?: Telemetry | undefined;
}

/** What is known of a step when it starts. */
export interface StepStart extends StepPlace {
  /** The run has a plan and the plan does not have this tool. */
  readonly isUnplanned: boolean;
  /** Milliseconds between what it waited for and its start; undefined where nobody here knows. */
  readonly waitMs: number | undefined;
  readonly needs: Needs | undefined;
  /** Why the step does not run; undefined for one that does. */
  readonly skipReason: string | undefined;
}

/** All attributes of a step that are known when it starts. */
export function stepAttributes(telemetry: Telemetry, start: StepStart, details: StepDetails): KnownAttributes {
  const { write, options } = telemetry;
  const { planned, group } = start;
  const attributes = planned ? planned.attributes() : unplannedAttributes(start, write);
  if (group && !planned) {
    attributes['orchestration.group_index'] = group.index;
    attributes['orchestration.execution_order'] = group.started;
  }
  if (start.isUnplanned) attributes['orchestration.planned'] = false;
  if (start.iteration > 1) attributes['orchestration.iteration'] = start.iteration;
  if (start.waitMs !== undefined) {
    attributes['orchestration.wait_ms'] = Math.round(start.waitMs);
    if (start.needs?.blockedBy !== undefined)
      attributes['orchestration.blocked_by'] = write.name(start.needs.blockedBy);
    if (start.waitReason !== undefined) attributes['orchestration.wait_reason'] = start.waitReason;
  }
  if (start.needs && start.needs.linksOmitted > 0) attributes['orchestration.links_omitted'] = start.needs.linksOmitted;
  if (start.skipReason !== undefined) {
    attributes['orchestration.outcome'] = 'skip';
    attributes['orchestration.skip_reason'] = write.text(start.skipReason);
  } else if (options.recordInputs) {
    attributes['orchestration.input'] = write.json(details.input);
  }
  if (options.conventions.length > 0) addConventions(attributes, start.toolId, telemetry);
  return attributes;
}

function unplannedAttributes(start: StepStart, write: TextWriter): KnownAttributes {
  const attributes: KnownAttributes = {
    'orchestration.span.type': 'step',
    'orchestration.tool_id': write.name(start.toolId),
    'orchestration.tool_type': write.name(start.toolType),
  };
  if (start.strategy !== undefined) attributes['orchestration.strategy'] = start.strategy;
  return attributes;
}

function addConventions(attributes: KnownAttributes, toolId: string, { options, write }: Telemetry): void {
  if (options.conventions.includes('gen_ai')) {
    attributes['gen_ai.operation.name'] = 'execute_tool';
    attributes['gen_ai.tool.name'] = write.name(toolId);
    attributes['gen_ai.tool.type'] = 'function';
  }
  if (options.conventions.includes('openinference')) attributes['openinference.span.kind'] = 'TOOL';
}
