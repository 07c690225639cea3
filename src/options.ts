import type { Attributes, Meter, Tracer } from '@opentelemetry/api';
import { ownValue } from './own-value.ts';
import type { SpanType } from './semconv.ts';

/** Vocabularies that can be written beside ours. */
export type Convention = 'gen_ai' | 'openinference';

/** What `spanName` is told. */
export interface SpanNameInput {
  readonly type: SpanType;
  /** The name that the span has otherwise, e.g. `step primary`. */
  readonly name: string;
  /** Id of the tool; only steps have one. */
  readonly toolId?: string;
}

/** How runs and steps are recorded. Every option has a default; see {@link OPTIONS}. */
export interface TraceOptions {
  /** Where spans go. Default: the tracer of the registered provider, looked up at every run, so it may be registered late. */
  tracer?: Tracer | undefined;
  /** Where metrics go. Default: the meter of the registered provider, looked up lazily. */
  meter?: Meter | undefined;
  /** Sends the plan as a span of its own before the first step, so that a killed run still shows it. `false` puts it on the run span. */
  announcePlan?: boolean | undefined;
  /** Records what tools are called with. Off: parameters may hold secrets. */
  recordInputs?: boolean | undefined;
  /** Records what tools return. Off: results may hold secrets. */
  recordOutputs?: boolean | undefined;
  /** Gives skipped steps a span, a nanosecond long. */
  skippedSpans?: boolean | undefined;
  /** Records the four metrics. */
  metrics?: boolean | undefined;
  /** Vocabularies beside ours. Off: some viewers change their page when they see them. */
  conventions?: readonly Convention[] | undefined;
  /** Longest attribute value, in bytes of UTF-8; JSON stays valid when cut. 256 or more. */
  maxAttributeBytes?: number | undefined;
  /** Attributes put on the run span as they are. */
  attributes?: Attributes | undefined;
  /** Changes every string before it is written and cut. One that throws, or gives no string, writes `[REDACTED]`. */
  redact?: ((text: string) => string) | undefined;
  /** Tells which returned values are failures. Default: an own `success === false` or `isError === true`. */
  isFailure?: ((result: unknown) => boolean) | undefined;
  /** Renames spans. One that throws, or gives no string, leaves the name. */
  spanName?: ((span: SpanNameInput) => string) | undefined;
}

/** Options of one orchestrace, all of them decided. */
export type ResolvedOptions = {
  readonly [K in keyof Required<TraceOptions>]: K extends OptionalKey ? TraceOptions[K] : NonNullable<TraceOptions[K]>;
};
type OptionalKey = 'tracer' | 'meter' | 'attributes' | 'redact' | 'spanName';

/** What the table says of one option. */
export interface OptionRow {
  readonly default: unknown;
  /** Environment variable; `null` where a text cannot say it. */
  readonly env: string | null;
  readonly type: 'boolean' | 'bytes' | 'conventions' | 'function' | 'object';
}

/**
 * Every option with its default and its environment variable. What a caller gives comes first, then the environment, then the
 * default. A caller's wrong value is a TypeError; a wrong value in the environment is warned of and passed over.
 */
export const OPTIONS: Readonly<Record<keyof TraceOptions, OptionRow>> = {
  announcePlan: { default: true, env: 'ORCHESTRACE_ANNOUNCE_PLAN', type: 'boolean' },
  recordInputs: { default: false, env: 'ORCHESTRACE_RECORD_INPUTS', type: 'boolean' },
  recordOutputs: { default: false, env: 'ORCHESTRACE_RECORD_OUTPUTS', type: 'boolean' },
  skippedSpans: { default: true, env: 'ORCHESTRACE_SKIPPED_SPANS', type: 'boolean' },
  metrics: { default: true, env: 'ORCHESTRACE_METRICS', type: 'boolean' },
  conventions: { default: [], env: 'ORCHESTRACE_CONVENTIONS', type: 'conventions' },
  maxAttributeBytes: { default: 8192, env: 'ORCHESTRACE_MAX_ATTRIBUTE_BYTES', type: 'bytes' },
  isFailure: { default: isReportedFailure, env: null, type: 'function' },
  redact: { default: undefined, env: null, type: 'function' },
  spanName: { default: undefined, env: null, type: 'function' },
  attributes: { default: undefined, env: null, type: 'object' },
  tracer: { default: undefined, env: null, type: 'object' },
  meter: { default: undefined, env: null, type: 'object' },
};

const CONVENTIONS: readonly Convention[] = ['gen_ai', 'openinference'];
const MIN_ATTRIBUTE_BYTES = 256;

/**
 * Decides every option.
 *
 * @param options what a caller gave
 * @param base decided options that stand where the caller gave none; without them, environment and defaults
 * @param onBadEnvironment told of a value in the environment that cannot be used
 * @throws {TypeError} an option of the wrong type; the message names it
 */
export function resolveOptions(
  options: TraceOptions = {},
  base?: ResolvedOptions,
  onBadEnvironment: (message: string) => void = () => {},
): ResolvedOptions {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`options must be an object, got ${kindOf(options)}`);
  const resolved: Record<string, unknown> = {};
  for (const key of Object.keys(OPTIONS) as (keyof TraceOptions)[]) {
    const row = OPTIONS[key];
    const given: unknown = options[key];
    if (given !== undefined) {
      const fault = faultOf(row, given);
      if (fault) throw new TypeError(`option ${key} must be ${fault}, got ${kindOf(given)}`);
      resolved[key] = given;
    } else {
      resolved[key] = base ? base[key] : (fromEnvironment(row, onBadEnvironment) ?? row.default);
    }
  }
  return Object.freeze(resolved) as unknown as ResolvedOptions;
}

/** The default of `isFailure`: an own data property `success` that is `false`, or `isError` that is `true`. Runs no getter. */
export function isReportedFailure(result: unknown): boolean {
  return ownValue(result, 'success') === false || ownValue(result, 'isError') === true;
}

function faultOf(row: OptionRow, value: unknown): string | undefined {
  switch (row.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'function':
      return typeof value === 'function' ? undefined : 'a function';
    case 'object':
      return typeof value === 'object' && value !== null ? undefined : 'an object';
    case 'bytes':
      return Number.isInteger(value) && (value as number) >= MIN_ATTRIBUTE_BYTES
        ? undefined
        : `an integer of at least ${MIN_ATTRIBUTE_BYTES}`;
    case 'conventions': {
      const known = Array.isArray(value) && value.every((item) => CONVENTIONS.includes(item as Convention));
      return known ? undefined : `a list of ${CONVENTIONS.map((name) => `"${name}"`).join(', ')}`;
    }
  }
}

function fromEnvironment(row: OptionRow, onBad: (message: string) => void): unknown {
  if (row.env === null) return undefined;
  const text = globalThis.process?.env[row.env]?.trim();
  if (!text) return undefined;
  const value = parseText(row, text);
  const fault = value === undefined ? (row.type === 'boolean' ? 'true or false' : 'a number') : faultOf(row, value);
  if (fault === undefined) return value;
  onBad(`${row.env} must be ${fault}, got "${text.slice(0, 100)}"; using the default`);
  return undefined;
}

function parseText(row: OptionRow, text: string): unknown {
  if (row.type === 'boolean') return /^(true|1)$/i.test(text) ? true : /^(false|0)$/i.test(text) ? false : undefined;
  if (row.type === 'conventions') return text.split(',').map((name) => name.trim());
  const number = Number(text);
  return Number.isNaN(number) ? undefined : number;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map((item) => kindOf(item)).join(', ')}]`.slice(0, 100);
  return typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value).slice(0, 100) : typeof value;
}
