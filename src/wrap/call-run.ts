import { isFailureResult, outcomeOfThrown, reportedError } from '../spans/failure.ts';
import { safely } from '../spans/guard.ts';
import type { RunRecorder } from '../spans/run-recorder.ts';
import { watchCall } from './watch-call.ts';

/**
 * Calls a function once, with its run active, and ends the run when the call ends. The result and what is thrown are the function's
 * own.
 *
 * @param ended told when the run has ended
 */
export function callRun<A extends unknown[], R>(
  run: RunRecorder,
  work: (...args: A) => R,
  thisArg: unknown,
  args: A,
  ended: () => void = () => {},
): R {
  const { isFailure } = run.telemetry.options;
  const end = (...how: Parameters<RunRecorder['end']>): void => {
    safely('end a run', () => run.end(...how));
    ended();
  };
  const fulfilled = (value: unknown): void => {
    if (isFailureResult(value, isFailure)) end('failure', reportedError(value));
    else end('success');
  };
  const rejected = (error: unknown): void => end(outcomeOfThrown(error), error);
  return watchCall({ fulfilled, rejected, deferred: () => {} }, run.context, work, thisArg, args);
}
