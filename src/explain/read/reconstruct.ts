import { readTrace } from './read-trace.ts';
import type { ReceivedSpan } from './received-span.ts';
import type { Run } from './run.ts';

/** The runs of a trace, or of many, by start: {@link readTrace} without what belongs to none. */
export function reconstruct(spans: readonly ReceivedSpan[]): readonly Run[] {
  return readTrace(spans).runs;
}
