import { createContextKey, type Context } from '@opentelemetry/api';

/** The key by which OpenTelemetry's SDK suppresses tracing (core/src/trace/suppress-tracing.ts); keys are equal by name. */
const SUPPRESS_TRACING: symbol = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** The context with tracing suppressed: what runs in it is not traced. */
export function suppressTracing(active: Context): Context {
  return active.setValue(SUPPRESS_TRACING, true);
}

export function isTracingSuppressed(active: Context): boolean {
  return active.getValue(SUPPRESS_TRACING) === true;
}
