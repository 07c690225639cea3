import type { TracingOptions } from '../../node/index.ts';
import {
  ATTR_ORCHESTRATION_ATTEMPT,
  ATTR_ORCHESTRATION_ITERATION,
  ATTR_ORCHESTRATION_OUTCOME,
  ATTR_ORCHESTRATION_SKIP_REASON,
  ATTR_ORCHESTRATION_SPAN_TYPE,
  ATTR_ORCHESTRATION_TOOL_ID,
  type Outcome,
} from '../../semconv.ts';

type SpanProcessor = NonNullable<TracingOptions['spanProcessors']>[number];
type ReadableSpan = Parameters<SpanProcessor['onEnd']>[0];

/** Something that happened to a step of the run. */
export type StepEvent =
  | { readonly type: 'start'; readonly toolId: string; readonly iteration: number }
  | { readonly type: 'attempt'; readonly toolId: string; readonly attempt: number }
  | {
      readonly type: 'end';
      readonly toolId: string;
      readonly iteration: number;
      readonly outcome: Outcome | undefined;
      /** Why it was skipped, or failed. */
      readonly reason: string | undefined;
      readonly durationMs: number;
    };

/**
 * Follows a run by its spans, as they start and end: the runner needs no hook. Runs that a tool starts are no part of it.
 *
 * @returns a processor for the SDK
 */
export function watchSteps(onEvent: (event: StepEvent) => void): SpanProcessor {
  let runId: string | undefined;
  const groups = new Set<string>();
  const steps = new Map<string, { toolId: string; iteration: number; startedAt: number }>();
  const onStart = (span: ReadableSpan): void => {
    const { attributes } = span;
    const { spanId } = span.spanContext();
    const parentId = parentOf(span);
    switch (attributes[ATTR_ORCHESTRATION_SPAN_TYPE]) {
      case 'run':
        runId ??= spanId;
        break;
      case 'group':
        if (parentId === runId) groups.add(spanId);
        break;
      case 'step': {
        if (parentId === undefined || !groups.has(parentId)) break;
        const toolId = String(attributes[ATTR_ORCHESTRATION_TOOL_ID]);
        const iteration = Number(attributes[ATTR_ORCHESTRATION_ITERATION] ?? 1);
        steps.set(spanId, { toolId, iteration, startedAt: performance.now() });
        if (attributes[ATTR_ORCHESTRATION_OUTCOME] !== 'skip') onEvent({ type: 'start', toolId, iteration });
        break;
      }
      case 'attempt': {
        const step = steps.get(parentId ?? '');
        const attempt = Number(attributes[ATTR_ORCHESTRATION_ATTEMPT]);
        if (step && attempt > 1) onEvent({ type: 'attempt', toolId: step.toolId, attempt });
      }
    }
  };
  const onEnd = (span: ReadableSpan): void => {
    const { spanId } = span.spanContext();
    const step = steps.get(spanId);
    if (!step) return;
    steps.delete(spanId);
    const { attributes, status } = span;
    const reason = attributes[ATTR_ORCHESTRATION_SKIP_REASON] ?? status.message;
    onEvent({
      type: 'end',
      toolId: step.toolId,
      iteration: step.iteration,
      outcome: attributes[ATTR_ORCHESTRATION_OUTCOME] as Outcome | undefined,
      reason: typeof reason === 'string' ? reason : undefined,
      durationMs: performance.now() - step.startedAt,
    });
  };
  return {
    onStart: (span) => onStart(span),
    onEnd,
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

/** SDK 1 names the parent otherwise than 2 and 3. */
function parentOf(span: ReadableSpan): string | undefined {
  return span.parentSpanContext?.spanId ?? (span as { parentSpanId?: string }).parentSpanId;
}
