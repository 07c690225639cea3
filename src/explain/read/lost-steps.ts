import {
  ATTR_ORCHESTRATION_LINK_TYPE,
  ATTR_ORCHESTRATION_SPAN_TYPE,
  ATTR_ORCHESTRATION_TOOL_ID,
  type LinkType,
} from '../../semconv.ts';
import type { StepDraft } from './assemble-run.ts';
import { textAt } from './read-attributes.ts';
import type { ReceivedSpan } from './received-span.ts';
import type { SpanTree } from './span-tree.ts';

/** A step whose span did not arrive, but which another depends on and links to. */
export interface LostStep {
  /** Takes what is below it. */
  readonly step: StepDraft;
  readonly linkedFrom: ReceivedSpan;
}

const OF_DEPENDENCY: readonly (string | undefined)[] = ['depends_on', 'data'] satisfies LinkType[];

/** Finds them by the id that their span has. */
export function findLostSteps({ spans, byId }: SpanTree): Map<string, LostStep> {
  const lost = new Map<string, LostStep>();
  for (const span of spans) {
    if (span.links.length === 0 || textAt(span.attributes, ATTR_ORCHESTRATION_SPAN_TYPE) !== 'step') continue;
    for (const { traceId, spanId, attributes } of span.links) {
      const toolId = textAt(attributes, ATTR_ORCHESTRATION_TOOL_ID);
      if (toolId === undefined || traceId !== span.traceId || byId.has(spanId) || lost.has(spanId)) continue;
      if (OF_DEPENDENCY.includes(textAt(attributes, ATTR_ORCHESTRATION_LINK_TYPE)))
        lost.set(spanId, { step: lostStep(toolId), linkedFrom: span });
    }
  }
  return lost;
}

function lostStep(toolId: string): StepDraft {
  return {
    toolId,
    toolType: undefined,
    groupIndex: undefined,
    executionOrder: undefined,
    iteration: 1,
    isPlanned: true,
    dependsOn: [],
    outputMapping: {},
    mappings: [],
    span: undefined,
    outcome: undefined,
    absence: 'no span',
    reason: 'it did not arrive',
    error: undefined,
    attemptCount: undefined,
    attempts: [],
    spans: [],
    steps: [],
    runs: [],
  };
}
