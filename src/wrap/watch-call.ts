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
    // Not through the context manager's own `thisArg`: that makes null of undefined.
    result = context.with(active, () => Reflect.apply(work, thisArg, args));
  } catch (error) {
    watcher.rejected(error);
    throw error;
  }
  return watch(result, watcher, active);
}
