import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { cutToBytes, splitByBytes, TextWriter, toJson } from '../../src/spans/text.ts';
import { cut } from '../../src/words.ts';
import { hostileValues } from '../helpers/hostile.ts';
import { attribute, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const bytes = (text: string): number => Buffer.byteLength(text);
const isWellFormed = (text: string): boolean => !/\p{Cs}/u.test(text);
const anyText = fc.string({ unit: 'grapheme', maxLength: 400 });
/** Texts of characters of one to four bytes, to be cut anywhere. */
const wide = '😀é漢a'.repeat(3000);

describe('a text that is cut', () => {
  it('has at most so many bytes, begins like the whole, and breaks no character', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 8, max: 300 }), (text, limit) => {
        const short = cutToBytes(text, limit);
        if (bytes(text) <= limit) return short === text;
        return (
          bytes(short) <= limit && short.endsWith('…') && text.startsWith(short.slice(0, -1)) && isWellFormed(short)
        );
      }),
    );
  });

  it('in code units keeps surrogates together', () => {
    expect([cut('a😀', 2), cut('a😀', 3), cut('😀', 1), cut('ab', 1)]).toEqual(['a', 'a😀', '', 'a']);
  });

  it('into pieces is whole again, each within the limit', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 4, max: 300 }), (text, limit) => {
        const pieces = splitByBytes(text, limit);
        return pieces.join('') === text && pieces.every((piece) => bytes(piece) <= limit && isWellFormed(piece));
      }),
    );
  });
});

describe('any value as JSON', () => {
  it('is valid and within the limit', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray: true }),
        fc.integer({ min: 256, max: 2000 }),
        (value, limit) => {
          const json = toJson(value, limit, undefined);
          JSON.parse(json);
          return bytes(json) <= limit;
        },
      ),
    );
  });

  it.each(Object.entries(hostileValues()))('is valid and within 256 bytes: %s', (_name, value) => {
    const json = toJson({ value }, 256, undefined);
    expect(() => void JSON.parse(json)).not.toThrow();
    expect(bytes(json)).toBeLessThanOrEqual(256);
  });

  it('says what it could not show', () => {
    const values = hostileValues();
    const shown = (name: string): unknown => JSON.parse(toJson(values[name], 8192, undefined));
    expect({
      bigint: shown('bigint'),
      cycle: shown('cycle'),
      getter: shown('getter'),
      function: shown('function'),
      symbol: shown('symbol'),
      NaN: shown('NaN'),
      Date: shown('Date'),
      invalid: shown('invalid Date'),
      Map: shown('Map'),
      Set: shown('Set'),
      Buffer: shown('Buffer'),
      Error: shown('Error'),
      hidden: shown('Error with getters'),
      revoked: shown('revoked proxy'),
      private: shown('private field'),
      undefined: shown('undefined'),
    }).toMatchInlineSnapshot(`
      {
        "Buffer": "[Buffer of 100000 bytes]",
        "Date": "1970-01-01T00:00:00.000Z",
        "Error": "Error: an error",
        "Map": [
          [
            {},
            [
              [
                1,
                "2",
              ],
            ],
          ],
        ],
        "NaN": "NaN",
        "Set": [
          1,
          [
            "[symbol]",
          ],
        ],
        "bigint": "1180591620717411303424",
        "cycle": {
          "name": "cycle",
          "self": "[Circular]",
        },
        "function": "[function]",
        "getter": {
          "boom": "[Getter]",
        },
        "hidden": "[Getter]: [Getter]",
        "invalid": "Invalid Date",
        "private": {},
        "revoked": "[Unreadable]",
        "symbol": "[symbol]",
        "undefined": null,
      }
    `);
  });

  it('stops at 32 levels', () => {
    const json = toJson(hostileValues()['depth of 20,000'], 8192, undefined);
    expect(json.split('').filter((char) => char === '{' || char === '[').length).toBe(32);
    expect(json).toContain('…');
  });

  it('shows what is there twice but no cycle twice', () => {
    const shared = { a: 1 };
    expect(toJson([shared, shared], 8192, undefined)).toBe('[{"a":1},{"a":1}]');
  });

  it('runs no code of the value', () => {
    let ran = 0;
    const count = (): unknown => ran++;
    const value = Object.defineProperties(
      { toJSON: count, toString: count, valueOf: count, [Symbol.toPrimitive]: count, [Symbol.iterator]: count },
      { a: { get: count, enumerable: true }, b: { get: count } },
    );
    const error = Object.defineProperty(new Error('x'), 'message', { get: count });
    const date = Object.assign(new Date(0), { getTime: count, toISOString: count, toJSON: count });
    expect(toJson([value, error, date], 8192, undefined)).toContain('[Getter]');
    expect(ran).toBe(0);
  });

  it('keeps the keys __proto__ and constructor, and touches no prototype', () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(toJson(value, 8192, undefined)).toBe(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    );
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('lists of names', () => {
  it('are complete where they must be, and else within the limit with the rest counted', () => {
    const writer = new TextWriter(undefined, 256);
    const ids = Array.from({ length: 100 }, (_, index) => `tool-${index}`);
    expect(writer.names(ids)).toBe(ids);
    const some = writer.namesWithin(ids);
    expect(bytes(some.join())).toBeLessThanOrEqual(256);
    expect(some.at(-1)).toBe(`… ${100 - (some.length - 1)} more`);
    expect(some.slice(0, -1)).toEqual(ids.slice(0, some.length - 1));
    expect(writer.namesWithin(ids.slice(0, 5))).toEqual(ids.slice(0, 5));
  });
});

describe('what is exported', () => {
  it('has values of at most 8 KiB, names of at most 256, and JSON that is whole', async () => {
    const recording = record({ recordInputs: true, recordOutputs: true });
    const long = `tool ${wide}`;
    const tools = Array.from({ length: 300 }, (_, index) => ({ tool_id: `${index} ${long}`, tool_type: 'type' }));
    const sink = {
      tool_id: 'sink',
      tool_type: wide,
      depends_on: tools.slice(0, 3).map(({ tool_id }) => tool_id),
      output_mapping: Object.fromEntries(
        Array.from({ length: 500 }, (_, index) => [`field ${index} 😀`, `literal ${index}`]),
      ),
    };
    const fail = (): never => {
      throw Object.assign(new Error(wide), { name: wide });
    };
    await recording.runPlan(
      { name: wide, tools: [...tools, sink] },
      { tools: { type: () => wide, sink: fail }, input: wide, runId: wide },
    );
    const plan = new Set(recording.ofType('plan'));
    for (const { name, attributes, status, events, links, kind } of recording
      .spans()
      .filter((span) => !plan.has(span))) {
      expect(name.length).toBeLessThanOrEqual(256);
      expect(isWellFormed(name)).toBe(true);
      expect(kind).toBe(0);
      expect(bytes(status.message ?? '')).toBeLessThanOrEqual(8192);
      const all = [
        attributes,
        ...events.map((event) => event.attributes ?? {}),
        ...links.map((link) => link.attributes ?? {}),
      ];
      for (const [key, value] of all.flatMap((each) => Object.entries(each))) {
        for (const text of [value].flat()) {
          if (typeof text !== 'string') continue;
          expect(bytes(text), key).toBeLessThanOrEqual(8192);
          expect(isWellFormed(text), key).toBe(true);
        }
        if (['tool_id', 'tool_type', 'plan.name', 'run.id'].some((ending) => key === `orchestration.${ending}`)) {
          expect((value as string).length, key).toBeLessThanOrEqual(256);
        }
        if (Array.isArray(value) && !key.endsWith('depends_on'))
          expect(bytes(value.join()), key).toBeLessThanOrEqual(8192);
      }
    }
    const step = recording.ofType('step').at(-1)!;
    for (const key of ['output_mapping', 'mappings', 'input']) {
      expect(() => void JSON.parse(attribute(step, key) as string), key).not.toThrow();
    }
    expect((attribute(recording.ofType('group')[0]!, 'tool_ids') as string[]).at(-1)).toMatch(/^… 2\d\d more$/);
  });

  it('is as long as maxAttributeBytes says', () => {
    const recording = record({ recordOutputs: true, maxAttributeBytes: 300 });
    recording.traceTool('tool', () => wide)();
    const length = bytes(attribute(recording.spans()[0]!, 'output') as string);
    expect(length).toBeLessThanOrEqual(300);
    expect(length).toBeGreaterThan(100);
  });
});
