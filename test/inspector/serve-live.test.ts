import { expect, it } from 'vitest';
import { encodeTracesJson } from '../../src/inspector/encode-json.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import type { RunList } from '../../src/inspector/view/run-view.ts';
import { madeRunSpans } from '../explain/made-runs.ts';
import { ask, jsonOf, startServing } from './serving.ts';

// What processes tell, as it is served. How it is told: see live-routes.test.ts; what is kept of it: live-spans.test.ts.

it('a run goes on until its end arrives, and no more when that had to make room', async () => {
  await using server = await startServing({ store: openStore({ maxTraces: 1 }) });
  const process = '0b6cd1f4-7f2c-4b61-9d3a-0e5b1f6f2a10';
  const post = (path: string, body: object): Promise<Response> =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const listed = async (): Promise<unknown> => (jsonOf(await ask(server, '/api/runs')) as RunList).runs;
  const spans = madeRunSpans({ ms: 10, tools: { fetch: { ms: [0, 10] } } });
  const started = spans.map((span) => ({ ...span, endNs: 0n }));
  const held = await post('/api/live/process', { process });
  await post('/api/live/spans', { process, traces: encodeTracesJson(started) });
  expect(await listed()).toMatchObject([{ state: 'running' }]);
  server.take(spans);
  expect(await listed()).toMatchObject([{ state: 'ended' }]);
  server.take(madeRunSpans({ ms: 10, tools: {}, traceId: '1'.repeat(32) }));
  expect(await listed()).toMatchObject([{ traceId: '1'.repeat(32) }]);
  await held.body?.cancel();
});
