import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { listRuns } from '../../src/inspector/list-runs.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import type { RunRow } from '../../src/inspector/view/run-view.ts';
import { madeRunSpans } from '../explain/made-runs.ts';
import { made, ours } from '../explain/made-spans.ts';

const TOOLS = { fetch: { ms: [0, 10] } } as const;
const ID = (digit: number): string => String(digit).repeat(32);

/** The rows of traces that a store has. */
function rowsOf(traces: readonly (readonly ReceivedSpan[])[]): RunRow[] {
  const store = openStore();
  for (const spans of traces) store.add(spans);
  return listRuns(store.list(), []).runs;
}

function live(open: readonly ReceivedSpan[], isInterrupted = false, kept: readonly ReceivedSpan[] = []): RunRow[] {
  const store = openStore();
  store.add(kept);
  const traceId = open[0]!.traceId;
  return listRuns(store.list(), [{ traceId, open: open.map((span) => ({ span, isInterrupted })) }]).runs;
}

describe('the list of runs', () => {
  it('has the newest first, with what is usual for its plan', () => {
    const rows = rowsOf(
      [100, 300, 200].map((ms, at) => madeRunSpans({ ms, tools: TOOLS, traceId: ID(at + 1), at: at * 1000 })),
    );
    expect(rows.map(({ durationMs }) => durationMs)).toEqual([200, 300, 100]);
    expect(rows.map(({ usual }) => usual)).toEqual([{ runs: 2, medianMs: 200 }, { runs: 1, medianMs: 100 }, undefined]);
  });

  it('holds failures against successes, and no run against itself alone', () => {
    const rows = rowsOf([
      madeRunSpans({ ms: 100, tools: TOOLS, traceId: ID(1) }),
      madeRunSpans({ ms: 900, tools: TOOLS, traceId: ID(2), at: 1000, outcome: 'failure' }),
      madeRunSpans({ ms: 900, tools: TOOLS, traceId: ID(3), at: 2000, name: 'other' }),
    ]);
    expect(rows.map(({ planName, usual }) => [planName, usual?.medianMs])).toEqual([
      ['other', undefined],
      ['nightly', 100],
      ['nightly', undefined],
    ]);
  });

  it('says of a plan alone that no end arrived', () => {
    const [row] = rowsOf([madeRunSpans({ ms: undefined, tools: TOOLS })]);
    expect(row).toMatchObject({
      state: 'unfinished',
      planName: 'nightly',
      strategy: 'dag',
      verdict: 'no end of it arrived',
      durationMs: 10,
    });
  });

  it('takes the end of a plan for no end of its run', () => {
    const spans = madeRunSpans({ ms: undefined, tools: {} }).map((plan) => ({ ...plan, endNs: plan.endNs + 90_000n }));
    expect(rowsOf([spans])).toMatchObject([{ state: 'unfinished' }]);
    const run = ours('run', 'run');
    expect(live([run], false, spans)).toMatchObject([{ state: 'running', runSpanId: run.spanId }]);
  });

  it('has services with their versions', () => {
    const resource = (version: string): Map<string, string> =>
      new Map([
        ['service.name', 'shop'],
        ['service.version', version],
      ]);
    const [first, ...rest] = madeRunSpans({ ms: 100, tools: TOOLS });
    const [row] = rowsOf([
      [{ ...first!, resource: resource('1') }, ...rest.map((span) => ({ ...span, resource: resource('2') }))],
    ]);
    expect(row!.services).toEqual([
      { name: 'shop', version: '1' },
      { name: 'shop', version: '2' },
    ]);
  });

  it('keeps traces without a run apart', () => {
    const store = openStore();
    store.add([made('GET', { ms: [0, 10] })]);
    const { runs, otherTraces } = listRuns(store.list(), []);
    expect(runs).toEqual([]);
    expect(otherTraces).toMatchObject([{ spans: 1 }]);
  });
});

describe('runs that go on', () => {
  const [run, plan] = madeRunSpans({ ms: 100, tools: TOOLS });

  it('are there before anything has ended', () => {
    expect(live([run!])).toMatchObject([{ planName: 'nightly', strategy: 'dag', state: 'running' }]);
  });

  it('are running once their plan is there, and interrupted when their process died', () => {
    expect(live([run!], false, [plan!])).toMatchObject([{ state: 'running', strategy: 'dag', runSpanId: run!.spanId }]);
    expect(live([run!], true, [plan!])).toMatchObject([{ state: 'interrupted' }]);
  });

  it('say what ran when their process died, and how long they went on', () => {
    const open = [
      run!,
      ours('group', 'group', { parent: 'run' }),
      ours('step', 'ask', { parent: 'group', attributes: { tool_id: 'ask', iteration: 2 } }),
      ours('run', 'inner', { parent: 'ask' }),
      ours('step', 'deep', { parent: 'inner', attributes: { tool_id: 'deep' } }),
    ].map((span) => ({ span, isInterrupted: true, interruptedAtNs: run!.startNs + 1_760_000_000n }));
    for (const kept of [[], [plan!]]) {
      const store = openStore();
      store.add(kept);
      expect(listRuns(store.list(), [{ traceId: run!.traceId, open }]).runs).toMatchObject([
        { state: 'interrupted', verdict: 'its process ended while ask #2 ran', durationMs: 1760 },
      ]);
    }
  });

  it('are there without a plan, though some of their steps have ended', () => {
    const step = ours('step', 'step', { parent: 'run', ms: [0, 5], attributes: { tool_id: 'a', outcome: 'success' } });
    expect(live([run!], false, [step])).toMatchObject([{ state: 'running' }]);
  });

  it('are not listed for what a step of another run started', () => {
    const step = ours('step', 'step', { parent: 'run' });
    const inner = ours('run', 'inner', { parent: 'step' });
    expect(live([run!, step, inner]).map(({ runSpanId }) => runSpanId)).toEqual([run!.spanId]);
  });

  it('are not listed for what a step of another run started, though their plan is there', () => {
    const step = ours('step', 'step', { parent: 'run' });
    const inner = ours('run', 'inner', { parent: 'step' });
    const innerPlan = ours('plan', 'innerPlan', { parent: 'inner', attributes: { 'plan.name': 'inner' } });
    expect(live([run!, step, inner], true, [plan!, innerPlan]).map(({ runSpanId }) => runSpanId)).toEqual([
      run!.spanId,
    ]);
  });

  it('stand as their own process does, whatever goes on beside them in their trace', () => {
    const other = ours('run', 'other', { attributes: { 'plan.name': 'other' } });
    const open = [
      { span: run!, isInterrupted: true },
      { span: other, isInterrupted: false },
    ];
    const { runs } = listRuns([], [{ traceId: run!.traceId, open }]);
    expect(runs.map(({ planName, state }) => [planName, state])).toEqual([
      ['nightly', 'interrupted'],
      ['other', 'running'],
    ]);
  });

  it('are a trace without a run where there are but steps', () => {
    const { runs, otherTraces } = listRuns(
      [],
      [{ traceId: run!.traceId, open: [{ span: ours('step', 's'), isInterrupted: true }] }],
    );
    expect(runs).toEqual([]);
    expect(otherTraces).toMatchObject([{ traceId: run!.traceId, spans: 1 }]);
  });

  it('have ended when only something beside them goes on', () => {
    expect(live([made('other')], false, [run!, plan!])).toMatchObject([{ state: 'ended', outcome: 'success' }]);
  });
});
