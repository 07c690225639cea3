import { context, type Context } from '@opentelemetry/api';
import { createExecutionPlanTrace } from '../plan-trace.ts';
import { outcomeOfThrown, reportedError } from '../spans/failure.ts';
import { describe, safely, warn } from '../spans/guard.ts';
import { startLooseStep } from '../spans/loose-step.ts';
import { RunRecorder } from '../spans/run-recorder.ts';
import { scopeOf } from '../spans/scope.ts';
import { endOfValue, type AttemptRecorder, type StepEnd, type StepRecorder } from '../spans/step-recorder.ts';
import type { Telemetry } from '../spans/telemetry.ts';
import type { Outcome } from '../semconv.ts';
import { callRun } from './call-run.ts';
import { Asked, type ExecutorCallbacks } from './executor-callbacks.ts';
import type { AnyFunction } from './own-method.ts';
import { nameOf } from './trace-orchestration.ts';
import { watchCall } from './watch-call.ts';
import type { Watcher } from './watch.ts';

/** Records the calls of one executor's two methods. */
export class TracedExecutor {
  readonly #telemetry: () => Telemetry;
  readonly #hasOwnOptions: boolean;
  readonly #asked: Asked;
  /** The runs of this instance that go on. */
  readonly #live: Set<RunRecorder>;

  constructor(
    telemetry: () => Telemetry,
    hasOwnOptions: boolean,
    callbacks: ExecutorCallbacks,
    live: Set<RunRecorder>,
  ) {
    this.#telemetry = telemetry;
    this.#hasOwnOptions = hasOwnOptions;
    this.#asked = new Asked(callbacks);
    this.#live = live;
  }

  /** Calls the method that runs a plan. */
  run(method: AnyFunction, thisArg: unknown, args: unknown[]): unknown {
    const run = safely('start a run', () => this.#startRun(args));
    if (!run) return Reflect.apply(method, thisArg, args);
    this.#live.add(run);
    return callRun(run, method, thisArg, args, () => this.#live.delete(run));
  }

  /** Calls the method that runs a tool. */
  step(method: AnyFunction, thisArg: unknown, args: unknown[]): unknown {
    let call: StepCall | undefined;
    try {
      call = this.#startStep(args);
    } catch (error) {
      warn('could not start a step', describe(error));
    }
    if (!call) return Reflect.apply(method, thisArg, args);
    return watchCall(call, call.context, method, thisArg, args);
  }

  #startRun(args: unknown[]): RunRecorder | undefined {
    const telemetry = this.#telemetry();
    if (telemetry.isIdle(context.active())) return undefined;
    const plan = this.#asked.plan(args);
    return RunRecorder.start(telemetry, {
      name: nameOf(plan),
      plan: plan && createExecutionPlanTrace(plan),
      runId: this.#asked.runId(args),
      attributes: this.#asked.attributes(args),
    });
  }

  #startStep(args: unknown[]): StepCall | undefined {
    const telemetry = this.#telemetry();
    const active = context.active();
    const around = scopeOf(active)?.run;
    if (!around && telemetry.isIdle(active)) return undefined;
    const called = this.#asked.tool(args);
    if (!called) return undefined;
    const { toolId, toolType, attempt, iteration } = called;
    const run = this.#runOf(around);
    const input = args.length === 1 ? args[0] : args;
    const own = this.#hasOwnOptions || !run ? telemetry : undefined;
    const details = { toolType, iteration, input, telemetry: own };
    let step = attempt === undefined ? undefined : run?.stepToRetry(toolId, attempt, iteration, active);
    if (step) step.giveUpAttempt();
    else {
      step = run ? run.startStep(toolId, details, active) : startLooseStep(telemetry, toolId, details, active);
      if (attempt !== undefined) run?.keepTried(step);
    }
    const tried =
      attempt === undefined ? undefined : step.startAttempt(undefined, undefined, { number: attempt, active });
    const outcomeOf = (result: unknown): Outcome | undefined => this.#asked.outcome(result, args);
    return new StepCall(outcomeOf, own ?? run?.telemetry ?? telemetry, step, tried);
  }

  /**
   * The run that a step belongs to: the one around the call. But where the caller is in none, in one that is over, or in one
   * within which a run of this executor goes on (a loop of workers that somebody started there), it is this executor's, if it is alone.
   */
  #runOf(around: RunRecorder | undefined): RunRecorder | undefined {
    if (this.#live.size !== 1) return around;
    const [only] = this.#live;
    return !around || around.isEnded || only!.isWithin(around) ? only : around;
  }
}

/** One call of a step method: a step, or one attempt of it. */
class StepCall implements Watcher {
  /** What the method runs in. */
  readonly context: Context;
  readonly #outcomeOf: (result: unknown) => Outcome | undefined;
  readonly #telemetry: Telemetry;
  readonly #step: StepRecorder;
  readonly #attempt: AttemptRecorder | undefined;

  constructor(
    outcomeOf: (result: unknown) => Outcome | undefined,
    telemetry: Telemetry,
    step: StepRecorder,
    attempt: AttemptRecorder | undefined,
  ) {
    this.#outcomeOf = outcomeOf;
    this.#telemetry = telemetry;
    this.#step = step;
    this.#attempt = attempt;
    this.context = (attempt ?? step).context;
  }

  fulfilled(value: unknown): void {
    const outcome = this.#outcomeOf(value);
    if (outcome === undefined) {
      const end = endOfValue(value, this.#telemetry);
      this.#end(end.outcome, end);
    } else {
      this.#end(outcome, { error: reportedError(value), output: value });
    }
  }

  rejected(error: unknown): void {
    this.#end(outcomeOfThrown(error), { error });
  }

  deferred(): void {
    this.#step.deferred();
  }

  #end(outcome: Outcome, end: StepEnd): void {
    if (this.#attempt) this.#step.attemptEnded(this.#attempt, outcome, end);
    else this.#step.end(outcome, end);
  }
}
