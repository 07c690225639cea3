import type { Context } from '@opentelemetry/api';
import { stepAttributes, type StepDetails, type StepStart } from './step-attributes.ts';
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
  const start: StepStart = {
    toolId,
    toolType,
    strategy: undefined,
    iteration,
    run: undefined,
    group: undefined,
    planned: undefined,
    isUnplanned: false,
    waitMs: undefined,
    waitReason: undefined,
    isInner: false,
    needs: undefined,
    skipReason: undefined,
  };
  const attributes = stepAttributes(telemetry, start, details);
  const span = telemetry.startSpan(
    'step',
    `step ${telemetry.write.name(toolId)}`,
    attributes,
    active,
    undefined,
    toolId,
  );
  return new StepRecorder(telemetry, start, span, active, startedAt);
}
