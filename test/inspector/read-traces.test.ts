import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrchestraceError } from '../../src/errors.ts';
import { encodeTracesJson, encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { readTraces } from '../../src/inspector/read-traces.ts';
import { made } from '../explain/made-spans.ts';
import { receivedSpans } from './arbitrary-spans.ts';

const one = encodeTracesJson([made('s1')]);
const two = encodeTracesJson([made('s2')]);
const three = encodeTracesJson([made('s3')]);
/** As Jaeger's page saves a trace. */
const jaeger = {
  data: [
    {
      traceID: 'a'.repeat(32),
      spans: [
        {
          traceID: 'a'.repeat(32),
          spanID: 'b'.repeat(16),
          operationName: 's4',
          startTime: 1,
          duration: 1,
          processID: 'p1',
        },
      ],
      processes: { p1: { serviceName: 'checkout' } },
    },
  ],
};
const line = JSON.stringify;

describe('what is read', () => {
  it.each([
    ['an object', line(one), ['s1']],
    ['an object over several lines', line(one, undefined, 2), ['s1']],
    [
      'an object over several lines, with CRLF and a BOM',
      `\uFEFF${line(one, undefined, 2).replaceAll('\n', '\r\n')}`,
      ['s1'],
    ],
    ['a list', line([one, two]), ['s1', 's2']],
    ['a list over several lines', line([one, two], undefined, 1), ['s1', 's2']],
    ['lines', `${line(one)}\n${line(two)}\n`, ['s1', 's2']],
    ['lines without the last line break', `${line(one)}\n${line(two)}`, ['s1', 's2']],
    ['lines with CRLF', `${line(one)}\r\n${line(two)}\r\n`, ['s1', 's2']],
    ['lines with blank ones and a BOM', `\uFEFF\n \n${line(one)}\n\n\n${line(two)}\n\t\n`, ['s1', 's2']],
    ['a line that is a list', `${line(one)}\n${line([two, three])}`, ['s1', 's2', 's3']],
    ["an answer of Jaeger's API v3", line({ result: one }), ['s1']],
    ["answers of Jaeger's API v3, a line each", `${line({ result: one })}\n${line({ result: two })}`, ['s1', 's2']],
    ["what Jaeger's page saves", line(jaeger), ['s4']],
    ["what Jaeger's page saves, over several lines", line(jaeger, undefined, 2), ['s4']],
    ['lines of different kinds', `${line(one)}\n${line(jaeger)}`, ['s1', 's4']],
    ['an empty request', line({ resourceSpans: [] }), []],
    ['an empty list', '[]', []],
  ])('%s', (_what, text, names) => {
    const { spans, faults } = readTraces(text);
    expect(faults).toEqual([]);
    expect(spans.map(({ name }) => name)).toEqual(names);
  });

  it('what encodeTracesLines writes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(receivedSpans, { selector: ({ spanId }) => spanId, minLength: 1 }), (spans) => {
        const read = readTraces([...encodeTracesLines(spans)].join(''));
        expect(read.faults).toEqual([]);
        expect(new Set(read.spans)).toEqual(new Set(spans));
      }),
      { numRuns: 50 },
    );
  });
});

describe('faults', () => {
  it('keeps the good lines and names the bad ones', () => {
    const text = [
      line(one),
      '{"resourceSpans":[',
      '',
      line({ resourceMetrics: [] }),
      '}',
      line({ resourceSpans: 5 }),
      '7',
      line(two),
      line(three).slice(0, 100),
    ].join('\n');
    const { spans, faults } = readTraces(text);
    expect(spans.map(({ name }) => name)).toEqual(['s1', 's2']);
    expect(faults).toEqual([
      'line 2 is not JSON, or was cut short',
      'line 4 cannot be read: expected an object with resourceSpans, data or result',
      'line 5 is not JSON',
      'line 6 cannot be read: resourceSpans: expected a list',
      'line 7 cannot be read: expected an object with resourceSpans, data or result',
      'line 9 is not JSON, or was cut short',
    ]);
  });

  it('names a bad first line', () => {
    expect(readTraces(`${line(one).slice(0, 50)}\n${line(two)}`)).toMatchObject({
      spans: [{ name: 's2' }],
      faults: ['line 1 is not JSON, or was cut short'],
    });
  });

  it('names the item of a list, and keeps the others', () => {
    const { spans, faults } = readTraces(line([one, 'x', two]));
    expect(spans.map(({ name }) => name)).toEqual(['s1', 's2']);
    expect(faults).toEqual(['line 1, item 2 cannot be read: expected an object with resourceSpans, data or result']);
  });

  it('tells of spans that were left out, and why', () => {
    const bad = { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'x' }, { name: 'y' }] }] }] };
    expect(readTraces(`${line(one)}\n${line(bad)}`).faults).toEqual([
      'line 2: 2 spans were left out: span "x": traceId is not an id of 32 hex digits',
    ]);
  });

  it('spells out a hundred faults and counts the others', () => {
    const { faults } = readTraces([line(one), ...Array.from({ length: 150 }, () => '{')].join('\n'));
    expect(faults).toHaveLength(101);
    expect(faults.at(-2)).toBe('line 101 is not JSON, or was cut short');
    expect(faults.at(-1)).toBe('50 more faults after these 100');
  });

  it.each([
    ['nothing', '', 'it is empty'],
    ['blank lines', ' \n\t\n', 'there is nothing but blank lines'],
    ['a byte order mark', '\uFEFF', 'there is nothing but blank lines'],
    ['no JSON', 'hello\nworld', 'line 1 is not JSON, or was cut short'],
    ['other JSON', '{"a":1}', 'line 1 cannot be read: expected an object with resourceSpans, data or result'],
    ['null', 'null', 'line 1 cannot be read: expected an object with resourceSpans, data or result'],
    ['an object that was cut', line(one, undefined, 2).slice(0, -20), 'line 1 is not JSON, or was cut short'],
    [
      'a list in a list',
      '[[]]',
      'line 1, item 1 cannot be read: expected an object with resourceSpans, data or result',
    ],
  ])('throws for %s', (_what, text, found) => {
    const expected = "no traces: expected OTLP JSON (one object, a list of them, or one a line) or Jaeger's JSON";
    const error = expectError(() => readTraces(text));
    expect(error.code).toBe('USAGE_INVALID');
    expect(error.message).toBe(`${expected}; ${found}`);
  });

  it('never throws anything else, whatever the text', () => {
    const pieces = fc.constantFrom(
      line(one),
      line([two]),
      '{',
      '}',
      '[',
      ']',
      '\n',
      '\r\n',
      ' ',
      '"',
      '\0',
      '{"data":[]}',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary' }))), (parts) => {
        try {
          readTraces(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(OrchestraceError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('does not overflow on a value nested a million deep', () => {
    const deep = `{"resourceSpans":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`;
    expect(readTraces(`${line(one)}\n${deep}`).faults).toEqual([
      'line 2 cannot be read: resourceSpans: expected an object',
    ]);
  });
});

function expectError(work: () => unknown): OrchestraceError {
  try {
    work();
  } catch (error) {
    if (error instanceof OrchestraceError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
