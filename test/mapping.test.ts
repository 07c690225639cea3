import { describe, expect, it } from 'vitest';
import { OrchestraceError } from '../src/errors.ts';
import {
  compileMapping,
  dataSources,
  parseReference,
  type ReferenceSource,
  resolveMapping,
  resolveReference,
} from '../src/mapping.ts';

const data = {
  rows: [{ name: 'web', tags: ['a', 'b'], owner: null }, { name: 'db', tags: [] }, null],
  grid: [
    [1, 2],
    [3, [4]],
  ],
  total: 0,
  text: 'word',
  none: null,
  gone: undefined,
  'a.b': 'dotted',
  '': 'empty',
  '"': 'quote',
  '*': 'star',
  length: 7,
};

function source(results: Readonly<Record<string, unknown>>, input?: unknown): ReferenceSource {
  return {
    input,
    result: (toolId) => (Object.hasOwn(results, toolId) ? { success: true, data: results[toolId] } : undefined),
  };
}

const results = source({ primary: data, 'x.y': { files: ['f'] }, list: [1, 2] }, { keywords: ['web'], n: 1 });

/** The value that a reference finds; `nothing` when it finds none. */
function find(text: string, from: ReferenceSource = results): unknown {
  const found = resolveReference(parseReference(text)!, from);
  return found.found ? found.value : 'nothing';
}

describe('a reference', () => {
  it.each<readonly [string, unknown]>([
    ['{primary}', data],
    ['{primary.data}', data],
    ['{primary.success}', true],
    ['{primary.error}', 'nothing'],
    ['{primary.data.total}', 0],
    ['{primary.data.none}', null],
    ['{primary.data.rows[0].name}', 'web'],
    ['{primary.data.rows[00].name}', 'web'],
    ['{primary["data"]["rows"][1]["name"]}', 'db'],
    ['{primary.data.rows.[1].name}', 'db'],
    ['{primary.data.grid[1][1][0]}', 4],
    ['{list.data[1]}', 2],
    ['{["x.y"].data.files[0]}', 'f'],
    ['{primary.data["a.b"]}', 'dotted'],
    ['{primary.data[""]}', 'empty'],
    ['{primary.data["\\""]}', 'quote'],
    ['{primary.data["*"]}', 'star'],
    ['{primary.data["\\u0074otal"]}', 0],
    ['{primary.data.length}', 7],
    ['{$input}', { keywords: ['web'], n: 1 }],
    ['{$input.keywords[0]}', 'web'],
    ['{primary.data.rows[*].name}', ['web', 'db', null]],
    ['{primary.data.rows[*]}', data.rows],
    ['{primary.data.rows[*].owner}', [null, null, null]],
    ['{primary.data.rows[*].tags[*]}', [['a', 'b'], [], null]],
    ['{primary.data.grid[*][0]}', [1, 3]],
    ['{primary.data.rows[1].tags[*].x}', []],
  ])('finds %s', (text, value) => {
    expect(find(text)).toStrictEqual(value);
  });

  it.each([
    '{primary.data.missing}',
    '{primary.data.none.more}',
    '{primary.data.gone}',
    '{primary.data.rows[3]}',
    '{primary.data.rows[99999999999999999999]}',
    '{primary.data.rows.length}',
    '{primary.data.rows.name}',
    '{primary.data.rows["0"]}',
    '{primary.data.text[0]}',
    '{primary.data.text.length}',
    '{primary.data[0]}',
    '{primary.data[*]}',
    '{primary.data.rows[*].missing}',
    '{nobody.data}',
    '{nobody}',
    '{$input.missing}',
  ])('finds nothing: %s', (text) => {
    expect(find(text)).toBe('nothing');
  });

  it('stands in braces, and any other text is a literal', () => {
    for (const text of ['', '{', '}', 'a', 'primary.data', ' {a}', '{a} ', '${a}', '{a.data', '{'.repeat(1e5)]) {
      expect(parseReference(text)).toBeUndefined();
    }
  });

  it.each([
    ['{}', 'at position 1, expected a tool id; an empty one is written [""]'],
    ['{.data}', 'at position 1, expected a tool id'],
    ['{a.}', 'at position 3, expected a key; an empty one is written [""]'],
    ['{a..b}', 'at position 3, expected a key'],
    ['{a.rows[0]}', 'at position 2, expected .data, .success or .error: write {a.data.rows[0]}, or'],
    ['{a[0]}', 'at position 2, expected .data, .success or .error: write {a.data[0]}, or'],
    ['{x.y.data}', 'or {["a.b"].data} for a tool id with a dot'],
    ['{a.data[-1]}', 'at position 7, expected [0], [*] or ["key"]; indexes count from 0, keys stand in double quotes'],
    ['{a.data[]}', 'at position 7, expected [0]'],
    ['{a.data[x]}', 'at position 7, expected [0]'],
    ['{a.data[1e0]}', 'at position 7, expected [0]'],
    ['{a.data[ 1 ]}', 'at position 7, expected [0]'],
    ["{a.data['x']}", 'keys stand in double quotes'],
    ['{a.data["x]}', 'at position 7, expected [0]'],
    ['{a.data["x\\"]}', 'at position 7, expected [0]'],
    ['{a.data["\\x"]}', 'at position 7, expected [0]'],
    ['{a.data[0}', 'at position 7, expected [0]'],
    ['{a.data[0]x}', 'at position 10, expected "." or "[" before the next key'],
    ['{a.data[0]]}', 'at position 10, expected "." or "["'],
    ['{a.data.rows.*.x}', 'write [*] for every element of an array, ["*"] for the key *'],
    ['{[0].x}', 'expected a tool id, as in {tool_id.data.rows[0]}'],
    ['{[*]}', 'expected a tool id'],
    [
      '{{a}}',
      'at position 1, expected no brace, bracket or quote: such a key is written ["key"], a text with braces belongs in params',
    ],
    ['{a{b}}', 'at position 2'],
    ['{a.data}{b.data}', 'at position 7'],
    ['{"a":1}', 'a text with braces belongs in params'],
    [`{a.data.${'x'.repeat(300)}}`, 'reference of 309 characters; at most 256 are read'],
    [`${'{'.repeat(1e5)}}`, 'reference of 100001 characters'],
    [`{${'a.'.repeat(1e4)}}`, 'at most 256 are read'],
  ])('is refused with the position and what to write: %s', (text, message) => {
    expect(() => parseReference(text)).toThrow(OrchestraceError);
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }));
    expect(() => parseReference(text)).toThrow(message);
  });
});

describe('what a reference reads', () => {
  it.each([
    '{a.data.__proto__}',
    '{a.data.__proto__.polluted}',
    '{a.data.constructor}',
    '{a.data.constructor.prototype}',
    '{a.data.toString}',
    '{a.data.hasOwnProperty}',
    '{a.data.x.__proto__}',
    '{a.data.list.map}',
    '{a.data.inherited}',
    '{a.data.fn.name}',
    '{a.data.date.getTime}',
    '{a.data.map.size}',
    '{$input.__proto__}',
  ])('is never a prototype: %s', (text) => {
    class Holder {
      x = {};
      list = [];
      fn = (): void => undefined;
      date = new Date();
      map = new Map([[1, 2]]);
      get inherited(): string {
        return 'from the prototype';
      }
    }
    expect(find(text, source({ a: new Holder() }, {}))).toBe('nothing');
  });

  it('is an own property with a name like that of a prototype', () => {
    const own: unknown = JSON.parse('{"__proto__":1,"constructor":2,"toString":3}');
    expect(find('{a.data.__proto__}', source({ a: own }))).toBe(1);
    expect(find('{a.data.constructor}', source({ a: own }))).toBe(2);
    expect(find('{a.data.toString}', source({ a: own }))).toBe(3);
  });

  it('is never what a getter would give', () => {
    let calls = 0;
    const counting = { configurable: true, enumerable: true, get: () => (calls += 1) };
    const list = Object.defineProperty([1, 2], 0, counting);
    const from = source({ a: Object.defineProperty({ list }, 'x', counting) });
    expect(find('{a.data.x}', from)).toBe('nothing');
    expect(find('{a.data.list[0]}', from)).toBe('nothing');
    expect(find('{a.data.list[*]}', from)).toEqual([null, 2]);
    expect(calls).toBe(0);
  });

  it('may be a proxy, one that throws, or a revoked one', () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    const throwing = new Proxy(
      {},
      {
        getOwnPropertyDescriptor: () => {
          throw proxy;
        },
      },
    );
    const from = source({
      quiet: new Proxy({ x: 1 }, {}),
      throwing,
      revoked: proxy,
      holder: [proxy, throwing, { x: 1 }],
    });
    expect(find('{quiet.data.x}', from)).toBe(1);
    expect(find('{throwing.data.x}', from)).toBe('nothing');
    expect(find('{revoked.data[0]}', from)).toBe('nothing');
    expect(find('{holder.data[*].x}', from)).toBe('nothing');
    expect(find('{revoked}', from)).toBe(proxy);
  });

  it('is nothing when the source itself fails', () => {
    const failing: ReferenceSource = {
      get input(): never {
        throw new Error('no input');
      },
      result: () => {
        throw new Error('no result');
      },
    };
    expect(find('{$input.x}', failing)).toBe('nothing');
    expect(find('{a.data}', failing)).toBe('nothing');
  });

  it('is bounded where arrays share their elements', () => {
    let shared: unknown[] = Array.from({ length: 100 }, () => 1);
    for (let depth = 0; depth < 8; depth += 1) shared = Array.from({ length: 100 }, () => shared);
    const start = performance.now();
    expect(find(`{a.data${'[*]'.repeat(9)}}`, source({ a: shared }))).toBe('nothing');
    expect(find('{a.data[*]}', source({ a: new Array(4_000_000_000) }))).toBe('nothing');
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('may be a large array', () => {
    const rows = Array.from({ length: 500_000 }, (_, id) => ({ id }));
    expect(find('{a.data[*].id}', source({ a: rows }))).toHaveLength(500_000);
  });
});

describe('resolveMapping', () => {
  const resolve = (
    mapping: Record<string, string>,
    params: Record<string, unknown> = {},
    from = results,
  ): ReturnType<typeof resolveMapping> => resolveMapping(compileMapping(mapping), params, from);

  it('overlays the defaults with what was found', () => {
    const { params } = resolve(
      {
        name: '{primary.data.rows[0].name}',
        none: '{primary.data.none}',
        lost: '{primary.data.lost}',
        text: 'active',
        bad: '{a..b}',
      },
      { name: 'default', none: 'default', lost: 'default', bad: 'default', kept: true },
    );
    expect(params).toStrictEqual({
      name: 'web',
      none: null,
      lost: 'default',
      bad: 'default',
      kept: true,
      text: 'active',
    });
  });

  it('records what became of each field, never its value', () => {
    const { mappings } = resolve({
      name: '{primary.data.rows[0].name}',
      row: '{primary.data.rows[0]}',
      none: '{primary.data.none}',
      total: '{primary.data.total}',
      lost: '{primary.data.lost}',
      bad: '{a..b}',
      text: 'sëcret',
    });
    expect(mappings).toStrictEqual([
      { field: 'name', ref: '{primary.data.rows[0].name}', resolved: true, type: 'string', bytes: 5 },
      {
        field: 'row',
        ref: '{primary.data.rows[0]}',
        resolved: true,
        type: 'object',
        bytes: Buffer.byteLength(JSON.stringify(data.rows[0])),
      },
      { field: 'none', ref: '{primary.data.none}', resolved: true, type: 'null', bytes: 4 },
      { field: 'total', ref: '{primary.data.total}', resolved: true, type: 'number', bytes: 1 },
      { field: 'lost', ref: '{primary.data.lost}', resolved: false },
      { field: 'bad', ref: '{a..b}', resolved: false },
      { field: 'text', ref: '<literal>', resolved: true, type: 'string', bytes: 9 },
    ]);
  });

  it('leaves the size out where it would be costly to tell', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const values = {
      many: Array.from({ length: 1000 }, () => 1),
      cyclic,
      fn: () => 1,
      big: 10n,
      revoked: revokedProxy(),
    };
    const mapping = Object.fromEntries(Object.keys(values).map((key) => [key, `{a.data.${key}}`]));
    const { mappings } = resolve(mapping, {}, source({ a: values }));
    expect(mappings.map(({ field, type, bytes }) => [field, type, bytes])).toEqual([
      ['many', 'array', undefined],
      ['cyclic', 'object', undefined],
      ['fn', 'function', undefined],
      ['big', 'bigint', undefined],
      ['revoked', 'object', undefined],
    ]);
  });

  it('gives a copy: neither the defaults nor a prototype change', () => {
    const defaults = Object.freeze({ a: 1 });
    const mapping = JSON.parse('{"__proto__":"{primary.data.rows}","a":"x"}') as Record<string, string>;
    const { params } = resolve(mapping, defaults);
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
    expect(Object.entries(params)).toEqual([
      ['a', 'x'],
      ['__proto__', data.rows],
    ]);
    expect(defaults).toEqual({ a: 1 });
    expect(resolve({}, defaults).params).not.toBe(defaults);
  });

  it('runs no getter of the defaults', () => {
    let calls = 0;
    const { params } = resolve(
      {},
      {
        get x() {
          calls += 1;
          return 1;
        },
        y: 2,
      },
    );
    expect(params).toStrictEqual({ y: 2 });
    expect(calls).toBe(0);
  });
});

describe('compileMapping', () => {
  it('keeps a reference that does not parse, with the reason', () => {
    expect(compileMapping({ a: '{x.data.y}', b: 'lit', c: '{x..y}' })).toMatchObject([
      { field: 'a', reference: { toolId: 'x', steps: ['data', 'y'] } },
      { field: 'b', text: 'lit', reference: undefined },
      { field: 'c', reference: undefined, fault: expect.stringContaining('at position 3') },
    ]);
  });

  it('never throws', () => {
    const values: unknown[] = [null, undefined, 5, [], { a: 5 }, { a: null }, revokedProxy()];
    for (const value of values) expect(compileMapping(value as Record<string, string>)).toEqual([]);
  });
});

describe('dataSources', () => {
  it('lists the tools that a mapping reads, each once', () => {
    const mapping = { a: '{x.data.y}', b: 'lit', c: '{$input.q}', d: '{["p.q"]}', e: '{x.success}', f: '{bad..ref}' };
    expect(dataSources(mapping)).toEqual(['x', 'p.q']);
    expect(dataSources(compileMapping(mapping))).toEqual(['x', 'p.q']);
  });
});

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
