import { context, INVALID_SPAN_CONTEXT, trace, type Span } from '@opentelemetry/api';
import { isFailing } from '../explain/failures.ts';
import type { Outcome } from '../semconv.ts';
import { failureOf, isFailureResult, outcomeOfThrown, reportedError } from '../spans/failure.ts';
import { safely, warn } from '../spans/guard.ts';
import type { AttemptRecorder, StepRecorder } from '../spans/step-recorder.ts';
import type { Executable } from './registry.ts';
import type { StepResult } from './types.ts';

/** What one step needs to run. */
export interface StepRunInput {
  readonly executable: Executable;
  readonly params: Record<string, unknown>;
  readonly iteration: number;
  readonly results: ReadonlyMap<string, StepResult>;
  /** Undefined when nobody listens. */
  readonly recorder: StepRecorder | undefined;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
  readonly isFailure: (result: unknown) => boolean;
  /** Told once how the step ended. */
  readonly onEnd: (end: StepRunEnd) => void;
}

/** How a step ended. */
export interface StepRunEnd {
  readonly outcome: Outcome;
  readonly data: unknown;
  readonly error: unknown;
  readonly attempts: number;
  readonly executionTimeMs: number;
}

const NO_SPAN: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
const JITTER = 0.25;

/** Runs one step: calls its tool, again after a failure if the plan says so, each time within its timeout. */
export class StepRun {
  readonly #step: StepRunInput;
  readonly #startedAt = performance.now();
  /** When the last attempt started, if there was one before, and why that one failed. */
  lastAttemptAt: number | undefined;
  retryError: string | undefined;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  #attemptRecorder: AttemptRecorder | undefined;
  #isBackingOff = false;
  #isEnded = false;

  constructor(step: StepRunInput) {
    this.#step = step;
  }

  start(): void {
    this.#attempt(0);
  }

  /** Ends the step with an outcome of the run's; what its tool still does is left behind. */
  abandon(outcome: Outcome, error: unknown): void {
    this.#attemptRecorder?.end(outcome, error);
    this.#end(outcome, undefined, error);
  }

  get #maxAttempts(): number {
    return this.#step.executable.tool.retry?.max_attempts ?? 1;
  }

  #attempt(backoffMs: number): void {
    const attempt = ++this.#attempts;
    if (attempt > 1) this.lastAttemptAt = performance.now();
    const { executable, params, iteration, results, recorder, signal } = this.#step;
    const { tool, execute } = executable;
    if (this.#maxAttempts > 1)
      this.#attemptRecorder = safely('start an attempt', () => recorder?.startAttempt(this.#maxAttempts, backoffMs));
    const timeout = tool.timeout_ms === undefined ? undefined : this.#startTimeout(attempt, tool.timeout_ms);
    const attemptSignal = timeout ? AbortSignal.any([signal, timeout]) : signal;
    const toolContext = {
      toolId: tool.tool_id,
      attempt,
      iteration,
      signal: attemptSignal,
      results,
      span: recorder?.span ?? NO_SPAN,
    };
    const active = this.#attemptRecorder?.context ?? recorder?.context ?? context.active();
    try {
      const returned: unknown = context.with(
        active,
        execute,
        undefined,
        this.#maxAttempts > 1 ? { ...params } : params,
        toolContext,
      );
      if (isThenable(returned)) {
        Promise.resolve(returned).then(
          (value: unknown) => this.#returned(attempt, value),
          (error: unknown) => this.#threw(attempt, error, attemptSignal),
        );
      } else {
        this.#returned(attempt, returned);
      }
    } catch (error) {
      this.#threw(attempt, error, attemptSignal);
    }
  }

  /** The signal that tells a tool that its time is up. The step does not wait for the tool to heed it. */
  #startTimeout(attempt: number, timeoutMs: number): AbortSignal {
    const controller = new AbortController();
    this.#timer = setTimeout(() => {
      const error = new DOMException(`Timeout after ${timeoutMs}ms`, 'TimeoutError');
      controller.abort(error);
      this.#attemptEnded(attempt, 'timeout', undefined, error);
    }, timeoutMs);
    return controller.signal;
  }

  #returned(attempt: number, returned: unknown): void {
    if (this.#step.executable.envelope) return this.#opened(attempt, returned);
    const isFailure = isFailureResult(returned, this.#step.isFailure);
    this.#attemptEnded(
      attempt,
      isFailure ? 'failure' : 'success',
      returned,
      isFailure ? reportedError(returned) : undefined,
    );
  }

  /** Takes the result of a tool that returns `{ success, data, error }` itself. */
  #opened(attempt: number, returned: unknown): void {
    let envelope: { success: unknown; data?: unknown; error?: unknown };
    try {
      const { success, data, error } = returned as typeof envelope; // getters and proxies may throw, nothing has no fields
      if (typeof success !== 'boolean') throw new TypeError(`got success: ${typeof success}`);
      envelope = { success, data, error };
    } catch (cause) {
      const { tool_id } = this.#step.executable.tool;
      const expected = `tool "${tool_id}" is registered with envelope: true and must return { success, data, error }`;
      return this.#attemptEnded(attempt, 'error', undefined, new TypeError(expected, { cause }));
    }
    const { success, data, error } = envelope;
    if (success) this.#attemptEnded(attempt, 'success', data, error ?? undefined);
    else this.#attemptEnded(attempt, 'failure', data, error ?? reportedError(returned));
  }

  #threw(attempt: number, error: unknown, signal: AbortSignal): void {
    const outcome = this.#step.signal.aborted && error === signal.reason ? 'cancellation' : outcomeOfThrown(error);
    const isHeeding = signal.aborted && (outcome === 'cancellation' || outcome === 'timeout');
    if (isHeeding && this.#isLate(attempt)) return; // it was told to stop, and says that it did
    this.#attemptEnded(attempt, outcome, undefined, error);
  }

  /** Whether an attempt was left behind. */
  #isLate(attempt: number): boolean {
    return this.#isEnded || this.#isBackingOff || attempt !== this.#attempts;
  }

  #attemptEnded(attempt: number, outcome: Outcome, data: unknown, error: unknown): void {
    const { tool_id, retry } = this.#step.executable.tool;
    if (this.#isLate(attempt)) {
      return warn(`tool "${tool_id}" ended attempt ${attempt} after it was left behind; what came of it is dropped`);
    }
    clearTimeout(this.#timer);
    this.#attemptRecorder?.end(outcome, error);
    if (!isFailing(outcome) || attempt >= this.#maxAttempts || this.#step.signal.aborted)
      return this.#end(outcome, data, error);
    const backoffMs = backoffOf(retry?.backoff_ms ?? 0, attempt);
    this.#isBackingOff = true;
    this.retryError = failureOf(error, outcome).message;
    this.#timer = setTimeout(() => {
      this.#isBackingOff = false;
      this.#attempt(backoffMs);
    }, backoffMs);
  }

  #end(outcome: Outcome, data: unknown, error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#timer);
    const executionTimeMs = performance.now() - this.#startedAt;
    this.#step.onEnd({ outcome, data, error, attempts: this.#attempts, executionTimeMs });
  }
}

const MAX_TIMER_MS = 2_147_483_647;

/** Twice as long after each attempt, a quarter more or less, so that many that failed together do not come back together. */
function backoffOf(backoffMs: number, attempt: number): number {
  const jitter = 1 - JITTER + 2 * JITTER * Math.random();
  return Math.min(MAX_TIMER_MS, backoffMs * 2 ** (attempt - 1) * jitter);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
