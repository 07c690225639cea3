import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Remembers what ended. At once, unlike the SDK's own, which waits for the resource. */
export class EndedSpans implements SpanProcessor {
  spans: ReadableSpan[] = [];

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    this.spans.push(span);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
