import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { RunList, RunView } from '../../src/inspector/view/run-view.ts';
import { ask, jsonOf, startServing } from '../inspector/serving.ts';
import { type Ended, runMain } from './run-node.ts';

/** Each test starts processes; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-find-inspector-'));
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  const plan = { name: 'two-steps', tools: [{ tool_id: 'first' }, { tool_id: 'second', depends_on: ['first'] }] };
  await writeFile(join(folder, 'plan.json'), JSON.stringify(plan));
  const first = "export const first = async () => (await fetch(process.env['GATE'])).status;";
  await writeFile(join(folder, 'tools.mjs'), `${first} export const second = () => 2;`);
});
afterAll(() => rm(folder, { recursive: true }));

it('a run of one terminal is seen as it goes in the Inspector of another, and its end says where', async () => {
  await using inspector = await startServing();
  await using gate = await startGate();
  const ended = run({ GATE: gate.url, ORCHESTRACE_INSPECTOR_URL: `${inspector.url}/` });
  const response = await gate.knocked;
  const ask1 = async <T>(path: string): Promise<T> => jsonOf(await ask(inspector, path)) as T;
  const row = await vi.waitFor(async () => {
    const [row] = (await ask1<RunList>('/api/runs')).runs;
    expect(row).toMatchObject({ planName: 'two-steps', state: 'running' });
    return row!;
  });
  await vi.waitFor(async () => {
    const { state, steps } = await ask1<RunView>(`/api/run?trace=${row.traceId}`);
    expect([state, ...steps.map((step) => `${step.toolId} ${step.state}`)]).toEqual([
      'running',
      'first running',
      'second planned',
    ]);
  });
  response.end();
  const { code, stdout, stderr } = await ended;
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining('orchestrace:') });
  expect(stdout).toContain(`\nSee it in the Inspector: ${inspector.url}/run/${row.traceId}\n`);
  expect(await ask1(`/api/run?trace=${row.traceId}`)).toMatchObject({ state: 'ended', outcome: 'success' });
});

it('with --json the line is on stderr', async () => {
  await using inspector = await startServing();
  const { stdout, stderr } = await run({ GATE: inspector.url, ORCHESTRACE_INSPECTOR_URL: inspector.url }, ['--json']);
  const { run: traced } = JSON.parse(stdout) as { run: { trace_id: string } };
  expect(stderr).toContain(`See it in the Inspector: ${inspector.url}/run/${traced.trace_id}\n`);
});

it('an Inspector that was named and is not there costs a line', async () => {
  await using gate = await startGate();
  void gate.knocked.then((response) => response.end());
  const { code, stdout, stderr } = await run({ GATE: gate.url, ORCHESTRACE_INSPECTOR_URL: 'http://127.0.0.1:9' });
  expect(code).toBe(0);
  expect(stdout).not.toContain('See it in the Inspector');
  expect(stderr).toContain('orchestrace: no Inspector answers at http://127.0.0.1:9: ECONNREFUSED');
});

it('somebody else at the port of the Inspector is told nothing', async () => {
  const asked: string[] = [];
  const other = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('Content-Type', 'application/json').end('{"store":"mine"}');
  }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  await using gate = await startGate();
  void gate.knocked.then((response) => response.end());
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const { code, stdout, stderr } = await run({ GATE: gate.url, ORCHESTRACE_INSPECTOR_URL: url });
  other.close();
  expect(code).toBe(0);
  expect(stdout).not.toContain('See it in the Inspector');
  expect(stderr).toContain(`orchestrace: what answers at ${url} is no Inspector: it is told nothing\n`);
  expect(asked).toEqual(['GET /api/session']);
});

it('an Inspector that is named by what is no URL costs a line', async () => {
  await using gate = await startGate();
  void gate.knocked.then((response) => response.end());
  const { code, stderr } = await run({ GATE: gate.url, ORCHESTRACE_INSPECTOR_URL: '127.0.0.1:4319' });
  expect(code).toBe(0);
  expect(stderr).toContain(
    'orchestrace: ORCHESTRACE_INSPECTOR_URL must be a URL such as http://127.0.0.1:4319, got "127.0.0.1:4319"; it is left out of account\n',
  );
});

function run(env: Record<string, string>, more: readonly string[] = []): Promise<Ended> {
  const nowhere = { ORCHESTRACE_JAEGER_URL: 'http://127.0.0.1:9' };
  return runMain(['run', 'plan.json', '--tools', 'tools.mjs', ...more], { cwd: folder, env: { ...nowhere, ...env } });
}

/** A server that a step asks: its answer is given by the test. */
async function startGate(): Promise<AsyncDisposable & { url: string; knocked: Promise<ServerResponse> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    knocked: once(server, 'request').then(([, response]) => response as ServerResponse),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
