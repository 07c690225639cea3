// oxlint-disable-next-line typescript/no-explicit-any -- any method at all, `this` included
export type AnyFunction = (this: any, ...args: any[]) => unknown;

/** A method that an object has a stand-in for, as an own property, until it is given back. */
export class OwnMethod {
  readonly #owner: object;
  readonly #name: string | symbol;
  /** The property that the object had of its own. */
  readonly #before: PropertyDescriptor | undefined;
  readonly #standIn: AnyFunction;
  /** How many have asked for it. */
  users = 1;
  #isGivenBack = false;

  private constructor(
    owner: object,
    name: string | symbol,
    before: PropertyDescriptor | undefined,
    standIn: AnyFunction,
  ) {
    this.#owner = owner;
    this.#name = name;
    this.#before = before;
    this.#standIn = standIn;
  }

  /** Puts a stand-in before what the object has; undefined if the object does not allow it. */
  static put(owner: object, name: string | symbol, standIn: AnyFunction): OwnMethod | undefined {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    const flags = before ?? { configurable: true, writable: true, enumerable: false };
    if (before && !('value' in before)) return undefined;
    const isPut = Reflect.defineProperty(owner, name, { ...flags, value: standIn });
    return isPut ? new OwnMethod(owner, name, before, standIn) : undefined;
  }

  /** Whether the stand-in is still where it was put; somebody else may have put something in its place. */
  get isInPlace(): boolean {
    return Object.getOwnPropertyDescriptor(this.#owner, this.#name)?.value === this.#standIn;
  }

  /** Whether the stand-in is to do nothing but call the method, for those who still have it. */
  get isGivenBack(): boolean {
    return this.#isGivenBack;
  }

  /** Leaves the object as it was; what somebody else has put in place of the stand-in stays. */
  giveBack(): void {
    this.#isGivenBack = true;
    if (!this.isInPlace) return;
    if (this.#before) Reflect.defineProperty(this.#owner, this.#name, this.#before);
    else Reflect.deleteProperty(this.#owner, this.#name);
  }
}

/** The method that an object has of its own or by inheritance; `unreadable` where only running its code would tell. */
export function findMethod(owner: object, name: string | symbol): AnyFunction | 'unreadable' | undefined {
  try {
    for (let at: object | null = owner; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      const property = Object.getOwnPropertyDescriptor(at, name);
      if (!property) continue;
      if (!('value' in property)) return 'unreadable';
      return typeof property.value === 'function' ? (property.value as AnyFunction) : undefined;
    }
    return undefined;
  } catch {
    return 'unreadable'; // a proxy whose traps throw
  }
}
