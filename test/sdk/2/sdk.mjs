import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

/** What an application on SDK 2 registers. */
export function makeSdk(processor) {
  const exporter = new InMemorySpanExporter();
  return {
    exporter,
    tracerProvider: new BasicTracerProvider({ spanProcessors: [processor, new SimpleSpanProcessor(exporter)] }),
    contextManager: new AsyncLocalStorageContextManager().enable(),
    propagator: new W3CTraceContextPropagator(),
  };
}
