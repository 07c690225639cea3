import { SpanStatusCode, type Exception, type Span } from '@opentelemetry/api';
import { ownValue } from '../own-value.ts';
import { ATTR_ERROR_TYPE, type Outcome } from '../semconv.ts';
import { describe, safely, warn } from './guard.ts';
import type { TextWriter } from './text.ts';

const OTHER = '_OTHER';

/** What is known of a failure. Made once; reading it runs no code of the thrown value unguarded. */
export interface Failure {
  /** Class name, `timeout`, or `_OTHER`. */
  readonly type: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

/** Reads a thrown value, whatever it is: primitives, frozen errors, proxies that throw. */
export function failureOf(error: unknown, outcome: Outcome): Failure {
  const type = outcome === 'timeout' ? 'timeout' : typeOf(error);
  const message = messageOf(error);
  const stack = readText(error, 'stack');
  return { type, message, stack };
}

/** Whether a returned value is a failure, as `isFailure` says; an `isFailure` that throws is warned of. */
export function isFailureResult(result: unknown, isFailure: (result: unknown) => boolean): boolean {
  try {
    // oxlint-disable-next-line typescript/no-unnecessary-boolean-literal-compare -- JavaScript may answer anything
    return isFailure(result) === true;
  } catch (error) {
    warn('could not tell whether a result is a failure', describe(error));
    return false;
  }
}

/** What a failure that was returned says of itself: its `error`, else its `message`. Runs no getter. */
export function reportedError(result: unknown): unknown {
  const said = safely('read a reported failure', () => ownValue(result, 'error') ?? ownValue(result, 'message'));
  return said ?? 'the tool reported failure';
}

/**
 * Which outcome a thrown value stands for: `cancellation` for an AbortError, `timeout` for a TimeoutError (the names that the
 * platform gives what AbortController and AbortSignal.timeout throw), else `failure`.
 */
export function outcomeOfThrown(error: unknown): Outcome {
  const name = readText(error, 'name');
  return name === 'AbortError' ? 'cancellation' : name === 'TimeoutError' ? 'timeout' : 'failure';
}

/** The one place that records a failure: status ERROR with the message, `error.type`, and an exception event. */
export function recordFailure(span: Span, failure: Failure, write: TextWriter): void {
  try {
    if (!span.isRecording()) return;
    const type = write.name(failure.type);
    const message = write.text(failure.message);
    const exception: Exception = { name: type, message };
    if (failure.stack) exception.stack = write.text(failure.stack);
    span.recordException(exception);
    span.setAttribute(ATTR_ERROR_TYPE, type);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
  } catch (error) {
    warn('could not record a failure', describe(error));
  }
}

function typeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return OTHER;
  const name = readText(error, 'name');
  if (name && name !== 'Error') return name;
  const constructor = read(error, 'constructor');
  return readText(constructor, 'name') || name || OTHER;
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null) {
    const message = readText(error, 'message');
    if (message !== undefined) return message;
  }
  return describe(error);
}

function readText(value: unknown, key: string): string | undefined {
  const text = read(value, key);
  return typeof text === 'string' ? text : undefined;
}

function read(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
