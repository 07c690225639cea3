import { expect, it, vi } from 'vitest';
import type { AttributeValue, ReceivedSpan } from '../../src/explain/read/received-span.ts';
import type { RunView } from '../../src/inspector/view/run-view.ts';
import { made, ours } from '../explain/made-spans.ts';
import { nestedBody } from './nested.ts';
import { JSON_TYPE, TRACE_ID } from './otlp.ts';
import { type Answer, ask, jsonOf, messageOf, startServing } from './serving.ts';

// Traces that are as large and as odd as a store takes them: all is answered, nothing is walked by calls.

/** They are large, and a machine may be busy. */
vi.setConfig({ testTimeout: 60_000 });

const RUN = ours('run', 'run', { ms: [0, 100], attributes: { 'plan.name': 'odd', outcome: 'success' } });

const SHAPES: Readonly<Record<string, () => ReceivedSpan[]>> = {
  'one span in another, 100,000 deep': () => chain(100_000, spanAt),
  'one step in another, 20,000 deep': () => chain(20_000, stepAt),
  'one run in a step of another, 10,000 deep': () => chain(20_000, (id, above) => (id % 2 ? stepAt : runAt)(id, above)),
  '50,000 spans in one run': () => siblings(50_000, (id) => spanAt(id, RUN.spanId)),
  '20,000 steps in one run': () => siblings(20_000, (id) => stepAt(id, RUN.spanId)),
  '20,000 steps in one step': () => chain(1, stepAt).concat(siblings(20_000, (id) => stepAt(id + 1, hex(1)))),
  '20,000 attempts of one step': () =>
    chain(1, stepAt).concat(siblings(20_000, (id) => ourAt('attempt', id + 1, hex(1)))),
  '20,000 groups': () => siblings(20_000, (id) => ourAt('group', id, RUN.spanId, { group_index: id })),
  '20,000 plans of one run': () => siblings(20_000, (id) => ourAt('plan', id, RUN.spanId, { execution_plan: '{' })),
  'a cycle of 20,000 steps': () => siblings(20_000, (id) => stepAt(id, hex((id % 20_000) + 1))),
  '20,000 spans whose parents are lost': () => siblings(20_000, (id) => spanAt(id, hex(id + 1_000_000))),
  '10,000 steps that need the one before': () =>
    siblings(10_000, (id) => stepAt(id, RUN.spanId, { depends_on: [`tool ${id - 1}`] })),
  '500 steps that need each other all': () =>
    siblings(500, (id) => stepAt(id, RUN.spanId, { depends_on: Array.from({ length: 500 }, (_, at) => `tool ${at}`) })),
  'times that cannot be': () =>
    siblings(500, (id) => ({
      ...stepAt(id, RUN.spanId),
      startNs: BigInt(id % 3) * (2n ** 63n - 1n),
      endNs: BigInt(id % 2) * (2n ** 64n - 1n),
    })),
};

it.each(Object.entries(SHAPES))('%s: is a run, spans, a comparison, a file', async (_, shape) => {
  await using server = await startServing();
  const spans = [RUN, ...shape()];
  server.take(spans);
  const run = jsonOf(await ask(server, `/api/run?trace=${TRACE_ID}`)) as RunView;
  const steps = run.steps.map(({ startMs = 0, endMs = 0, waitMs }) => [startMs, endMs, waitMs]);
  expect([run.startedAtMs, run.durationMs, ...steps.flat()].every(Number.isFinite)).toBe(true);
  expect(await ask(server, `/api/run?trace=${TRACE_ID}&run=${RUN.spanId}`)).toMatchObject({ status: 200 });
  expect(messageOf(await ask(server, `/api/run?trace=${TRACE_ID}&run=none`))).toBe('this trace has no such run');
  const all = await ask(server, `/api/spans?trace=${TRACE_ID}`);
  expect(all.body.toString().split('"spanId"')).toHaveLength(spans.length + 1);
  expect(await ask(server, `/api/spans?trace=${TRACE_ID}&under=${hex(1)}`)).toMatchObject({ status: 200 });
  expect(await ask(server, `/api/compare?trace=${TRACE_ID}&with=${TRACE_ID}`)).toMatchObject({ status: 200 });
  expect(await ask(server, `/export?trace=${TRACE_ID}`)).toMatchObject({ status: 200 });
  expect(jsonOf(await ask(server, '/api/runs'))).toMatchObject({ runs: [{ planName: 'odd', spans: spans.length }] });
});

it.each([
  ['steps', stepAt],
  ['runs', runAt],
])('finds no run that is not there where one step called more %s than a call takes arguments', async (_, make) => {
  await using server = await startServing();
  server.take([RUN, ...chain(1, stepAt), ...siblings(150_000, (id) => make(id + 1, hex(1)))]);
  const answer = await ask(server, `/api/run?trace=${TRACE_ID}&run=none`);
  expect(messageOf(answer)).toBe('this trace has no such run');
});

it.each(['arrayValue', 'kvlistValue'] as const)(
  'gives an attribute back that is as deep as one may be: %s',
  async (kind) => {
    await using server = await startServing();
    const send = (depth: number): Promise<Answer> =>
      ask(server, '/v1/traces', {
        method: 'POST',
        headers: { 'Content-Type': JSON_TYPE },
        body: nestedBody(kind, depth, JSON_TYPE),
      });
    expect((await send(65)).status).toBe(400);
    expect((await send(64)).status).toBe(200);
    const { body } = await ask(server, `/api/spans?trace=${TRACE_ID}`);
    expect(body.toString().split(`"${kind}"`)).toHaveLength(64);
  },
);

function hex(id: number): string {
  return id.toString(16).padStart(16, '0');
}

function spanAt(id: number, above: string): ReceivedSpan {
  return { ...made('x', { ms: [1, 50] }), spanId: hex(id), parentSpanId: above };
}

function ourAt(
  type: string,
  id: number,
  above: string,
  attributes: Readonly<Record<string, AttributeValue>> = { attempt: id },
): ReceivedSpan {
  return { ...ours(type, 'x', { ms: [1, 50], attributes }), spanId: hex(id), parentSpanId: above };
}

function stepAt(id: number, above: string, attributes: Readonly<Record<string, AttributeValue>> = {}): ReceivedSpan {
  return ourAt('step', id, above, { tool_id: `tool ${id}`, outcome: 'success', ...attributes });
}

function runAt(id: number, above: string): ReceivedSpan {
  return ourAt('run', id, above, { 'plan.name': 'odd' });
}

function siblings(count: number, make: (id: number) => ReceivedSpan): ReceivedSpan[] {
  return Array.from({ length: count }, (_, at) => make(at + 1));
}

/** Each in the one before, the first in the run. */
function chain(count: number, make: (id: number, above: string) => ReceivedSpan): ReceivedSpan[] {
  return siblings(count, (id) => make(id, id === 1 ? RUN.spanId : hex(id - 1)));
}
