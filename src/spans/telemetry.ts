import {
  createNoopMeter,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  metrics,
  ProxyTracerProvider,
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Meter,
  type Span,
  type TimeInput,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import { resolveOptions, type ResolvedOptions, type SpanNameInput, type TraceOptions } from '../options.ts';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import { SCOPE_NAME, type SpanType } from '../semconv.ts';
import { isTracingSuppressed } from '../suppress-tracing.ts';
import { VERSION } from '../version.ts';
import { describe, safely, warn, warnOnce } from './guard.ts';
import { Instruments } from './metrics.ts';
import { limitName, TextWriter } from './text.ts';
import { writePlan, type WrittenPlan } from './written-plan.ts';

/** The provider that stands where none is registered. */
const NO_PROVIDER: TracerProvider = new ProxyTracerProvider().getDelegate();
const NO_METER: Meter = createNoopMeter();

/**
 * The one place that calls the tracer. Nothing here throws: a processor, sampler or exporter that does costs its span and a
 * warning, never the host.
 */
export class Telemetry {
  readonly options: ResolvedOptions;
  readonly write: TextWriter;
  #provider: TracerProvider | undefined;
  #tracer: Tracer | undefined;
  #meter: Meter | undefined;
  #instruments: Instruments | undefined;
  readonly #plans = new WeakMap<ExecutionPlanTrace, WrittenPlan>();

  constructor(options: ResolvedOptions) {
    this.options = options;
    this.write = new TextWriter(options.redact, options.maxAttributeBytes);
  }

  /** Whether nobody listens: no tracer and no meter, or tracing is suppressed. Then the host's function is called and nothing else. */
  isIdle(active: Context): boolean {
    const tracer = this.tracer();
    return (tracer === undefined || isTracingSuppressed(active)) && this.instruments() === undefined;
  }

  /** The tracer, or undefined where no provider is registered. Looked up anew, so that a provider may come late or be replaced. */
  tracer(): Tracer | undefined {
    if (this.options.tracer) return this.options.tracer;
    const provider = trace.getTracerProvider() as TracerProvider & { getDelegate?(): TracerProvider };
    const delegate = provider.getDelegate?.() ?? provider;
    if (delegate !== this.#provider) {
      this.#tracer = delegate === NO_PROVIDER ? undefined : trace.getTracer(SCOPE_NAME, VERSION);
      this.#provider = delegate;
    }
    return this.#tracer;
  }

  /** The metrics, or undefined where no meter provider is registered or `metrics` is off. */
  instruments(): Instruments | undefined {
    if (!this.options.metrics) return undefined;
    const meter = this.options.meter ?? safely('get a meter', () => metrics.getMeter(SCOPE_NAME, VERSION));
    if (meter === undefined || meter === NO_METER) return undefined;
    if (meter !== this.#meter) {
      this.#meter = meter;
      this.#instruments = safely('create the metrics', () => new Instruments(meter, this.write));
    }
    return this.#instruments;
  }

  /** The plan as it is written; kept as long as the plan is, for those who run it again. */
  writtenPlan(trace: ExecutionPlanTrace): WrittenPlan {
    let written = this.#plans.get(trace);
    if (!written) {
      written = writePlan(trace, this.write);
      this.#plans.set(trace, written);
    }
    return written;
  }

  /**
   * Starts a span of kind INTERNAL. Everything known is given at once, so that samplers see it.
   *
   * @returns a span that records nothing but keeps the parent's identity where no tracer is or the tracer throws
   */
  startSpan(
    type: SpanType,
    name: string,
    attributes: Attributes,
    parent: Context,
    links?: Link[],
    toolId?: string,
  ): Span {
    const tracer = this.tracer();
    if (tracer) {
      try {
        const options = links
          ? { kind: SpanKind.INTERNAL, attributes, links }
          : { kind: SpanKind.INTERNAL, attributes };
        const written = this.options.spanName
          ? this.#rename({ type, name, ...(toolId !== undefined && { toolId }) })
          : name;
        return tracer.startSpan(limitName(written), options, parent);
      } catch (error) {
        warn('could not start a span', describe(error));
      }
    }
    return trace.wrapSpanContext(trace.getSpanContext(parent) ?? INVALID_SPAN_CONTEXT);
  }

  #rename(naming: SpanNameInput): string {
    try {
      const name: unknown = this.options.spanName?.(naming);
      if (typeof name === 'string') return this.write.name(name);
      warnOnce('the spanName option gave no string; kept the name');
    } catch (error) {
      warnOnce(`the spanName option threw; kept the name: ${describe(error)}`);
    }
    return naming.name;
  }
}

/** Sets attributes; a span that throws is warned of. */
export function setAttributes(span: Span, attributes: Attributes): void {
  try {
    span.setAttributes(attributes);
  } catch (error) {
    warn('could not set attributes', describe(error));
  }
}

/** Ends a span; one that throws is warned of. */
export function endSpan(span: Span, time?: TimeInput): void {
  try {
    span.end(time);
  } catch (error) {
    warn('could not end a span', describe(error));
  }
}

/** When a span of the SDK started or ended; undefined for spans that do not say. */
export function timeOf(span: Span | undefined, which: 'startTime' | 'endTime'): TimeInput | undefined {
  const time: unknown = span && (span as unknown as Record<string, unknown>)[which];
  return Array.isArray(time) ? (time as unknown as TimeInput) : undefined;
}

/**
 * One nanosecond later: for spans that stand for a moment. Jaeger calls a span that ends when it starts one of negative duration,
 * and warns.
 */
export function rightAfter(time: TimeInput | undefined): TimeInput | undefined {
  if (!Array.isArray(time)) return time;
  const [seconds, nanoseconds] = time;
  return nanoseconds >= 999_999_999 ? [seconds + 1, 0] : [seconds, nanoseconds + 1];
}

/** The trace of a span, 32 hex digits; undefined where there is none. */
export function traceIdOf(span: Span): string | undefined {
  const spanContext = safely('read a span context', () => span.spanContext());
  return spanContext && isSpanContextValid(spanContext) ? spanContext.traceId : undefined;
}

let shared: Telemetry | undefined;

/** The process-wide telemetry: options of the last {@link configure}, else environment and defaults. */
export function sharedTelemetry(): Telemetry {
  return (shared ??= new Telemetry(resolveOptions({}, undefined, warnOnce)));
}

/**
 * Sets process-wide defaults for the functions that are imported directly; it holds for what starts after it.
 *
 * @throws {TypeError} an option of the wrong type
 */
export function configure(options: TraceOptions): void {
  shared = new Telemetry(resolveOptions(options, undefined, warnOnce));
}

/** Gives the telemetry of one call: that of `base()` with the call's own options above it. Options are decided at once, and again only after `configure`. */
export function telemetryWith(options: TraceOptions | undefined, base: () => Telemetry): () => Telemetry {
  if (!options) return base;
  let from = base();
  let own = new Telemetry(resolveOptions(options, from.options));
  return () => {
    if (from !== base()) {
      from = base();
      own = new Telemetry(resolveOptions(options, from.options));
    }
    return own;
  };
}
