import type { Context } from '@opentelemetry/api';
import { stepAttributes, type StepDetails } from './step-attributes.ts';
import { StepRecorder } from './step-recorder.ts';
import type { Telemetry } from './telemetry.ts';

/** Starts a step that belongs to no run: below whatever span is active, without group. */
export function startLooseStep(
  telemetry: Telemetry,
  toolId: string,
  details: StepDetails,
  active: Context,
): StepRecorder {
  const startedAt = performance.now();
  const toolType = details.toolType ?? 'unknown';
  const iteration = details.iteration ?? 1;
  const place = { toolId, toolType, strategy: undefined, iteration, run: undefined, group: undefined };
  const start = {
    ...place,
    planned: undefined,
    isUnplanned: false,
    skipReason: undefined,
    linksOmitted: 0,
    wait: undefined,
  };
  const naming = { type: 'step', name: `step ${telemetry.write.name(toolId)}`, toolId } as const;
  const span = telemetry.startSpan(naming, stepAttributes(telemetry, start, details), active);
  return new StepRecorder(telemetry, place, span, active, startedAt);
}
