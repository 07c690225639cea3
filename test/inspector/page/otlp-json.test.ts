import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { msSince, plainOf, recordsOf, textOf } from '../../../src/inspector/page/otlp-json.ts';
import { made } from '../../explain/made-spans.ts';
import { receivedSpans } from '../arbitrary-spans.ts';
import { asTraces } from './overview.ts';

describe('recordsOf', () => {
  it('finds every span, with its resource and scope', () => {
    fc.assert(
      fc.property(fc.array(receivedSpans, { maxLength: 6 }), (spans) => {
        const records = recordsOf(asTraces(spans));
        expect(records.map(({ span }) => span.spanId).toSorted()).toEqual(spans.map(({ spanId }) => spanId).toSorted());
        for (const { scope, resource } of records) {
          expect(spans.map((span) => span.scope.name)).toContain(scope.name);
          expect(spans.map((span) => span.resource.size)).toContain(resource.length);
        }
      }),
    );
  });
});

describe('plainOf', () => {
  it('reads every kind of value', () => {
    const attributes = {
      text: 'a',
      yes: true,
      whole: 7,
      part: 1.5,
      large: 2n ** 60n,
      list: ['a', 1, null],
      bytes: new Uint8Array([1, 2]),
      map: new Map<string, number>([['b', 2]]),
      none: null,
    };
    const [record] = recordsOf(asTraces([made('s', { attributes })]));
    expect(Object.fromEntries(record!.span.attributes!.map(({ key, value }) => [key, plainOf(value)]))).toEqual({
      text: 'a',
      yes: true,
      whole: 7,
      part: 1.5,
      large: '1152921504606846976',
      list: ['a', 1, null],
      bytes: 'AQI=',
      map: { b: 2 },
      none: null,
    });
  });

  it('never fails, whatever an OTLP value holds', () => {
    fc.assert(
      fc.property(
        receivedSpans,
        (span) =>
          void recordsOf(asTraces([span])).map((record) =>
            record.span.attributes?.map(({ value }) => [plainOf(value), textOf(value)]),
          ),
      ),
    );
  });
});

describe('textOf', () => {
  it('puts JSON in a text on lines of its own once it is long', () => {
    expect(textOf({ stringValue: '{"a":[1,2]}' })).toBe('{"a":[1,2]}');
    const long = JSON.stringify({ tools: ['primary', 'secondary', 'aggregate'], strategy: 'dag', groups: 3 });
    expect(textOf({ stringValue: long }).split('\n')).toContain('  "strategy": "dag",');
  });

  it('leaves a text as it is that is no JSON, or has numbers that would change', () => {
    expect(textOf({ stringValue: '{primary.data}' })).toBe('{primary.data}');
    expect(textOf({ stringValue: '[12345678901234567890]' })).toBe('[12345678901234567890]');
    expect(textOf({ stringValue: ' plain\ntext' })).toBe(' plain\ntext');
  });
});

describe('msSince', () => {
  it('keeps what a number of nanoseconds since 1970 would lose', () => {
    expect(msSince('1795392000123456789', 1_795_392_000_000)).toBeCloseTo(123.456789, 6);
    expect(msSince('0', 0)).toBe(0);
  });
});
