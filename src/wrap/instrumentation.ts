import type { RunRecorder } from '../spans/run-recorder.ts';
import { findMethod, OwnMethod, type AnyFunction } from './own-method.ts';

/** What is done where a method was called. */
export type Call = (method: AnyFunction, thisArg: unknown, args: unknown[]) => unknown;

const instrumentations = new WeakMap<object, Instrumentation>();

/** What one executor has been given. However often it is instrumented, each of its methods has one stand-in. */
export class Instrumentation {
  /** Its runs that go on. */
  readonly live: Set<RunRecorder> = new Set();
  readonly #executor: object;
  readonly #methods = new Map<string, OwnMethod>();
  /** Names of the methods that each call of `instrumentExecutor` asked for; a dispose takes back the last. */
  readonly #asked: string[][] = [];
  #disposal: OwnMethod | undefined;

  private constructor(executor: object) {
    this.#executor = executor;
  }

  static of(executor: object): Instrumentation {
    return instrumentations.get(executor) ?? new Instrumentation(executor);
  }

  /** Puts stand-ins before methods; false, and everything as before, where the object does not allow it. */
  add(calls: readonly (readonly [name: string, call: Call])[]): boolean {
    const names: string[] = [];
    this.#asked.push(names);
    instrumentations.set(this.#executor, this);
    for (const [name, call] of calls) {
      if (!this.#put(name, call)) return this.#takeBack();
      names.push(name);
    }
    this.#disposal ??= this.#putDisposal();
    return this.#disposal ? true : this.#takeBack();
  }

  #put(name: string, call: Call): boolean {
    const known = this.#methods.get(name);
    if (known?.isInPlace) return known.users++ > 0;
    const method = findMethod(this.#executor, name);
    if (typeof method !== 'function') return false;
    const standIn = new Proxy(method, {
      apply: (target, thisArg, args: unknown[]) =>
        own?.isGivenBack ? Reflect.apply(target, thisArg, args) : call(target, thisArg, args),
    });
    const own = OwnMethod.put(this.#executor, name, standIn);
    if (!own) return false;
    known?.giveBack(); // somebody has put a method of theirs before it
    own.users = (known?.users ?? 0) + 1;
    this.#methods.set(name, own);
    return true;
  }

  /** An executor that can be disposed of itself still is, by the same call. */
  #putDisposal(): OwnMethod | undefined {
    const original = findMethod(this.#executor, Symbol.dispose);
    const takeBack = (): void => void this.#takeBack();
    return OwnMethod.put(this.#executor, Symbol.dispose, function dispose(this: unknown) {
      takeBack();
      return typeof original === 'function' ? Reflect.apply(original, this, []) : undefined;
    });
  }

  #takeBack(): false {
    for (const name of this.#asked.pop() ?? []) {
      const method = this.#methods.get(name);
      if (!method || --method.users > 0) continue;
      method.giveBack();
      this.#methods.delete(name);
    }
    if (this.#asked.length === 0) {
      this.#disposal?.giveBack();
      this.#disposal = undefined;
      instrumentations.delete(this.#executor);
    }
    return false;
  }
}
