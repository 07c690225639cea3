import { SpanStatusCode, type Exception, type Span } from '@opentelemetry/api';
import { ownValue } from '../own-value.ts';
import { ATTR_ERROR_TYPE, type Outcome } from '../semconv.ts';
import { describe, safely, warn } from './guard.ts';
import type { TextWriter } from './text.ts';

const OTHER = '_OTHER';
/** How many causes are told, each that of the one before; and how many of the errors that one error stands for. */
const MAX_CAUSES = 8;
const MAX_ERRORS = 3;
/** A message ends as it did where a cause follows. */
const FULL_STOP = /\.$/;

/** What is known of a failure. Made once; reading it runs no code of the thrown value unguarded. */
export interface Failure {
  /** Class name, `timeout`, or `_OTHER`. */
  readonly type: string;
  /** With what its causes say besides, such as `fetch failed: connect ECONNREFUSED 127.0.0.1:1`. */
  readonly message: string;
  /** With those of its causes. */
  readonly stack?: string | undefined;
}

/** Reads a thrown value, whatever it is: primitives, frozen errors, proxies that throw, errors that cause themselves. */
export function failureOf(error: unknown, outcome: Outcome): Failure {
  const type = outcome === 'timeout' ? 'timeout' : typeOf(error);
  let message = saidBy(error) ?? describe(error);
  let stack = readText(error, 'stack');
  for (const cause of causesOf(error)) {
    const said = saidBy(cause);
    if (said && !message.includes(said)) message = message.replace(FULL_STOP, '') + (message && ': ') + said;
    const trace = readText(cause, 'stack') ?? said;
    if (stack && trace) stack += `\n[cause]: ${trace}`;
  }
  return { type, message, stack };
}

/** What platforms say of a signal that was aborted without a reason. */
const NO_REASON = /^(?:(?:This|The) operation was aborted(?:: |$))+/;

/** Why something was cancelled: what was thrown for it, or the reason of its signal; undefined where that does not say. */
export function cancelReasonOf(reason: unknown): string | undefined {
  if (reason === undefined || reason === null) return undefined;
  if (typeof reason === 'object' && saidBy(reason) === undefined) return undefined;
  return failureOf(reason, 'cancellation').message.replace(NO_REASON, '') || undefined;
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
  const said = safely('read a reported failure', () => ownValue(result, 'error') || ownValue(result, 'message'));
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

/** What a value that is no error may have in the place of a message. */
const TEXTS = ['message', 'error', 'code', 'type'];

/** A text, or the message of what has one, with those of the first errors that it stands for. */
function saidBy(error: unknown): string | undefined {
  const message = typeof error === 'string' ? error : firstText(error, TEXTS);
  const errors = read(error, 'errors');
  if (message === undefined || errors === undefined) return message;
  const messages = Array.from({ length: MAX_ERRORS }, (_, at) => readText(read(errors, String(at)), 'message'));
  const others = [...new Set(messages)].filter((other) => other && !message.includes(other)).join(', ');
  return [message.replace(FULL_STOP, ''), others].filter(Boolean).join(': ');
}

/** What caused an error, and what caused that. */
function causesOf(error: unknown): unknown[] {
  const chain = [error];
  while (chain.length <= MAX_CAUSES) {
    const cause = read(chain.at(-1), 'cause');
    if (cause === undefined || chain.includes(cause)) break;
    chain.push(cause);
  }
  return chain.slice(1);
}

function firstText(value: unknown, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const text = readText(value, key);
    if (text !== undefined) return text;
  }
  return undefined;
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
