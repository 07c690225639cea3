import { context, type Attributes } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
  type Sampler,
  type SpanLimits,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { createOrchestrace, type Orchestrace, type TraceOptions } from '../../src/index.ts';

/** A fresh provider with everything that it exported. */
export interface Recording extends Orchestrace {
  readonly provider: TracerProvider;
  /** The spans that ended, in the order in which they did. */
  readonly spans: () => ReadableSpan[];
  /** Names of the spans that started and have not ended. */
  readonly open: () => string[];
  /** The one span of this name. */
  readonly span: (name: string) => ReadableSpan;
  /** The spans of a kind, e.g. `step`. */
  readonly ofType: (type: string) => ReadableSpan[];
  /** The names of what is directly below the one span of this name, in the order in which they started. */
  readonly below: (name: string) => string[];
  /**
   * The span tree as indented text, one line a span, in the order in which they started; `[...]` holds the outcome, then come the
   * attributes asked for.
   */
  readonly tree: (...attributes: string[]) => string;
  /** Every text that was exported: names, attributes with their keys, events, links, status. */
  readonly exported: () => string;
}

export interface RecordOptions extends TraceOptions {
  sampler?: Sampler;
  spanLimits?: SpanLimits;
  spanProcessors?: SpanProcessor[];
}

/** Needs a context manager, as every application with an SDK has: set once a process. */
export function useContextManager(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

export function record(options: RecordOptions = {}): Recording {
  const { sampler, spanLimits, spanProcessors = [], ...traceOptions } = options;
  const exporter = new InMemorySpanExporter();
  const order = new StartOrder();
  const provider = new TracerProvider({
    ...(sampler && { sampler }),
    ...(spanLimits && { spanLimits }),
    spanProcessors: [order, new SimpleSpanProcessor({ exporter }), ...spanProcessors],
  });
  const spans = (): ReadableSpan[] => exporter.getFinishedSpans();
  const span = (name: string): ReadableSpan => {
    const found = spans().filter((candidate) => candidate.name === name);
    if (found.length === 1) return found[0]!;
    const names = spans().map((candidate) => candidate.name);
    throw new Error(`${found.length} spans are called "${name}"; there are ${names.join(', ')}`);
  };
  const ended = (): ReadableSpan[] => {
    const all = new Set(spans());
    return order.started.filter((candidate) => all.has(candidate));
  };
  return {
    ...createOrchestrace({ tracer: provider.getTracer('test'), metrics: false, ...traceOptions }),
    provider,
    spans,
    open: () => order.started.filter((candidate) => !candidate.ended).map(({ name }) => name),
    span,
    ofType: (type) => spans().filter(({ attributes }) => attributes['orchestration.span.type'] === type),
    below: (name) => {
      const { spanId } = span(name).spanContext();
      return ended()
        .filter((candidate) => candidate.parentSpanContext?.spanId === spanId)
        .map((candidate) => candidate.name);
    },
    tree: (...attributes) => drawTree(ended(), attributes),
    exported: () =>
      JSON.stringify(
        spans().map(({ name, attributes, events, links, status }) => ({
          name,
          attributes,
          events: events.map((event) => [event.name, event.attributes]),
          links: links.map((link) => [link.context.traceState?.serialize(), link.attributes]),
          status,
        })),
      ),
  };
}

/** Remembers spans in the order in which they started, which their times cannot always tell. */
class StartOrder implements SpanProcessor {
  readonly started: ReadableSpan[] = [];

  onStart(span: unknown): void {
    this.started.push(span as ReadableSpan);
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

const PREFIX = 'orchestration.';

/** Attributes without the prefix `orchestration.`, and without what differs from run to run. */
export function shown(attributes: Attributes): Attributes {
  const varying = ['run.id', 'wait_ms', 'wait_reason', 'plan.hash', 'verdict', 'critical_path', 'critical_path_ms'].map(
    (key) => PREFIX + key,
  );
  const entries = Object.entries(attributes).filter(([key]) => !varying.includes(key));
  return Object.fromEntries(entries.map(([key, value]) => [key.replace(PREFIX, ''), value]));
}

/** One of our attributes, named without its prefix. */
export function attribute(span: ReadableSpan, key: string): unknown {
  return span.attributes[PREFIX + key];
}

/** The plan as a reader puts it together from its parts. */
export function exportedPlan(spans: readonly ReadableSpan[]): string {
  const parts = spans.filter((span) => attribute(span, 'execution_plan') !== undefined);
  return parts
    .toSorted((a, b) => Number(attribute(a, 'plan.part') ?? 1) - Number(attribute(b, 'plan.part') ?? 1))
    .map((span) => String(attribute(span, 'execution_plan')))
    .join('');
}

function drawTree(spans: readonly ReadableSpan[], attributes: readonly string[]): string {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const children = new Map<string, ReadableSpan[]>();
  for (const span of spans) {
    const parent = span.parentSpanContext?.spanId;
    const key = parent !== undefined && ids.has(parent) ? parent : '';
    children.set(key, [...(children.get(key) ?? []), span]);
  }
  const draw = (parent: string, indent: string): string[] =>
    (children.get(parent) ?? []).flatMap((span) => {
      const outcome = attribute(span, 'outcome') as string | undefined;
      const extra = attributes
        .filter((key) => attribute(span, key) !== undefined)
        .map((key) => ` ${key}=${String(attribute(span, key))}`);
      const line = `${indent}${span.name}${outcome === undefined ? '' : ` [${outcome}]`}${extra.join('')}`;
      return [line, ...draw(span.spanContext().spanId, `${indent}  `)];
    });
  return draw('', '').join('\n');
}

/** A promise that a test settles when it wants to. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Lets everything run that is due: microtasks and what stands in the queue of setImmediate. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
