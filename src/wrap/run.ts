import { INVALID_SPAN_CONTEXT, trace, type Span } from '@opentelemetry/api';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import { writeCarrier, type Carrier } from '../spans/carrier.ts';
import { describe, safely, warn } from '../spans/guard.ts';
import type { RunRecorder } from '../spans/run-recorder.ts';
import { withSpan } from '../spans/scope.ts';
import type { StepDetails } from '../spans/step-attributes.ts';
import type { StepRecorder } from '../spans/step-recorder.ts';
import { outcomeOfThrown } from '../spans/failure.ts';
import { traceIdOf } from '../spans/telemetry.ts';
import { watchCall } from './watch-call.ts';

/** What a step's function is handed. Its functions may be taken out of it: `({ attempt }) => attempt(work)`. */
export interface Step {
  /** The step's span, to add attributes of one's own; it records nothing when nobody listens. */
  readonly span: Span;
  /** Tries the work once, in a span of its own below the step. */
  attempt<R>(this: void, work: () => R, options?: AttemptOptions): R;
}

export interface AttemptOptions {
  /** How often the step may be tried, this attempt included. Default 1. */
  readonly maxAttempts?: number;
  /** How long was waited before this attempt, in milliseconds. Default 0. */
  readonly backoffMs?: number;
}

/** What a caller can say of a step. */
export interface StepOptions {
  /** Kind of the tool, if the plan does not have it. Default `"unknown"`. */
  readonly toolType?: string | undefined;
  /** What the tool is called with; written only with `recordInputs`. */
  readonly input?: unknown;
}

/** A run that is going on, in the hands of the code that carries it out. Its functions may be taken out of it: `({ step }) => step('a', work)`. */
export interface Run {
  readonly runId: string;
  /** 32 hex digits; undefined when nobody listens. */
  readonly traceId: string | undefined;
  /** The plan in groups; undefined in a run without one. */
  readonly orchestrationTrace: ExecutionPlanTrace | undefined;
  /** Calls `work` as a step: once, with the step's span active. Gives what it gives, throws what it throws. */
  step<R>(this: void, toolId: string, work: (step: Step) => R, options?: StepOptions): R;
  /** Records that a tool does not run, and why. */
  skip(this: void, toolId: string, reason: string): void;
  /** In a run without a plan: the steps that start within `work` are one group. In a run with one, just calls it. */
  group<R>(this: void, work: () => R): R;
  /**
   * What another process needs to go on with this run by `continueOrchestration`: W3C trace context and an `orchestration` entry, all
   * fit for headers. With a tool id, that tool is handed over and its step is placed and linked as planned.
   */
  carrier(this: void, toolId?: string): Carrier;
}

const IDLE_SPAN: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
const IDLE_STEP: Step = { span: IDLE_SPAN, attempt: (work) => work() };

/** A run that nobody listens to: calls what it is given, and nothing else. */
export class IdleRun implements Run {
  readonly runId: string;
  readonly traceId: undefined;
  readonly #makeTrace: () => ExecutionPlanTrace | undefined;

  constructor(runId: string | undefined, makeTrace: () => ExecutionPlanTrace | undefined) {
    this.runId = runId ?? crypto.randomUUID();
    this.#makeTrace = makeTrace;
  }

  get orchestrationTrace(): ExecutionPlanTrace | undefined {
    return this.#makeTrace();
  }

  step<R>(_toolId: string, work: (step: Step) => R): R {
    return work(IDLE_STEP);
  }

  skip(): void {}

  group<R>(work: () => R): R {
    return work();
  }

  carrier(): Carrier {
    return {};
  }
}

/** A run that is recorded. */
export class TracedRun implements Run {
  readonly #recorder: RunRecorder;

  constructor(recorder: RunRecorder) {
    this.#recorder = recorder;
    this.step = this.step.bind(this);
    this.skip = this.skip.bind(this);
    this.group = this.group.bind(this);
    this.carrier = this.carrier.bind(this);
  }

  get runId(): string {
    return this.#recorder.runId;
  }

  get traceId(): string | undefined {
    return traceIdOf(this.#recorder.span);
  }

  get orchestrationTrace(): ExecutionPlanTrace | undefined {
    return this.#recorder.plan;
  }

  step<R>(toolId: string, work: (step: Step) => R, options?: StepOptions): R {
    const recorder = this.#startStep(toolId, options);
    if (!recorder) return work(IDLE_STEP);
    return watchCall(recorder, recorder.context, work, undefined, [new TracedStep(recorder)]);
  }

  skip(toolId: string, reason: string): void {
    safely('skip a step', () => this.#recorder.skipStep(toolId, reason));
  }

  group<R>(work: () => R): R {
    const run = this.#recorder;
    const group = safely('open a group', () => run.holdGroup());
    if (!group) return work();
    const release = (): void => safely('end a group', () => run.releaseGroup(group));
    const active = withSpan(run.context, group.span, { run, group });
    return watchCall({ fulfilled: release, rejected: release, deferred: release }, active, work, undefined, []);
  }

  carrier(toolId?: string): Carrier {
    return (
      safely('write a carrier', () => writeCarrier(this.#recorder.delegate(toolId), this.#recorder.telemetry.write)) ??
      {}
    );
  }

  #startStep(toolId: string, options: StepDetails | undefined): StepRecorder | undefined {
    try {
      return this.#recorder.startStep(toolId, options);
    } catch (error) {
      warn('could not start a step', describe(error));
      return undefined;
    }
  }
}

class TracedStep implements Step {
  readonly #recorder: StepRecorder;

  constructor(recorder: StepRecorder) {
    this.#recorder = recorder;
  }

  get span(): Span {
    return this.#recorder.span;
  }

  /** Bound only when it is read: most steps are not tried twice. */
  get attempt(): Step['attempt'] {
    return (work, options) => this.#attempt(work, options);
  }

  #attempt<R>(work: () => R, { maxAttempts = 1, backoffMs = 0 }: AttemptOptions = {}): R {
    const attempt = safely('start an attempt', () => this.#recorder.startAttempt(maxAttempts, backoffMs));
    if (!attempt) return work();
    const fulfilled = (): void => attempt.end('success');
    const rejected = (error: unknown): void => attempt.end(outcomeOfThrown(error), error);
    return watchCall({ fulfilled, rejected, deferred: () => {} }, attempt.context, work, undefined, []);
  }
}
