import { context } from '@opentelemetry/api';
import { isFailureResult, outcomeOfThrown, reportedError } from '../spans/failure.ts';
import type { StepRecorder } from '../spans/step-recorder.ts';
import { watch, type Watcher } from './watch.ts';

/** Calls a function once, with its step's span active, and ends the step when the call ends. The result and what is thrown are the function's own. */
export function callStep<A extends unknown[], R>(
  step: StepRecorder,
  work: (...args: A) => R,
  thisArg: unknown,
  args: A,
  isFailure: (result: unknown) => boolean,
): R {
  let result: R;
  try {
    result = context.with(step.context, work as (...args: unknown[]) => R, thisArg, ...args);
  } catch (error) {
    step.end(outcomeOfThrown(error), { error });
    throw error;
  }
  return watch(result, new StepWatcher(step, isFailure), step.context);
}

class StepWatcher implements Watcher {
  readonly #step: StepRecorder;
  readonly #isFailure: (result: unknown) => boolean;

  constructor(step: StepRecorder, isFailure: (result: unknown) => boolean) {
    this.#step = step;
    this.#isFailure = isFailure;
  }

  fulfilled(value: unknown): void {
    if (isFailureResult(value, this.#isFailure)) this.#step.end('failure', { error: reportedError(value) });
    else this.#step.end('success', { output: value });
  }

  rejected(error: unknown): void {
    this.#step.end(outcomeOfThrown(error), { error });
  }

  deferred(): void {
    this.#step.run?.keepLazy(this.#step);
  }
}
