/** Values that code which looks at values stumbles over, by what they are. Made anew at each call. */
export function hostileValues(): Record<string, unknown> {
  const cycle: Record<string, unknown> = { name: 'cycle' };
  cycle['self'] = cycle;
  let deep: unknown = 'bottom';
  for (let level = 0; level < 20_000; level++) deep = level % 2 ? [deep] : { deep };
  class WithPrivate {
    readonly #secret = 42;
    get secret(): number {
      return this.#secret;
    }
  }
  return {
    undefined: undefined,
    null: null,
    'negative zero': -0,
    NaN: NaN,
    Infinity: Infinity,
    bigint: 2n ** 70n,
    symbol: Symbol('s'),
    function: () => 1,
    'lone surrogate': 'a\ud800b',
    'NUL in a text': 'a\0b',
    'huge text': 'x'.repeat(2_000_000),
    'huge text of four-byte characters': '😀'.repeat(200_000),
    'huge array': Array.from({ length: 200_000 }, (_, index) => index),
    'sparse array': new Array(4_000_000_000),
    'object of 10,000 keys': Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key ${index}`, index])),
    cycle,
    'array that holds itself': arrayInItself(),
    'depth of 20,000': deep,
    getter: Object.defineProperty({}, 'boom', { enumerable: true, get: throwing('getter') }),
    'toJSON that throws': { toJSON: throwing('toJSON') },
    'toString that throws': { toString: throwing('toString'), valueOf: throwing('valueOf') },
    'proxy that throws': new Proxy({}, throwingTraps()),
    'proxy of an array that throws': new Proxy([1], throwingTraps()),
    'revoked proxy': revoked({}),
    'revoked proxy of a function': revoked(() => 1),
    'null prototype': Object.assign(Object.create(null) as object, { a: 1 }),
    'key __proto__': JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    'private field': new WithPrivate(),
    Date: new Date(0),
    'invalid Date': new Date(NaN),
    'Date with methods of its own': Object.assign(new Date(0), { getTime: throwing('getTime') }),
    Map: new Map<unknown, unknown>([[{}, new Map([[1, 2n]])]]),
    Set: new Set([1, new Set([Symbol('in')])]),
    WeakMap: new WeakMap(),
    RegExp: /x/g,
    Error: new Error('an error'),
    'Error with getters': errorWithGetters(),
    Buffer: Buffer.alloc(100_000),
    'typed array': new Float64Array([NaN, 1]),
    ArrayBuffer: new ArrayBuffer(8),
    URL: new URL('http://user:password@localhost/'),
    'boxed text': Object('boxed') as unknown,
    frozen: Object.freeze({ a: Object.freeze([1]) }),
  };
}

/** What code may throw, by what it is; made anew at each call. */
export function hostileErrors(): Record<string, unknown> {
  const cyclic = new Error('cyclic cause');
  cyclic.cause = cyclic;
  return {
    undefined: undefined,
    null: null,
    zero: 0,
    'empty text': '',
    false: false,
    NaN: NaN,
    text: 'a text',
    bigint: 1n,
    symbol: Symbol('thrown'),
    function: () => 1,
    Error: new Error('boom'),
    'frozen error': Object.freeze(new Error('frozen')),
    'null prototype': Object.create(null),
    'revoked proxy': revoked({}),
    'proxy that throws': new Proxy(new Error('hidden'), throwingTraps()),
    'error with getters': errorWithGetters(),
    'error of 10 MB': new Error('x'.repeat(10_000_000)),
    'cyclic cause': cyclic,
    'aggregate error': new AggregateError([new Error('a'), undefined], 'several'),
    'message that is a symbol': Object.assign(new Error('x'), { message: Symbol('m') }),
    'name that is no text': Object.assign(new Error('x'), { name: { toString: throwing('name') } }),
    'code of null prototype': Object.assign(new Error('x'), { code: Object.create(null) as unknown }),
    'toString that throws': { toString: throwing('toString') },
    'promise that rejects': Object.assign(Promise.resolve(), { message: 1n }),
  };
}

export function throwing(what: string): () => never {
  return () => {
    throw new Error(`${what} throws`);
  };
}

function throwingTraps(): ProxyHandler<object> {
  const names = [
    'get',
    'has',
    'ownKeys',
    'getOwnPropertyDescriptor',
    'getPrototypeOf',
    'set',
    'defineProperty',
  ] as const;
  return Object.fromEntries(names.map((name) => [name, throwing(name)]));
}

function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function errorWithGetters(): Error {
  const error = new Error('hidden');
  for (const key of ['name', 'message', 'stack', 'code', 'constructor']) {
    Object.defineProperty(error, key, { get: throwing(key) });
  }
  return error;
}

function arrayInItself(): unknown[] {
  const array: unknown[] = [];
  array.push(array);
  return array;
}
