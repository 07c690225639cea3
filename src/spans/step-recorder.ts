import { trace, type Context, type Span, type TimeInput } from '@opentelemetry/api';
import { isFailing } from '../explain/failures.ts';
import type { MappingRecord } from '../mapping.ts';
import type { LinkType, Outcome, WaitReason } from '../semconv.ts';
import { failureOf, isFailureResult, outcomeOfThrown, recordFailure, reportedError, type Failure } from './failure.ts';
import type { GroupRecorder } from './group-recorder.ts';
import { describe, safely, warn } from './guard.ts';
import type { PlannedTool } from './planned-tool.ts';
import type { RunRecorder } from './run-recorder.ts';
import { scopeOf, withSpan, type Scope } from './scope.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { endSpan, setAttributes, timeOf, type Telemetry } from './telemetry.ts';

/** How a step or an attempt ended. */
export interface StepEnd {
  /** What was thrown or reported; read only for a failing outcome. */
  readonly error?: unknown;
  /** What the tool returned; written only with `recordOutputs`. */
  readonly output?: unknown;
  readonly mappings?: readonly MappingRecord[] | undefined;
}

/** What a run notes of a step that ended. */
export interface StepOutcome {
  readonly outcome: Outcome;
  /** Why it failed. */
  readonly error: string | undefined;
  readonly mappings: readonly MappingRecord[] | undefined;
  /** On the clock of `performance.now()`. */
  readonly endedAt: number;
}

/** Where a step belongs; the run is told when it ends. */
export interface StepPlace {
  readonly toolId: string;
  readonly toolType: string;
  readonly planned: PlannedTool | undefined;
  readonly strategy: string | undefined;
  /** Which repetition of the tool this is, from 1. */
  readonly iteration: number;
  /** What it waited for; undefined where it waited for nothing. */
  readonly waitReason: WaitReason | undefined;
  /** Whether it is no step of the run itself, but one that a step of it called and the plan does not have. */
  readonly isInner: boolean;
  readonly run: RunRecorder | undefined;
  readonly group: GroupRecorder | undefined;
}

/** What whoever tries can say of an attempt. */
interface AttemptStart {
  /** Default: one more than the last. */
  readonly number?: number | undefined;
  /** The context of whoever tries; what it carries is kept. Default: that of the step. */
  readonly active?: Context | undefined;
}

/** When a step ended that ends later than it did. */
interface EndTime {
  /** Of the span. */
  readonly time: TimeInput | undefined;
  /** On the clock of `performance.now()`. */
  readonly at: number;
}

/** How the last attempt of a step that may be tried again ended. */
interface Rest {
  readonly outcome: Outcome;
  readonly end: StepEnd;
  /** On the clock of `performance.now()`. */
  readonly at: number;
}

/** One step span. Its function runs in {@link context}, so that what it calls nests under it. */
export class StepRecorder implements Scope {
  readonly place: StepPlace;
  readonly span: Span;
  readonly context: Context;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  /** When the last attempt started, if there was one before, and why that one failed. */
  lastAttemptAt: number | undefined;
  retryError: string | undefined;
  readonly #telemetry: Telemetry;
  #attempts = 0;
  #lastAttempt: AttemptRecorder | undefined;
  #rest: Rest | undefined;
  #ended = false;

  constructor(telemetry: Telemetry, place: StepPlace, span: Span, parent: Context, startedAt: number) {
    this.#telemetry = telemetry;
    this.place = place;
    this.span = span;
    this.startedAt = startedAt;
    this.context = withSpan(parent, span, this);
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

  /** Number of the last attempt; 0 for a step that is not tried in attempts. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Whether the last attempt failed, and the next has not started. */
  get isResting(): boolean {
    return this.#rest !== undefined && !this.#ended;
  }

  /**
   * Starts the next attempt, a span below the step with a link to the attempt before.
   *
   * @param backoffMs default: the time since the attempt before failed
   */
  startAttempt(maxAttempts?: number, backoffMs?: number, { number, active }: AttemptStart = NOTHING): AttemptRecorder {
    const attempt = number ?? this.#attempts + 1;
    const rest = this.#rest;
    const attributes: KnownAttributes = {
      'orchestration.span.type': 'attempt',
      'orchestration.attempt': attempt,
      'orchestration.backoff_ms': Math.round(backoffMs ?? (rest ? performance.now() - rest.at : 0)),
    };
    if (maxAttempts !== undefined) attributes['orchestration.max_attempts'] = maxAttempts;
    const before = this.#lastAttempt;
    const links = before?.isEnded ? [{ context: before.span.spanContext(), attributes: RETRY_OF }] : undefined;
    const isWithin = active !== undefined && scopeOf(active)?.run === this.run;
    const parent = isWithin ? withSpan(active, this.span, this) : this.context;
    const span = this.#telemetry.startSpan(
      'attempt',
      `attempt ${attempt}`,
      attributes,
      parent,
      links,
      this.place.toolId,
    );
    if (rest) this.#resume();
    if (before) {
      this.lastAttemptAt = performance.now();
      this.retryError = before.error;
    }
    this.#attempts = attempt;
    this.#lastAttempt = new AttemptRecorder(this.#telemetry, span, parent);
    return this.#lastAttempt;
  }

  /**
   * Ends an attempt, and the step with it; but one that failed leaves the step open for the next attempt, as long as the run goes on.
   * Does nothing more for an attempt after which another has started.
   */
  attemptEnded(attempt: AttemptRecorder, outcome: Outcome, end: StepEnd = NOTHING): void {
    attempt.end(outcome, end.error);
    if (this.#ended || attempt !== this.#lastAttempt) return;
    const isDone = outcome === 'success' || outcome === 'skip';
    const at = performance.now();
    if (isDone || safely('keep a step for its next attempt', () => this.run?.stepRests(this, at)) !== true)
      return this.end(outcome, end);
    this.#rest = { outcome, end, at };
  }

  /** Ends a step whose next attempt did not come, as its last attempt ended and when that did. */
  settleRest(): void {
    const rest = this.#rest;
    if (!rest) return;
    const time = timeOf(this.#lastAttempt?.span, 'endTime');
    this.#resume();
    this.end(rest.outcome, rest.end, { time, at: rest.at });
  }

  /** Ends the attempt that is going on because another is to start: whoever tries has given it up. */
  giveUpAttempt(): void {
    this.#lastAttempt?.end('failure', 'the next attempt started before this one ended');
  }

  /** Ends a step that nobody waits for any more, with the attempt that is going on. */
  abandon(): void {
    this.#lastAttempt?.end('cancellation');
    this.end('cancellation');
  }

  #resume(): void {
    this.#rest = undefined;
    this.place.group?.resume();
  }

  /** Ends the step with what its function gave. */
  fulfilled(value: unknown): void {
    const { isFailure, recordOutputs } = this.#telemetry.options;
    if (isFailureResult(value, isFailure)) this.end('failure', { error: reportedError(value) });
    else this.end('success', recordOutputs ? { output: value } : NOTHING);
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
  end(outcome: Outcome, end: StepEnd = NOTHING, when?: EndTime): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      this.#record(outcome, end, when);
    } catch (error) {
      warn('could not end a step', describe(error));
    }
  }

  #record(outcome: Outcome, end: StepEnd, when: EndTime | undefined): void {
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
    endSpan(this.span, when?.time);
    const endedAt = when?.at ?? performance.now();
    this.#measure(outcome, failure, endedAt);
    this.place.run?.stepEnded(this, { outcome, error: failure?.message, mappings: end.mappings, endedAt });
  }

  #measure(outcome: Outcome, failure: Failure | undefined, endedAt: number): void {
    const instruments = this.#telemetry.instruments();
    if (!instruments) return;
    const { strategy, toolType } = this.place;
    instruments.recordStep(endedAt - this.startedAt, { strategy, toolType, outcome, errorType: failure?.type });
  }
}

const NOTHING = {};
const RETRY_OF: KnownAttributes = { 'orchestration.link.type': 'retry_of' satisfies LinkType };

/** How a call ended that gave a value: a failure if `isFailure` says so. */
export function endOfValue(value: unknown, { options }: Telemetry): StepEnd & { outcome: Outcome } {
  if (isFailureResult(value, options.isFailure)) return { outcome: 'failure', error: reportedError(value) };
  return { outcome: 'success', output: value };
}

/** One attempt span. */
export class AttemptRecorder {
  readonly span: Span;
  readonly context: Context;
  /** Why it failed. */
  error: string | undefined;
  readonly #telemetry: Telemetry;
  #ended = false;

  constructor(telemetry: Telemetry, span: Span, parent: Context) {
    this.#telemetry = telemetry;
    this.span = span;
    this.context = trace.setSpan(parent, span);
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  /** Ends the attempt. Once. */
  end(outcome: Outcome, error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (isFailing(outcome)) {
      const failure = failureOf(error, outcome);
      this.error = failure.message;
      recordFailure(this.span, failure, this.#telemetry.write);
    }
    setAttributes(this.span, { 'orchestration.outcome': outcome });
    endSpan(this.span);
  }
}
