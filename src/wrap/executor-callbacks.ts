import type { Attributes } from '@opentelemetry/api';
import type { Plan, PlanInput } from '../plan.ts';
import type { Outcome } from '../semconv.ts';
import { describe as describeError, warn } from '../spans/guard.ts';
import { describe } from '../words.ts';
import type { ToolCall } from './executor-options.ts';
import type { AnyFunction } from './own-method.ts';

/** The callbacks of an instrumented executor, for any executor. */
export interface ExecutorCallbacks {
  readonly plan: AnyFunction;
  readonly tool: AnyFunction;
  readonly outcome?: AnyFunction | undefined;
  readonly runId?: AnyFunction | undefined;
  readonly attributes?: AnyFunction | Attributes | undefined;
}

const OUTCOMES: readonly Outcome[] = ['success', 'failure', 'error', 'timeout', 'cancellation', 'skip'];

/** Asks the callbacks of one executor. They are the host's code: what they throw, and what makes no sense, costs one warning each. */
export class Asked {
  readonly #callbacks: ExecutorCallbacks;
  readonly #warned = new Set<string>();

  constructor(callbacks: ExecutorCallbacks) {
    this.#callbacks = callbacks;
  }

  plan(runArgs: unknown[]): Plan | PlanInput | undefined {
    return this.#ask(
      'plan',
      runArgs,
      'the run is recorded without a plan',
      (answer) => asObject(answer, 'a plan') as PlanInput,
    );
  }

  runId(runArgs: unknown[]): string | undefined {
    return this.#ask('runId', runArgs, 'the run has a random id', (answer) => asText(answer));
  }

  attributes(runArgs: unknown[]): Attributes | undefined {
    if (typeof this.#callbacks.attributes !== 'function') return undefined; // an option like the others
    return this.#ask('attributes', runArgs, 'the run has none of them', (answer) => {
      return { ...asObject(answer, 'an object') };
    });
  }

  tool(stepArgs: unknown[]): ToolCall | undefined {
    return this.#ask('tool', stepArgs, 'the call is not recorded', (answer) => {
      if (typeof answer === 'string') return { toolId: asText(answer) };
      const { toolId, toolType, attempt, iteration } = asObject(answer, 'a tool id, or { toolId }') as ToolCall;
      const orNothing = <T>(given: unknown, read: (given: unknown) => T): T | undefined => {
        return given === undefined ? undefined : this.#guard('tool', 'left it out', () => read(given));
      };
      return {
        toolId: asText(toolId),
        toolType: orNothing(toolType, asText),
        attempt: orNothing(attempt, asNumber),
        iteration: orNothing(iteration, asNumber),
      };
    });
  }

  outcome(result: unknown, stepArgs: unknown[]): Outcome | undefined {
    return this.#ask('outcome', [result, ...stepArgs], 'isFailure decides', (answer) => asOutcome(answer));
  }

  #ask<T>(
    name: keyof ExecutorCallbacks,
    args: unknown[],
    instead: string,
    read: (answer: unknown) => T,
  ): T | undefined {
    const callback = this.#callbacks[name];
    if (typeof callback !== 'function') return undefined;
    return this.#guard(name, instead, () => {
      const answer: unknown = Reflect.apply(callback, undefined, args);
      if (answer instanceof Promise) ignoreRejection(answer);
      return answer === undefined && name !== 'tool' ? undefined : read(answer);
    });
  }

  #guard<T>(name: keyof ExecutorCallbacks, instead: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!this.#warned.has(name)) {
        this.#warned.add(name);
        warn(`the ${name} callback of an instrumented executor failed; ${instead}`, describeError(error));
      }
      return undefined;
    }
  }
}

/** A callback that is async by mistake: its rejection is nobody's else, and must not end the process. */
function ignoreRejection(promise: Promise<unknown>): void {
  void Promise.prototype.then.call(promise, undefined, () => {});
}

function asObject(answer: unknown, what: string): object {
  if (typeof answer === 'object' && answer !== null && !(answer instanceof Promise)) return answer;
  throw wrong(what, answer);
}

function asText(answer: unknown): string {
  if (typeof answer === 'string' && answer !== '') return answer;
  throw wrong('a text that is not empty', answer);
}

function asNumber(answer: unknown): number {
  if (Number.isSafeInteger(answer) && (answer as number) >= 1) return answer as number;
  throw wrong('attempt and iteration as integers from 1', answer);
}

function asOutcome(answer: unknown): Outcome {
  const outcome = OUTCOMES.find((known) => known === answer);
  if (outcome) return outcome;
  throw wrong(`one of ${OUTCOMES.join(', ')}`, answer);
}

function wrong(expected: string, got: unknown): TypeError {
  return new TypeError(`it must give ${expected}, and gave ${got instanceof Promise ? 'a promise' : describe(got)}`);
}
