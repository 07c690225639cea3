import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { decodeTracesJson } from '../../src/inspector/decode-json.ts';
import { encodeTracesJson, encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { made } from '../explain/made-spans.ts';
import { receivedSpans } from './arbitrary-spans.ts';

const TRACE_A = 'a'.repeat(32);
const TRACE_B = 'b'.repeat(32);

const manySpans = fc.uniqueArray(receivedSpans, { maxLength: 8, selector: ({ spanId }) => spanId });

describe('encodeTracesJson', () => {
  it('is the inverse of decodeTracesJson, for everything that a span can hold', () => {
    fc.assert(
      fc.property(manySpans, (spans) => {
        const decoded = decodeTracesJson(JSON.parse(JSON.stringify(encodeTracesJson(spans))));
        expect(decoded.rejectedSpans).toBe(0);
        expect(byId(decoded.spans)).toStrictEqual(byId(spans));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the difference between 0 and -0, and integers beyond 2^53', () => {
    const values = [0, -0, Number.NaN, -Infinity, 2n ** 60n + 1n, 2 ** 60, -(2n ** 63n)];
    const [span] = decodeTracesJson(encodeTracesJson([made('s1', { attributes: { values } })])).spans;
    expect(span?.attributes.get('values')).toStrictEqual(values);
  });

  it('takes bytes that are a part of a larger buffer', () => {
    const value = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    const [span] = decodeTracesJson(encodeTracesJson([made('s1', { attributes: { value } })])).spans;
    expect(span?.attributes.get('value')).toEqual(Buffer.from([2, 3]));
  });

  it('groups by resource and scope, whatever objects these are', () => {
    const resource = () => new Map([['service.name', 'a']]);
    const spans = [
      made('s1', { resource: resource(), scope: { name: 'x' } }),
      made('s2', { resource: new Map(), scope: { name: 'x' } }),
      made('s3', { resource: resource(), scope: { name: 'x' } }),
      made('s4', { resource: resource(), scope: { name: 'x', version: '1' } }),
    ];
    const span = (name: string) => expect.objectContaining({ name }) as object;
    expect(encodeTracesJson(spans)).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'a' } }] },
          scopeSpans: [
            { scope: { name: 'x' }, spans: [span('s1'), span('s3')] },
            { scope: { name: 'x', version: '1' }, spans: [span('s4')] },
          ],
        },
        { resource: {}, scopeSpans: [{ scope: { name: 'x' }, spans: [span('s2')] }] },
      ],
    });
  });

  it('writes nothing for no spans', () => {
    expect(encodeTracesJson([])).toEqual({ resourceSpans: [] });
    expect([...encodeTracesLines([])]).toEqual([]);
  });
});

describe('encodeTracesLines', () => {
  it('writes one line a trace, in the order in which the traces come', () => {
    const spans = [
      made('s1', { traceId: TRACE_B, name: 'two\nlines' }),
      made('s2', { traceId: TRACE_A }),
      made('s3', { traceId: TRACE_B }),
    ];
    const lines = [...encodeTracesLines(spans)];
    expect(lines.map((line) => line.indexOf('\n') === line.length - 1)).toEqual([true, true]);
    const names = lines.map((line) => decodeTracesJson(JSON.parse(line)).spans.map(({ name }) => name));
    expect(names).toEqual([['two\nlines', 's3'], ['s2']]);
  });
});

function byId(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  return spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
}
