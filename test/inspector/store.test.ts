import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { estimateAttributes, estimateSpan } from '../../src/inspector/estimate-bytes.ts';
import { openStore, type StoreOptions } from '../../src/inspector/open-store.ts';
import type { TraceStore } from '../../src/inspector/store.ts';
import { made, ours } from '../explain/made-spans.ts';
import { receivedSpans } from './arbitrary-spans.ts';
import { ModelStore } from './model-store.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);
const C = 'c'.repeat(32);
// In memory where the system has a folder for that: the law opens many files, and what disks do is for sqlite-store.test.ts.
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'orchestrace-store-'));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true }));

const inMemory = (options: StoreOptions = {}) => openStore(options);
const inFile = (options: StoreOptions = {}) => openStore({ ...options, file: join(folder, `${++files}.db`) });

describe.each([
  ['in memory', inMemory],
  ['in a file', inFile],
])('a store %s', (_where, open) => {
  let store: TraceStore;
  beforeEach(() => void (store = open()));
  afterEach(() => store.close());

  describe('spans', () => {
    it('are given back as they came, a trace at a time', () => {
      fc.assert(
        fc.property(fc.uniqueArray(receivedSpans, { selector: ({ spanId }) => spanId, maxLength: 20 }), (spans) => {
          store.add(spans);
          for (const traceId of new Set(spans.map((span) => span.traceId))) {
            const kept = new Map(store.trace(traceId).map((span) => [span.spanId, span]));
            for (const span of spans.filter((span) => span.traceId === traceId)) {
              const found = kept.get(span.spanId)!;
              // Another span with this id, of an earlier run, may have ended later.
              if (found.endNs === span.endNs) expect(found).toEqual(span);
            }
          }
        }),
        { numRuns: 60 },
      );
    });

    it('are none of a trace that is not there', () => {
      expect(store.trace(A)).toEqual([]);
      expect(store.trace("'; DROP TABLE spans; --")).toEqual([]);
      expect(store.trace('\0\uD800')).toEqual([]);
    });

    it('that come again change nothing', () => {
      const span = made('s1', { ms: [0, 5] });
      store.add([span, span]);
      const { counts } = store;
      store.add([span, { ...span, name: 'same end' }, { ...span, name: 'earlier end', endNs: span.endNs - 1n }]);
      expect(store.trace(span.traceId)).toEqual([span]);
      expect(store.counts).toEqual(counts);
    });

    it('that come again and end later replace what was there, the times of their trace included', () => {
      store.add([made('s1', { ms: [1, 5] }), made('s2', { ms: [3, 4] })]);
      const { bytes } = store.counts;
      const later = made('s1', { ms: [2, 9], name: 'later', attributes: { more: 'x'.repeat(1000) } });
      store.add([later]);
      expect(store.trace(later.traceId)).toHaveLength(2);
      expect(store.trace(later.traceId)).toContainEqual(later);
      expect(store.list()).toMatchObject([{ startNs: later.startNs, endNs: later.endNs, spans: 2 }]);
      expect(store.counts.bytes - bytes).toBe(estimateSpan(later) - estimateSpan(made('s1')));
    });

    it('of equal resource and scope share it', () => {
      const resource = () => new Map([['service.name', 'checkout']]);
      store.add([made('s1', { resource: resource() })]);
      store.add([made('s2', { resource: resource(), scope: { name: 'test' } })]);
      const [first, second] = store.trace(made('s1').traceId);
      expect(second!.resource).toEqual(resource());
      expect(second!.resource).toBe(first!.resource);
      expect(second!.scope).toBe(first!.scope);
    });

    it('are gone with their trace, and may come again', () => {
      store.add([made('a'), made('b'), made('c', { traceId: 'f'.repeat(32) })]);
      const before = store.counts;
      expect([store.remove(made('a').traceId), store.remove(made('a').traceId)]).toEqual([true, false]);
      expect(store.trace(made('a').traceId)).toEqual([]);
      expect(store.counts).toMatchObject({ traces: 1, spans: 1, evictedTraces: 0, evictedSpans: 0 });
      expect(store.list().map(({ traceId }) => traceId)).toEqual(['f'.repeat(32)]);
      store.add([made('a'), made('b')]);
      expect(store.counts).toEqual(before);
    });

    it('are no longer taken or read once it is closed', async () => {
      await store.close();
      await store.close();
      expect(() => store.add([made('s1')])).toThrow('it was closed');
      expect(() => store.trace(A)).toThrow('it was closed');
      expect(() => store.list()).toThrow('it was closed');
    });
  });

  describe('the list', () => {
    it('tells of each trace what it is, newest first', () => {
      const resource = (name: string) => new Map([['service.name', name]]);
      store.add([
        ours('run', 'run1', {
          traceId: A,
          ms: [0, 20],
          resource: resource('checkout'),
          attributes: { 'plan.name': 'ci', strategy: 'dag', outcome: 'failure', 'run.id': 'r1' },
        }),
        ours('step', 'step1', { traceId: A, parent: 'run1', ms: [5, 15], resource: resource('worker') }),
        made('s1', { traceId: B, ms: [-5, 30] }),
        ours('run', 'run2', { traceId: C, ms: [1, 2] }),
      ]);
      const [c, a, b] = store.list();
      expect([c?.traceId, a?.traceId, b?.traceId]).toEqual([C, A, B]);
      const run = made('run1', { ms: [0, 20] });
      const { startNs, endNs } = run;
      expect(a).toEqual({
        traceId: A,
        startNs,
        endNs,
        spans: 2,
        runs: [
          {
            spanId: run.spanId,
            runId: 'r1',
            planName: 'ci',
            strategy: 'dag',
            outcome: 'failure',
            verdict: undefined,
            startNs,
            endNs,
          },
        ],
        services: [{ name: 'checkout' }, { name: 'worker' }],
      });
      expect(b).toMatchObject({ spans: 1, runs: [], services: [] });
      expect(c?.runs).toMatchObject([
        { runId: undefined, planName: undefined, strategy: undefined, outcome: undefined },
      ]);
    });

    it('has those with a run of a plan, and as many as asked for', () => {
      const plan = (traceId: string, name: string, ms: number) =>
        ours('run', `run${ms}`, { traceId, ms: [ms, ms], attributes: { 'plan.name': name } });
      store.add([plan(A, 'ci', 1), plan(B, 'a%\0\uD800', 2), plan(C, 'ci', 3)]);
      const ids = (filter: Parameters<TraceStore['list']>[0]) => store.list(filter).map(({ traceId }) => traceId);
      expect(ids({ plan: 'ci' })).toEqual([C, A]);
      expect(ids({ plan: 'ci', limit: 1 })).toEqual([C]);
      expect(ids({ limit: 2 })).toEqual([C, B]);
      expect(ids({ limit: 0 })).toEqual([]);
      expect(ids({ plan: 'a%\0\uD800' })).toEqual([B]);
      expect(ids({ plan: 'a%' })).toEqual([]);
      expect(ids({ plan: 'a%\0' })).toEqual([]);
    });

    it('finds a trace by a run within another, and shows the outer one', () => {
      store.add([
        ours('run', 'run1', { attributes: { 'plan.name': 'outer' } }),
        ours('step', 'step1', { parent: 'run1' }),
        ours('run', 'run2', { parent: 'step1', attributes: { 'plan.name': 'inner' } }),
        // Of a run that another process started, whose caller did not arrive.
        ours('run', 'run3', { parent: 'gone', ms: [1, 2], attributes: { 'plan.name': 'other' } }),
      ]);
      const [trace] = store.list({ plan: 'inner' });
      expect(trace?.runs.map(({ planName }) => planName)).toEqual(['outer', 'other']);
    });

    it('tells of a run by its plan until its own span arrives', () => {
      const plan = (id: string, ms: number) =>
        ours('plan', id, { parent: 'run1', ms: [ms, ms], attributes: { 'plan.name': 'ci' } });
      store.add([plan('plan1', 1), plan('plan2', 2), ours('step', 'step1', { parent: 'run1', ms: [2, 4] })]);
      const { spanId } = made('run1');
      const { startNs, endNs } = made('plan1', { ms: [1, 1] });
      const asPlanned = { runId: undefined, planName: 'ci', strategy: undefined, outcome: undefined };
      expect(store.list({ plan: 'ci' }).map(({ runs }) => runs)).toEqual([[{ spanId, ...asPlanned, startNs, endNs }]]);

      store.add([ours('run', 'run1', { ms: [0, 9], attributes: { 'plan.name': 'ci', outcome: 'success' } })]);
      expect(store.list({ plan: 'ci' }).map(({ runs }) => runs)).toMatchObject([[{ spanId, outcome: 'success' }]]);
    });

    it.each([
      ['a run that is its own parent', ['run1', 'run1']],
      ['two runs that are each in the other', ['run1', 'run2'], ['run2', 'run1']],
    ])('shows %s', (_what, ...edges) => {
      store.add(edges.map(([id, parent]) => ours('run', id!, { parent: parent! })));
      expect(store.list()[0]?.runs).toHaveLength(edges.length);
    });

    it('ends below a cycle of other spans', () => {
      store.add([ours('run', 'run1', { parent: 's1' }), made('s1', { parent: 's2' }), made('s2', { parent: 's1' })]);
      expect(store.list()[0]?.runs).toHaveLength(1);
    });

    it('leaves out starts that nobody gave', () => {
      store.add([made('s1', { startNs: 0n }), made('s2', { ms: [3, 4] })]);
      expect(store.list()[0]?.startNs).toBe(made('s2', { ms: [3, 4] }).startNs);
      store.add([made('s3', { traceId: B, startNs: 0n })]);
      expect(store.list()[1]).toMatchObject({ traceId: B, startNs: 0n });
    });

    it('sorts times at the end of what 64 bits hold', () => {
      store.add([
        made('s1', { traceId: A, startNs: 2n ** 63n - 1n }),
        made('s2', { traceId: B, startNs: 2n ** 64n - 1n }),
        made('s3', { traceId: C, startNs: 9n }),
      ]);
      expect(store.list().map(({ traceId }) => traceId)).toEqual([B, A, C]);
      expect(store.list()[0]?.startNs).toBe(2n ** 64n - 1n);
    });
  });

  describe('bounds', () => {
    it('cost the trace that was least recently added to', async () => {
      await using bounded = open({ maxTraces: 2 });
      bounded.add([made('s1', { traceId: A }), made('s2', { traceId: A })]);
      bounded.add([made('s1', { traceId: B })]);
      bounded.add([made('s3', { traceId: A })]);
      bounded.add([made('s1', { traceId: C })]);
      expect(bounded.trace(B)).toEqual([]);
      expect(bounded.trace(A)).toHaveLength(3);
      expect(bounded.counts).toMatchObject({ traces: 2, spans: 4, evictedTraces: 1, evictedSpans: 1, refusedSpans: 0 });
      bounded.add([made('s1', { traceId: B })]);
      expect(bounded.trace(A)).toEqual([]);
      expect(bounded.counts).toMatchObject({ traces: 2, spans: 2, evictedTraces: 2, evictedSpans: 4 });
    });

    it('never cost the trace that is added to: what it cannot hold is refused and counted, and the others stay', async () => {
      await using bounded = open({ maxSpans: 3 });
      bounded.add([made('s1', { traceId: A })]);
      bounded.add(['s1', 's2', 's3', 's4', 's5'].map((id) => made(id, { traceId: B })));
      expect(bounded.trace(B).map(({ name }) => name)).toEqual(['s1', 's2', 's3']);
      expect(bounded.counts).toMatchObject({ traces: 1, spans: 3, evictedTraces: 1, evictedSpans: 1, refusedSpans: 2 });
      bounded.add([made('s1', { traceId: A })]);
      const { bytes } = bounded.counts;
      await using small = open({ maxBytes: 3 * bytes });
      small.add([made('s1', { traceId: A })]);
      small.add([made('s2', { traceId: B, attributes: { large: 'x'.repeat(4 * bytes) } })]);
      expect(small.counts).toEqual({
        traces: 1,
        spans: 1,
        bytes,
        evictedTraces: 0,
        evictedSpans: 0,
        refusedSpans: 1,
      });
    });

    it('count a resource once a trace', () => {
      const resource = new Map([['process.command', 'x'.repeat(500)]]);
      store.add([made('s1', { resource }), made('s2', { resource: new Map(resource) })]);
      expect(store.counts.bytes).toBe(2 * estimateSpan(made('s1')) + estimateAttributes(resource));
    });

    it.each([{ maxTraces: 0 }, { maxSpans: -1 }, { maxBytes: 1.5 }, { maxBytes: Number.NaN }])(
      'must be whole numbers above 0: %o',
      (options) => {
        expect(() => open(options)).toThrow(/^max\w+: expected a whole number above 0, not /);
      },
    );
  });

  it('does what a simple model does, whatever comes', () => {
    const ids = fc.integer({ min: 1, max: 6 }).map((id) => String(id).repeat(16));
    const span: fc.Arbitrary<ReceivedSpan> = fc
      .record({
        traceId: fc.constantFrom(A, B, C, 'd'.repeat(32)),
        spanId: ids,
        parentSpanId: fc.option(ids, { nil: undefined }),
        startNs: fc.bigInt({ min: 0n, max: 4n }),
        endNs: fc.bigInt({ min: 0n, max: 4n }),
        plan: fc.constantFrom(undefined, undefined, 'p', 'q'),
        type: fc.constantFrom<('run' | 'plan')[]>('run', 'plan'),
        service: fc.constantFrom('x', 'y'),
        size: fc.nat({ max: 3 }),
      })
      .map(({ plan, type, service, size, parentSpanId, ...rest }) => ({
        ...made('s1', { attributes: { size: 'x'.repeat(size * 400) } }),
        ...(plan === undefined ? {} : ours(type, 's1', { attributes: { 'plan.name': plan } })),
        ...rest,
        ...(parentSpanId === undefined ? {} : { parentSpanId }),
        resource: new Map([['service.name', service]]),
      }));
    const limits = fc.record({
      maxTraces: fc.integer({ min: 1, max: 4 }),
      maxSpans: fc.integer({ min: 1, max: 16 }),
      maxBytes: fc.integer({ min: 500, max: 20_000 }),
    });
    fc.assert(
      fc.property(limits, fc.array(fc.array(span, { maxLength: 8 }), { maxLength: 8 }), (limits, batches) => {
        const tested = open(limits);
        const model = new ModelStore(limits);
        for (const batch of batches) {
          tested.add(batch);
          model.add(batch);
          expect(tested.counts).toEqual(model.counts);
          expect(tested.list()).toEqual(model.list());
          expect(tested.list({ plan: 'p', limit: 2 })).toEqual(model.list('p').slice(0, 2));
          for (const { traceId } of model.list()) {
            expect(new Set(tested.trace(traceId))).toEqual(new Set(model.trace(traceId)));
          }
        }
        void tested.close();
      }),
      { numRuns: 150 },
    );
  });
});
