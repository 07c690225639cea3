import { readTrace } from '../../../src/explain/read/read-trace.ts';
import { encodeTracesJson } from '../../../src/inspector/encode-json.ts';
import type { OtlpTraces } from '../../../src/inspector/page/otlp-json.ts';
import type { RunView } from '../../../src/inspector/view/run-view.ts';
import { viewRun } from '../../../src/inspector/view/view-run.ts';
import type { ReceivedSpan } from '../../../src/explain/read/received-span.ts';
import { overviewSpans } from '../../explain/made-spans.ts';

/** Spans as the page gets them. */
export function asTraces(spans: readonly ReceivedSpan[]): OtlpTraces {
  return JSON.parse(JSON.stringify(encodeTracesJson(spans))) as OtlpTraces;
}

/** The overview run as the page gets it. */
export function overviewRun(): RunView {
  const run = readTrace(overviewSpans()).runs[0]!;
  const surroundings = { open: new Map(), nowNs: 0n, usual: undefined, lastSuccess: undefined };
  return JSON.parse(JSON.stringify(viewRun(run, surroundings))) as RunView;
}

/** The id that `made` gives a span. */
export function idOf(short: string): string {
  return Buffer.from(short).toString('hex').slice(0, 16).padStart(16, '0');
}
