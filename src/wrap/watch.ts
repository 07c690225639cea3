/* oxlint-disable unicorn/no-thenable -- thenables are what is watched */
import { context, type Context } from '@opentelemetry/api';
import { safely } from '../spans/guard.ts';

/** Told once how a call ended. Never throws. */
export interface Watcher {
  fulfilled(value: unknown): void;
  rejected(error: unknown): void;
  /** The result is there, but its work is still to be asked for (a generator, a thenable of one's own): it may never end. */
  deferred(): void;
}

const GeneratorPrototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf((function* () {})()) as object,
) as object;
const AsyncGeneratorPrototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf((async function* () {})()) as object,
) as object;

/**
 * Tells `watcher` how a call ended, and gives its result to the host as it is: a value, a generator and a thenable stay the very
 * same object; of a native promise comes one that settles alike, because nobody can watch one without being its reader. What
 * the host asks of a generator runs in `active`.
 *
 * A generator and a thenable of its own kind get own properties (`next`, `return`, `throw`; `then`) until they are done.
 */
export function watch<R>(result: R, watcher: Watcher, active: Context): R {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) {
    watcher.fulfilled(result);
    return result;
  }
  switch (kindOf(result)) {
    case 'promise':
      return watchPromise(result as unknown as Promise<unknown>, watcher) as R;
    case 'generator':
      watchGenerator(result as unknown as GeneratorLike, watcher, active);
      return result;
    case 'thenable':
      watchThenable(result as unknown as PromiseLike<unknown>, watcher);
      return result;
    default:
      watcher.fulfilled(result);
      return result;
  }
}

function watchPromise(promise: Promise<unknown>, watcher: Watcher): Promise<unknown> {
  const watched = promise.then(
    (value) => {
      watcher.fulfilled(value);
      return value;
    },
    (error: unknown) => {
      watcher.rejected(error);
      throw error;
    },
  );
  // What was put on it comes along: the `child` of execFile, a `cancel`. By for-in, which costs nothing where there is nothing.
  for (const key in promise) {
    const property = Object.getOwnPropertyDescriptor(promise, key);
    if (property) Reflect.defineProperty(watched, key, property);
  }
  return watched;
}

type GeneratorLike = Record<'next' | 'return' | 'throw', (...args: unknown[]) => unknown>;

function kindOf(value: object): 'promise' | 'generator' | 'thenable' | 'value' {
  try {
    if (value instanceof Promise && value.constructor === Promise && !Object.hasOwn(value, 'then')) return 'promise';
    if (!Object.isExtensible(value)) return 'value';
    if (GeneratorPrototype.isPrototypeOf(value) || AsyncGeneratorPrototype.isPrototypeOf(value)) return 'generator';
    return typeof findValue(value, 'then') === 'function' ? 'thenable' : 'value';
  } catch {
    return 'value'; // a proxy whose traps throw
  }
}

/** A data property of the object or its prototypes; runs no getter. */
function findValue(object: object, key: string): unknown {
  for (let owner: object | null = object; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    const property = Object.getOwnPropertyDescriptor(owner, key);
    if (property) return property.value;
  }
  return undefined;
}

function watchGenerator(generator: GeneratorLike, watcher: Watcher, active: Context): void {
  const sawResult = (result: unknown): void => {
    if ((result as IteratorResult<unknown> | undefined)?.done)
      done(() => watcher.fulfilled((result as IteratorResult<unknown>).value));
  };
  const done = (tell: () => void): void => {
    for (const method of METHODS) delete (generator as Partial<GeneratorLike>)[method];
    tell();
  };
  for (const method of METHODS) {
    const original = generator[method];
    const resume = (...args: unknown[]): unknown => {
      let result: unknown;
      try {
        result = context.with(active, () => original.apply(generator, args));
      } catch (error) {
        done(() => watcher.rejected(error));
        throw error;
      }
      if (!(result instanceof Promise)) {
        sawResult(result);
        return result;
      }
      return result.then(
        (value: unknown) => {
          sawResult(value);
          return value;
        },
        (error: unknown) => {
          done(() => watcher.rejected(error));
          throw error;
        },
      );
    };
    Object.defineProperty(generator, method, { value: resume, configurable: true, writable: true, enumerable: false });
  }
  watcher.deferred();
}

const METHODS = ['next', 'return', 'throw'] as const;

function watchThenable(thenable: PromiseLike<unknown>, watcher: Watcher): void {
  const before = Object.getOwnPropertyDescriptor(thenable, 'then');
  const isPromise = thenable instanceof Promise;
  // It is a thenable already; its own `then` is put back at the first call.
  const then = function (this: unknown, onFulfilled?: unknown, onRejected?: unknown): unknown {
    if (before) Object.defineProperty(thenable, 'then', before);
    else delete (thenable as { then?: unknown }).then;
    // oxlint-disable-next-line typescript/unbound-method -- applied to the caller's `this` below
    const original = thenable.then as (this: unknown, ...callbacks: unknown[]) => unknown;
    const fulfilled = (value: unknown): unknown => {
      watcher.fulfilled(value);
      return typeof onFulfilled === 'function' ? (onFulfilled as (value: unknown) => unknown)(value) : value;
    };
    const rejected = (error: unknown): unknown => {
      watcher.rejected(error);
      if (typeof onRejected === 'function') return (onRejected as (error: unknown) => unknown)(error);
      throw error;
    };
    // A thenable of one's own may treat a missing callback in its own way: only a promise gets one that the host did not give.
    const callbacks = [
      isPromise || typeof onFulfilled === 'function' ? fulfilled : onFulfilled,
      isPromise || typeof onRejected === 'function' ? rejected : onRejected,
    ];
    return original.apply(this, callbacks);
  };
  const enumerable = before?.enumerable ?? false;
  const isWatched = safely('watch a thenable', () => {
    Object.defineProperty(thenable, 'then', { value: then, configurable: true, writable: true, enumerable });
    return true;
  });
  if (isWatched) watcher.deferred();
  else watcher.fulfilled(thenable);
}
