/**
 * How a process tells the Inspector of spans that have not ended: OpenTelemetry exports a span when it ends, and not before. The sender is in `node/`, the
 * receiver in `inspector/`. Every request is a POST of JSON in UTF-8, of at most 1 MiB; what is refused is answered with a google.rpc.Status, as OTLP does.
 *
 * 1. `/api/live/process` with `{ "process": "<uuid>" }`, an id that the process makes up. It is answered with 200 at once, and the answer stays open: while it
 *    does, the process lives. When it breaks off, the process died, and what it had open is interrupted. With `"beat_ms"` it promises to post spans, of which
 *    there may be none, at least so often: when it does not, its event loop is kept busy, or it is halted.
 * 2. `/api/live/spans` with `{ "process": "<uuid>", "traces": {...} }`: spans that started, as an ExportTraceServiceRequest in OTLP's JSON encoding whose
 *    spans have `endTimeUnixNano` 0. 409 says that this process is not connected: it connects, and tells of everything that is still open.
 * 3. `/api/live/process` with `{ "process": "<uuid>", "bye": true }`: this process tells no more. What it had open is forgotten, not interrupted.
 *
 * A span's end comes over OTLP, from wherever: whatever has ended is not open any more.
 */

/** Where a process connects, and says goodbye. */
export const LIVE_PROCESS_PATH = '/api/live/process' as const;
/** Where it tells of spans that started. */
export const LIVE_SPANS_PATH = '/api/live/spans' as const;

/** Types of open spans that make room last, at both ends, where there are too many: without its run and its group no step can be shown. */
export const OUTER_SPAN_TYPES: ReadonlySet<unknown> = new Set(['run', 'group']);

export interface LiveProcessMessage {
  /** Of the sender: a UUID. */
  readonly process: string;
  readonly bye?: true;
  /** Milliseconds. */
  readonly beat_ms?: number;
}
