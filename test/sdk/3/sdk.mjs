import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** What an application on SDK 3 registers. */
export function makeSdk(processor) {
  const exporter = new InMemorySpanExporter();
  return {
    exporter,
    tracerProvider: new TracerProvider({ spanProcessors: [processor, new SimpleSpanProcessor({ exporter })] }),
    contextManager: new AsyncLocalStorageContextManager().enable(),
    propagator: new W3CTraceContextPropagator(),
  };
}
