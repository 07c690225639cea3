import { describe, expect, it } from 'vitest';
import { type SpanItem, spanItem, SpanTree } from '../../../src/inspector/page/span-tree.ts';
import { made, overviewSpans } from '../../explain/made-spans.ts';
import { asTraces, idOf } from './overview.ts';

const ZERO_MS = 1_795_392_000_000;

const itemsBelow = (tree: SpanTree, id: string, isOther?: (spanId: string) => boolean): SpanItem[] =>
  Array.from(tree.below(idOf(id), isOther), ({ record, depth }) => spanItem(record, depth, ZERO_MS));

const drawn = (items: readonly SpanItem[]): string =>
  items.map(({ depth, name, startMs, endMs }) => `${'  '.repeat(depth)}${name} ${startMs}-${endMs}`).join('\n');

describe('SpanTree', () => {
  const tree = new SpanTree(asTraces(overviewSpans().toReversed()));

  it('gives what is below a span depth first, by start', () => {
    expect(drawn(itemsBelow(tree, 'audit'))).toMatchInlineSnapshot(`
      "a1 30-50
        GET /audit 31-49
          handle 32-48
      a2 70-98"
    `);
  });

  it('leaves out what belongs to somebody else, with all below it', () => {
    expect(drawn(itemsBelow(tree, 'audit', (spanId) => spanId === idOf('h1')))).toBe('a1 30-50\na2 70-98');
  });

  it('gives all spans, those whose parent is not there at the top', () => {
    const spans = [made('b', { parent: 'gone', ms: [2, 3] }), made('a', { ms: [1, 9] }), made('c', { parent: 'b' })];
    const all = Array.from(new SpanTree(asTraces(spans)).all(), ({ record, depth }) => `${depth} ${record.span.name}`);
    expect(all).toEqual(['0 a', '0 b', '1 c']);
  });

  it('ends where parents form a cycle', () => {
    const cycle = new SpanTree(asTraces([made('a', { parent: 'b' }), made('b', { parent: 'a' })]));
    expect(itemsBelow(cycle, 'a').map(({ name }) => name)).toEqual(['b']);
  });

  it('goes deeper than calls may be nested', () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => made(`${at}`, { parent: `${at - 1}` }));
    expect(itemsBelow(new SpanTree(asTraces(chain)), '0')).toHaveLength(19_999);
  });
});

describe('spanItem', () => {
  it('puts a span without a start where it ends, and one without times at the start of the run', () => {
    const spans = [made('a', { ms: [0, 4], startNs: 0n }), made('b', { startNs: 0n, endNs: 0n })];
    const items = new SpanTree(asTraces(spans)).records.map((record) => spanItem(record, 0, ZERO_MS));
    expect(items).toMatchObject([
      { startMs: 4, endMs: 4 },
      { startMs: 0, endMs: 0 },
    ]);
  });

  it('tells what a timeline draws of a span', () => {
    const resource = new Map([['service.name', 'shop']]);
    const spans = [
      made('s', { ms: [1, 4], kind: 'client', resource, status: { code: 'error' } }),
      made('a', {
        parent: 's',
        ms: [5, 2],
        attributes: { 'orchestration.span.type': 'attempt', 'orchestration.attempt': 2 },
      }),
    ];
    const [of, attempt] = new SpanTree(asTraces(spans)).records.map((record) => spanItem(record, 0, ZERO_MS));
    expect(of).toEqual({
      spanId: idOf('s'),
      depth: 0,
      name: 's',
      kind: 'client',
      service: 'shop',
      startMs: 1,
      endMs: 4,
      hasFailed: true,
      attempt: undefined,
    });
    expect(attempt).toMatchObject({ attempt: 2, hasFailed: false, startMs: 5, endMs: 5 });
  });
});
