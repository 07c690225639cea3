import { trace, type Context, type Span } from '@opentelemetry/api';
import type { MappingRecord } from '../mapping.ts';
import type { Outcome } from '../semconv.ts';
import {
  failureOf,
  isFailing,
  isFailureResult,
  outcomeOfThrown,
  recordFailure,
  reportedError,
  type Failure,
} from './failure.ts';
import type { GroupRecorder } from './group-recorder.ts';
import { describe, warn } from './guard.ts';
import type { RunRecorder } from './run-recorder.ts';
import { withScope, type Scope } from './scope.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { endSpan, setAttributes, type Telemetry } from './telemetry.ts';

/** How a step or an attempt ended. */
export interface StepEnd {
  /** What was thrown or reported; read only for a failing outcome. */
  readonly error?: unknown;
  /** What the tool returned; written only with `recordOutputs`. */
  readonly output?: unknown;
  readonly mappings?: readonly MappingRecord[] | undefined;
}

/** Where a step belongs; the run is told when it ends. */
export interface StepPlace {
  readonly toolId: string;
  readonly toolType: string;
  readonly strategy: string | undefined;
  readonly run: RunRecorder | undefined;
  readonly group: GroupRecorder | undefined;
}

/** One step span. Its function runs in {@link context}, so that what it calls nests under it. */
export class StepRecorder implements Scope {
  readonly place: StepPlace;
  readonly span: Span;
  readonly context: Context;
  readonly #telemetry: Telemetry;
  readonly #startedAt: number;
  #attempts = 0;
  #ended = false;

  constructor(telemetry: Telemetry, place: StepPlace, span: Span, parent: Context, startedAt: number) {
    this.#telemetry = telemetry;
    this.place = place;
    this.span = span;
    this.#startedAt = startedAt;
    this.context = withScope(trace.setSpan(parent, span), this);
  }

  get run(): RunRecorder | undefined {
    return this.place.run;
  }

  get step(): StepRecorder {
    return this;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Starts the next attempt, a span below the step. */
  startAttempt(maxAttempts: number, backoffMs: number): AttemptRecorder {
    const attempt = ++this.#attempts;
    const attributes: KnownAttributes = {
      'orchestration.span.type': 'attempt',
      'orchestration.attempt': attempt,
      'orchestration.max_attempts': maxAttempts,
      'orchestration.backoff_ms': Math.round(backoffMs),
    };
    const naming = { type: 'attempt', name: `attempt ${attempt}`, toolId: this.place.toolId } as const;
    return new AttemptRecorder(
      this.#telemetry,
      this.#telemetry.startSpan(naming, attributes, this.context),
      this.context,
    );
  }

  /** Ends the step with what its function gave. */
  fulfilled(value: unknown): void {
    if (isFailureResult(value, this.#telemetry.options.isFailure)) this.end('failure', { error: reportedError(value) });
    else this.end('success', { output: value });
  }

  /** Ends the step with what its function threw. */
  rejected(error: unknown): void {
    this.end(outcomeOfThrown(error), { error });
  }

  /** Leaves the end to whoever consumes the result, and at the latest to the run. */
  deferred(): void {
    this.run?.keepLazy(this);
  }

  /** Ends the step. Once: what comes later is dropped. */
  end(outcome: Outcome, end: StepEnd = NOTHING): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#record(outcome, end);
    } catch (error) {
      warn('could not end a step', describe(error));
    }
  }

  #record(outcome: Outcome, end: StepEnd): void {
    const { write, options } = this.#telemetry;
    const failure = isFailing(outcome) ? failureOf(end.error, outcome) : undefined;
    if (this.span.isRecording()) {
      if (failure) recordFailure(this.span, failure, write);
      const attributes: KnownAttributes = {
        'orchestration.outcome': outcome,
        'orchestration.attempt_count': this.#attempts || 1,
      };
      if (end.mappings && end.mappings.length > 0)
        attributes['orchestration.mappings'] = write.plainJson(end.mappings, 'ours');
      if (options.recordOutputs && !failure) attributes['orchestration.output'] = write.json(end.output);
      setAttributes(this.span, attributes);
    }
    endSpan(this.span);
    const endedAt = performance.now();
    this.#measure(outcome, failure, endedAt);
    this.place.run?.stepEnded(this, outcome, endedAt);
  }

  #measure(outcome: Outcome, failure: Failure | undefined, endedAt: number): void {
    const { strategy, toolType } = this.place;
    const labels = { strategy, toolType, outcome, errorType: failure?.type };
    this.#telemetry.instruments()?.recordStep(endedAt - this.#startedAt, labels);
  }
}

const NOTHING: StepEnd = {};

/** One attempt span. */
export class AttemptRecorder {
  readonly span: Span;
  readonly context: Context;
  readonly #telemetry: Telemetry;
  #ended = false;

  constructor(telemetry: Telemetry, span: Span, parent: Context) {
    this.#telemetry = telemetry;
    this.span = span;
    this.context = trace.setSpan(parent, span);
  }

  /** Ends the attempt. Once. */
  end(outcome: Outcome, error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (isFailing(outcome)) recordFailure(this.span, failureOf(error, outcome), this.#telemetry.write);
    setAttributes(this.span, { 'orchestration.outcome': outcome });
    endSpan(this.span);
  }
}
