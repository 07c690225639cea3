import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node';

// By way of the SDK, which all lines have; the packages that the types stand in differ from line to line.

export type SpanProcessor = NonNullable<NodeSDKConfiguration['spanProcessors']>[number];
export type SpanExporter = NonNullable<NodeSDKConfiguration['traceExporter']>;
export type ReadableSpan = Parameters<SpanProcessor['onEnd']>[0];

const SAMPLED = 1;

/** Whether a span is to be exported. */
export function isSampled(span: ReadableSpan): boolean {
  return (span.spanContext().traceFlags & SAMPLED) !== 0;
}
