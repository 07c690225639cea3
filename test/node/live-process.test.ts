import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closedPort, type OtlpServer, startOtlpServer } from '../helpers/otlp-server.ts';
import { startSilent } from './fault-servers.ts';
import { type LiveServer, namesOf, startLiveServer } from './live-server.ts';

const CHILD = fileURLToPath(new URL('./live-child.ts', import.meta.url));
const WHILE_A_RUNS = ['orchestration p serial', 'group 0 serial', 'step a'];
const INTERRUPTED = WHILE_A_RUNS.map((name) => `!${name}`);
const DONE = ['group 0 serial', 'group 1 serial', 'orchestration p serial', 'plan p', 'step a', 'step b'];

let backend: OtlpServer;
let inspector: LiveServer;
let children: ChildProcess[];

beforeEach(async () => {
  children = [];
  [backend, inspector] = await Promise.all([startOtlpServer(), startLiveServer()]);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all([backend.close(), inspector.close()]);
});

interface Host {
  readonly child: ChildProcess;
  /** Does what the scenario says. */
  readonly go: () => void;
  /** Settles when this line was on stdout. */
  readonly said: (line: string) => Promise<void>;
  readonly ended: () => Promise<{ code: number | null; stdout: string[]; stderr: string }>;
}

/** Starts live-child.ts, which sends to the backend and to an Inspector. */
function startHost(scenario: string, inspectorUrl: string, ...args: string[]): Host {
  const clean = Object.entries(process.env).filter(([name]) => !/^(OTEL_|ORCHESTRACE_|VITEST|NODE_)/.test(name));
  const env = {
    ...Object.fromEntries(clean),
    OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
    ORCHESTRACE_INSPECTOR_URL: inspectorUrl,
  };
  const child = spawn(process.execPath, [CHILD, scenario, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    child,
    go: () => void child.stdin.write('go\n'),
    said: async (line) => {
      while (!output.stdout.split('\n').includes(line)) await once(child.stdout, 'data');
    },
    ended: async () => {
      const [code] = await closed;
      return { code, stdout: output.stdout.split('\n').filter((line) => line !== ''), stderr: output.stderr };
    },
  };
}

/** Starts a host and waits until the Inspector has been told of its step. */
async function startRunning(scenario: string, ...args: string[]): Promise<Host> {
  const host = startHost(scenario, inspector.url, ...args);
  await inspector.until(() => inspector.open().length === 3);
  expect(inspector.open()).toEqual(WHILE_A_RUNS);
  return host;
}

describe('a run is interrupted when its process', () => {
  it('is killed', async () => {
    const { child } = await startRunning('is killed');
    child.kill('SIGKILL');
    await inspector.until(() => inspector.open().every((name) => name.startsWith('!')));
    expect(inspector.open()).toEqual(INTERRUPTED);
  });

  it.each([
    ['throws what nobody catches', 1],
    ['leaves in the middle', 3],
    ['has nothing left to do', 0],
  ])('%s', async (scenario, code) => {
    const { go, ended } = await startRunning(scenario);
    go();
    expect(await ended()).toMatchObject({ code, stdout: [`exit ${code}`] });
    await inspector.until(() => inspector.open().every((name) => name.startsWith('!')));
    expect(inspector.open()).toEqual(INTERRUPTED);
  });
});

describe('a run is not interrupted when its process', () => {
  it.each([
    ['ends its run', 'startTracing'],
    ['ends its run', 'processor'],
    ['ends its run and shuts down', 'startTracing'],
    ['ends its run and shuts down', 'processor'],
  ])('%s, with %s', async (scenario, way) => {
    const { go, ended } = await startRunning(scenario, way);
    go();
    expect(await ended()).toEqual({ code: 0, stdout: ['result made', 'exit 0'], stderr: '' });
    expect(namesOf(inspector.ended).toSorted()).toEqual(DONE);
    expect(inspector.open()).toEqual([]);
    expect(backend.spanNames().toSorted()).toEqual(DONE);
  });

  it('blocks its event loop: that goes on', async () => {
    const blocked = await startRunning('blocks its event loop');
    blocked.go();
    await blocked.said('blocking');
    // Another process comes and dies: that is seen, and nothing of the first one is.
    const other = startHost('is killed', inspector.url);
    await inspector.until(() => inspector.open().length === 6);
    other.child.kill('SIGKILL');
    await inspector.until(() => inspector.open().some((name) => name.startsWith('!')));
    expect(inspector.open()).toEqual([...WHILE_A_RUNS, ...INTERRUPTED]);
    blocked.child.kill('SIGKILL');
    await inspector.until(() => inspector.open().every((name) => name.startsWith('!')));
  });

  it('outlives the Inspector: the next one is told', async () => {
    const { go, ended } = await startRunning('ends its run');
    await inspector.close();
    inspector = await startLiveServer(inspector.port);
    await inspector.until(() => inspector.open().length === 3);
    expect(inspector.open()).toEqual(WHILE_A_RUNS);
    go();
    expect(await ended()).toEqual({ code: 0, stdout: ['result made', 'exit 0'], stderr: '' });
    expect(namesOf(inspector.ended).toSorted()).toEqual(
      expect.arrayContaining(DONE.filter((name) => name !== 'plan p')),
    );
  });
});

describe('a host without an Inspector', () => {
  it('does its work, hears of it in one line, and ends as ever', async () => {
    const { go, ended } = startHost('ends its run', `http://127.0.0.1:${await closedPort()}`);
    go();
    const { stderr, ...rest } = await ended();
    expect(rest).toEqual({ code: 0, stdout: ['result made', 'exit 0'] });
    expect(stderr).toMatch(/^orchestrace: no Inspector answers at http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED\..*\n$/);
    expect(backend.spanNames().toSorted()).toEqual(DONE);
  });

  it('ends though what is there never answers', async () => {
    await using silent = await startSilent();
    const { go, ended } = startHost('ends its run', `http://127.0.0.1:${silent.port}`);
    go();
    expect(await ended()).toMatchObject({ code: 0, stdout: ['result made', 'exit 0'] });
    expect(backend.spanNames().toSorted()).toEqual(DONE);
  }, 20_000);
});
