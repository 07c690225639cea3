import { context } from '@opentelemetry/api';
import type { StepRecorder } from '../spans/step-recorder.ts';
import { watch } from './watch.ts';

/**
 * Calls a function once, with its step's span active, and ends the step when the call ends. The result and what is thrown are the
 * function's own.
 */
export function callStep<A extends unknown[], R>(
  step: StepRecorder,
  work: (...args: A) => R,
  thisArg: unknown,
  args: A,
): R {
  let result: R;
  try {
    result = context.with(step.context, work as (...args: unknown[]) => R, thisArg, ...args);
  } catch (error) {
    step.rejected(error);
    throw error;
  }
  return watch(result, step, step.context);
}
