import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** What an application on SDK 3 registers. */
export function makeSdk(processor) {
  const exporter = new InMemorySpanExporter();
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  return {
    exporter,
    metricExporter,
    tracerProvider: new TracerProvider({ spanProcessors: [processor, new SimpleSpanProcessor({ exporter })] }),
    meterProvider: new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: metricExporter })] }),
    contextManager: new AsyncLocalStorageContextManager().enable(),
    propagator: new W3CTraceContextPropagator(),
  };
}
