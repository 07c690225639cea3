import { describe, expect, it } from 'vitest';
import { Inspector } from '../../src/inspector/inspector.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { decodeTracesJson } from '../../src/inspector/decode-json.ts';
import { madeRunSpans } from '../explain/made-runs.ts';
import { made, ours, overviewSpans } from '../explain/made-spans.ts';

const ID = (number: number): string => String(number).padStart(32, '0');

function inspectorOf(...traces: readonly (readonly ReceivedSpan[])[]): Inspector {
  const store = openStore();
  for (const spans of traces) store.add(spans);
  return new Inspector(store);
}

const nightly = (number: number, ms: number, outcome = 'success'): ReceivedSpan[] =>
  madeRunSpans({ ms, tools: { fetch: { ms: [0, ms] } }, outcome, traceId: ID(number), at: number * 1000 });

describe('a run', () => {
  it('is found by its trace, or by its span where a trace has several', async () => {
    const spans = overviewSpans();
    const inspector = inspectorOf(spans);
    const first = await inspector.run(spans[0]!.traceId, '');
    expect(first.planName).toBe('ci-overview');
    expect(await inspector.run(spans[0]!.traceId, first.runSpanId)).toMatchObject({ runSpanId: first.runSpanId });
  });

  it('is found inside a step of another', async () => {
    const outer = madeRunSpans({ ms: 100, tools: { call: { ms: [0, 100] } } });
    const step = outer.find(({ attributes }) => attributes.get('orchestration.tool_id') === 'call')!;
    const inner = ours('run', 'inner', { ms: [10, 20], attributes: { 'plan.name': 'sub', outcome: 'success' } });
    const inspector = inspectorOf([...outer, { ...inner, parentSpanId: step.spanId }]);
    const view = await inspector.run(inner.traceId, '');
    expect(view.steps[0]!.runs).toEqual([{ runSpanId: inner.spanId, planName: 'sub', outcome: 'success' }]);
    expect(view.startedBy).toBeUndefined();
    expect(await inspector.run(inner.traceId, inner.spanId)).toMatchObject({
      planName: 'sub',
      startedBy: { runSpanId: view.runSpanId, planName: 'nightly', step: 'call' },
    });
  });

  it('is refused with what to do where there is none', async () => {
    const inspector = inspectorOf([made('GET')]);
    await expect(inspector.run('nonsense', '')).rejects.toMatchObject({
      status: 404,
      message: 'a trace id has 32 hex digits',
    });
    await expect(inspector.run(ID(7), '')).rejects.toThrow(/^there is no trace 0+7 here/);
    await expect(inspector.run(made('GET').traceId, '')).rejects.toThrow(
      /^none of 1 span has orchestration\.span\.type: wrap/,
    );
    await expect(inspector.run(made('GET').traceId, 'abc')).rejects.toThrow('this trace has no such run');
  });

  it('knows what is usual, and the last success before it', async () => {
    const inspector = inspectorOf(nightly(1, 100), nightly(2, 300), nightly(3, 50, 'failure'), nightly(4, 900));
    expect(await inspector.run(ID(4), '')).toMatchObject({
      usual: { runs: 2, medianMs: 200 },
      lastSuccess: { traceId: ID(2) },
      steps: [{ usualMs: 200 }],
    });
  });

  it('goes on also where the clock of its process is ahead', async () => {
    const [run, ...rest] = madeRunSpans({
      ms: 10,
      tools: { fetch: { ms: [0, 5] }, rank: { needs: ['fetch'], ms: [5, 9] } },
      at: 1e12,
    });
    const inspector = inspectorOf(rest);
    inspector.live.open('p', { hangUp: () => {} });
    inspector.live.start('p', [{ ...run!, endNs: 0n }]);
    expect(await inspector.run(run!.traceId, '')).toMatchObject({ state: 'running', durationMs: 5, notes: [] });
    inspector.live[Symbol.dispose]();
  });

  it('was interrupted as long as its process does not connect again, and until its end arrives', async () => {
    const inspector = inspectorOf([]);
    const spans = nightly(1, 100);
    const interrupted = async (): Promise<string[]> =>
      (await inspector.interrupted(ID(1))).map(({ verdict }) => verdict);
    const deaths: string[] = [];
    inspector.live.onDeath = (traceIds) => deaths.push(...traceIds);
    const [first, second] = [{ hangUp: () => {} }, { hangUp: () => {} }];
    inspector.live.open('p', first);
    inspector.live.start('p', spans);
    inspector.live.close('p', first);
    expect(deaths).toEqual([ID(1)]);
    expect(await interrupted()).toEqual([
      'Interrupted: its process ended while fetch ran; 0 of 1 planned steps ended.',
    ]);
    inspector.live.open('p', second);
    expect(await interrupted()).toEqual([]);
    inspector.live.close('p', second);
    expect(await interrupted()).toHaveLength(1);
    inspector.live.end(spans);
    await expect(interrupted()).rejects.toThrow(/^there is no trace/);
    expect(deaths).toHaveLength(2);
  });
});

describe('a trace that is removed', () => {
  it('is gone from the store, with what is open of it', async () => {
    const [run, ...rest] = nightly(1, 100);
    const inspector = inspectorOf(rest);
    inspector.live.open('process', { hangUp: () => {} });
    inspector.live.start('process', [{ ...run!, endNs: 0n }]);
    expect((await inspector.runs()).runs).toHaveLength(1);
    expect([inspector.remove(ID(1)), inspector.remove(ID(1))]).toEqual([true, false]);
    expect((await inspector.runs()).runs).toEqual([]);
    inspector.live[Symbol.dispose]();
  });
});

it('the list of runs says how much of a trace that is larger than the store was not kept', async () => {
  const store = openStore({ maxSpans: 2 });
  store.add(nightly(1, 100));
  expect((await new Inspector(store).runs()).notes).toEqual([
    'not kept: 1 span of traces that are larger than the store',
  ]);
});

it('the list of runs says how many traces had to make room', async () => {
  const store = openStore({ maxTraces: 1 });
  const inspector = new Inspector(store);
  store.add(nightly(1, 100));
  expect((await inspector.runs()).notes).toEqual([]);
  for (const number of [2, 3]) store.add(nightly(number, 100));
  expect((await inspector.runs()).notes).toEqual(['2 older traces had to make room']);
});

describe('a comparison', () => {
  const inspector = inspectorOf(nightly(1, 100), nightly(2, 300), nightly(3, 900));

  it('is with the last success, the middle of several, or a run that is named', async () => {
    expect((await inspector.compare(ID(3), '', '')).summary).toContain('600 ms longer');
    expect((await inspector.compare(ID(3), '', 'last-success')).summary).toContain('600 ms longer');
    expect((await inspector.compare(ID(3), '', 'median:20')).summary).toContain('700 ms');
    expect((await inspector.compare(ID(3), '', ID(1))).summary).toContain('800 ms longer');
  });

  it('says so where there is nothing to compare with', async () => {
    const message = 'there is no earlier run of nightly that succeeded: choose another run';
    await expect(inspector.compare(ID(1), '', '')).rejects.toThrow(message);
    await expect(inspector.compare(ID(1), '', 'median:20')).rejects.toThrow(message);
    await expect(inspector.compare(ID(1), '', ID(8))).rejects.toThrow(/^there is no trace/);
  });
});

it('a comparison of a run that goes on, or was interrupted, has no ends that did not come', async () => {
  const tools = { fetch: { ms: [0, 20] }, rank: { needs: ['fetch'], ms: [20, 100] } } as const;
  const spans = madeRunSpans({ ms: 100, tools, traceId: ID(2), at: 1000 });
  const hasEnded = ({ name }: ReceivedSpan): boolean => name === 'plan' || name === 'fetch.0';
  const inspector = inspectorOf(madeRunSpans({ ms: 100, tools, traceId: ID(1) }), spans.filter(hasEnded));
  const connection = { hangUp: () => {} };
  inspector.live.open('p', connection);
  inspector.live.start(
    'p',
    spans.filter((span) => !hasEnded(span)),
  );
  const compared = async (other: string): Promise<unknown> => {
    const { summary, steps } = await inspector.compare(ID(2), '', other);
    const told = summary.replace(/ run for .*, and took 80 ms before\.$/, ' run for long.');
    return [told, ...steps.map(({ name, changeMs, after }) => `${name} ${after?.state}, takes ${changeMs}`)];
  };
  const steps = (state: string): string[] => ['fetch success, takes 0', `rank ${state}, takes undefined`];
  const rest = 'only the steps that have ended are compared.';
  expect(await compared('')).toEqual([
    `The run after is still running: ${rest} rank has run for long.`,
    ...steps('running'),
  ]);
  expect(await compared('median:20')).toEqual([`The run is still running: ${rest}`, ...steps('running')]);
  inspector.live.close('p', connection);
  const died = 'was interrupted while rank ran: only the steps that had ended are compared.';
  expect(await compared('')).toEqual([`The run after ${died} rank had run for long.`, ...steps('interrupted')]);
  expect(await compared(ID(2))).toEqual([`The run before ${died}`, ...steps('interrupted')]);
  const { steps: same } = await inspector.compare(ID(2), '', ID(2));
  expect(same.map(({ hasOtherOutcome }) => hasOtherOutcome)).toEqual([false, false]);
  inspector.live[Symbol.dispose]();
});

describe('spans', () => {
  it('are those of a trace, or of one span and all below it', async () => {
    const spans = [made('a'), made('b', { parent: 'a' }), made('c', { parent: 'b' }), made('d')];
    const inspector = inspectorOf(spans);
    const names = async (under: string): Promise<string[]> =>
      decodeTracesJson(await inspector.spans(spans[0]!.traceId, under)).spans.map(({ name }) => name);
    expect(await names('')).toEqual(['a', 'b', 'c', 'd']);
    expect(await names(spans[1]!.spanId)).toEqual(['b', 'c']);
    expect(await names('none')).toEqual([]);
  });
});
