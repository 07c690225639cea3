import type { ReceivedSpan } from '../explain/received-span.ts';

/** The spans of each trace; traces and spans in the order in which they come. */
export function groupByTrace(spans: readonly ReceivedSpan[]): Map<string, ReceivedSpan[]> {
  const traces = new Map<string, ReceivedSpan[]>();
  for (const span of spans) {
    if (!traces.get(span.traceId)?.push(span)) traces.set(span.traceId, [span]);
  }
  return traces;
}
