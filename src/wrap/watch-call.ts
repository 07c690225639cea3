import { context, type Context } from '@opentelemetry/api';
import { watch, type Watcher } from './watch.ts';

/** Calls a function once, in a context, and tells `watcher` how that ends. The result and what is thrown are the function's own. */
export function watchCall<A extends unknown[], R>(
  watcher: Watcher,
  active: Context,
  work: (...args: A) => R,
  thisArg: unknown,
  args: A,
): R {
  let result: R;
  try {
    result = context.with(active, apply, undefined, work, thisArg, args) as R;
  } catch (error) {
    watcher.rejected(error);
    throw error;
  }
  return watch(result, watcher, active);
}

/** With the very `this` of the call: a context manager would make null of undefined. */
function apply(work: (...args: never[]) => unknown, thisArg: unknown, args: unknown[]): unknown {
  return Reflect.apply(work, thisArg, args);
}
