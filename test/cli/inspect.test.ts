import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { encodeTracesJson, encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { startReceiver } from '../../src/inspector/receive.ts';
import type { RunList, RunView } from '../../src/inspector/view/run-view.ts';
import { made, overviewSpans } from '../explain/made-spans.ts';
import { SteeredRun } from '../helpers/steered-run.ts';
import { startJaegerServer } from './jaeger-server.ts';
import { type Ended, runMain } from './run-node.ts';

/** Each test starts processes; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let store: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-inspect-'));
  store = join(folder, 'traces.sqlite');
});
afterEach(() => rm(folder, { recursive: true }));

it('receives what an application exports, says how its run went, and keeps it for report', async () => {
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  const src = new URL('../../src', import.meta.url).href;
  await writeFile(
    join(folder, 'app.ts'),
    `import { runPlan } from '${src}/index.ts';
    import { startTracing } from '${src}/node/index.ts';
    await using tracing = await startTracing({ serviceName: 'app' });
    await runPlan({ name: 'nightly', tools: [{ tool_id: 'load' }, { tool_id: 'write', depends_on: ['load'] }] }, { tools: {
      load: () => 1, write: () => { throw new Error('no disk'); },
    } });`,
  );
  const ended = await inspect(['--port', '0', '--store', store], async (url) => {
    const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: url };
    await promisify(execFile)(process.execPath, [join(folder, 'app.ts')], { env });
  });
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 130, stderr: '' });
  const line = /^\d\d:\d\d:\d\d ✗ nightly: Failed after \S+ m?s: write failed \(no disk\)\..* trace ([0-9a-f]{32})$/m;
  const [, traceId] = line.exec(ended.stdout)!;
  const env = { ORCHESTRACE_STORE: store, ORCHESTRACE_JAEGER_URL: 'http://127.0.0.1:9' };
  const { stdout } = await runMain(['report', 'latest'], { env });
  expect(stdout).toContain(`\ntrace ${traceId}\n2 of 2 planned steps seen: 1 succeeded, 1 failed\n`);
});

it('says which run was interrupted when its process is killed', async () => {
  const plan = { name: 'nightly', tools: [{ tool_id: 'load' }, { tool_id: 'write', depends_on: ['load'] }] };
  const ended = await inspect(['--port', '0', '--memory'], async (url, printed) => {
    await using run = new SteeredRun(url, plan);
    await run.finish('load');
    await run.started('write');
    // What starts is told a moment later.
    await expect.poll(() => runningSteps(url), { timeout: 10_000 }).toContain('write');
    await run.kill();
    await printed('nightly');
  });
  expect(ended.stdout).toMatch(
    /^\d\d:\d\d:\d\d ↯ nightly: Interrupted: its process ended while write ran; 1 of 2 planned steps ended\. trace [0-9a-f]{32}$/m,
  );
});

it('tells of a run once, however often it comes, and of none that is no run', async () => {
  const ended = await inspect(['--port', '0', '--memory'], async (url) => {
    for (const spans of [overviewSpans().slice(1), overviewSpans(), overviewSpans(), [made('GET')]])
      await post(url, spans);
  });
  expect(ended.stdout.split('\n').filter((line) => line.includes('ci-overview'))).toHaveLength(1);
  expect(ended.stdout).toContain('keeps traces in memory.');
});

it('says first where its page is, and links each run to the tools that were named', async () => {
  const links = ['Logs=https://logs.example/?trace={trace_id}&from={start_ms}', 'Wiki = http://wiki.example/'];
  let [page, session]: unknown[] = [];
  const ended = await inspect(
    ['--port', '0', '--memory', ...links.flatMap((link) => ['--link', link])],
    async (url) => {
      page = await (await fetch(`${url}/`)).text();
      session = await (await fetch(`${url}/api/session`)).json();
    },
  );
  expect(ended.stdout).toMatch(/^The Inspector is at http:\/\/127\.0\.0\.1:\d+\/\n/);
  expect(page).toMatch(/^<!doctype html>/i);
  expect((session as { links: unknown }).links).toEqual([
    { name: 'Logs', url: 'https://logs.example/?trace={trace_id}&from={start_ms}' },
    { name: 'Wiki', url: 'http://wiki.example/' },
  ]);
});

it('shows the runs of a Jaeger, asked with the headers that were given, beside its own', async () => {
  const [first] = overviewSpans();
  await using jaeger = await startJaegerServer(overviewSpans());
  const args = ['--port', '0', '--memory', '--jaeger', jaeger.url, '--header', 'Authorization: Bearer abc'];
  let [list, run, session]: unknown[] = [];
  const ended = await inspect(args, async (url) => {
    const own = overviewSpans().map((span) => ({ ...span, traceId: '1'.repeat(32) }));
    await post(url, own);
    list = await (await fetch(`${url}/api/runs`)).json();
    run = await (await fetch(`${url}/api/run?trace=${first!.traceId}`)).json();
    session = await (await fetch(`${url}/api/session`)).json();
  });
  expect(ended.stderr).toBe('');
  expect((list as { runs: { traceId: string; source?: string }[] }).runs).toMatchObject([
    { traceId: '1'.repeat(32), planName: 'ci-overview' },
    { traceId: first!.traceId, planName: 'ci-overview', outcome: 'failure', source: 'Jaeger' },
  ]);
  expect(run).toMatchObject({ planName: 'ci-overview', completeness: { planned: 5, seen: 5 } });
  expect(session).toMatchObject({ links: [{ name: 'Jaeger', url: `${jaeger.url}/trace/{trace_id}` }] });
  expect(new Set(jaeger.authorizations)).toEqual(new Set(['Bearer abc']));
});

it('takes the traces of files first', async () => {
  await writeFile(join(folder, 'old.jsonl'), [...encodeTracesLines(overviewSpans())].join(''));
  const ended = await inspect(['--port', '0', '--file', join(folder, 'old.jsonl')], async () => {}, {
    ORCHESTRACE_STORE: store,
  });
  expect(ended.stdout).toContain(`Took 14 spans of ${join(folder, 'old.jsonl')}.`);
  await using opened = openStore({ file: store });
  expect(opened.counts).toMatchObject({ traces: 1, spans: 14 });
});

it('shows what to do when the port of exporters is taken, and takes both when they are free', async () => {
  const other = createServer().listen(4318, '127.0.0.1');
  other.on('error', () => {}); // somebody else has it: all the same
  await new Promise((resolve) => other.once('listening', resolve).once('error', resolve));
  const ended = await inspect(['--memory'], async () => {});
  other.close();
  if (ended.code === 2) return expect(ended.stderr).toContain('4319'); // a machine on which an Inspector runs
  expect(ended.stdout).toContain('Receives OTLP/HTTP at http://127.0.0.1:4319; keeps');
  expect(ended.stdout).toContain(
    ['exporters:', '  otlp_http/inspector:', '    endpoint: http://127.0.0.1:4319'].join('\n'),
  );
});

it('goes on in memory when the default store cannot be used', async () => {
  const ended = await inspect(['--port', '0'], async (url) => post(url, overviewSpans()), {
    ORCHESTRACE_STORE: folder,
  });
  expect(ended.stderr).toBe(
    `orchestrace: cannot use the store ${folder}: it is a folder; name a file in it; traces are kept in memory until this ends\n`,
  );
  expect(ended.stdout).toContain('ci-overview: Failed after 100 ms');
});

it('is wrong use with a port that is in use', async () => {
  await using receiver = await startReceiver({ onSpans: () => {} });
  expect(await runMain(['inspect', '--memory', '--port', String(receiver.port)])).toEqual({
    code: 2,
    stdout: '',
    stderr: `orchestrace: port ${receiver.port} is in use; choose another with --port N\n`,
  });
});

it('names the Inspector that has the port already', async () => {
  await inspect(['--memory', '--port', '0'], async (url) => {
    const { port } = new URL(url);
    expect(await runMain(['inspect', '--memory', '--port', port])).toEqual({
      code: 2,
      stdout: '',
      stderr: `orchestrace: port ${port} is in use; an Inspector is there already: open ${url}/, or choose another with --port N\n`,
    });
  });
});

it.each([
  [['--port', '70000'], '--port must be a whole number from 0 to 65535, got 70000; 0 is any that is free'],
  [['--port', 'x'], '--port must be a whole number from 0 to 65535, got x; 0 is any that is free'],
  [['--header', 'a: b'], '--header is for the Jaeger of --jaeger URL'],
  ...['Logs', '=https://logs.example', 'Logs=javascript:alert(1)', 'Logs=logs.example'].map(
    (link): [string[], string] => [
      ['--link', link],
      `--link must be NAME=URL with a URL of http or https, such as 'Logs=https://logs.example/?trace={trace_id}', got ${link}`,
    ],
  ),
  [['--memory', '--store', 'x'], 'choose one of --store and --memory'],
  [['traces.jsonl'], 'unexpected argument traces.jsonl: give a file of traces as --file FILE'],
  [['--file', 'none.jsonl', '--memory'], 'cannot read the trace none.jsonl: there is no such file'],
  [['--memroy'], 'unknown option --memroy; did you mean --memory?'],
])('wrong use %j is told in one line', async (args, message) => {
  expect(await runMain(['inspect', ...args])).toEqual({ code: 2, stdout: '', stderr: `orchestrace: ${message}\n` });
});

it('teaches by examples', async () => {
  expect((await runMain(['inspect', '--help'])).stdout).toContain(
    '  orchestrace inspect --memory --file yesterday.jsonl\n',
  );
});

/** Starts it, does something while it listens, and ends it by Ctrl-C. */
async function inspect(
  args: readonly string[],
  work: (url: string, printed: (text: string) => Promise<void>) => Promise<void>,
  env: Record<string, string> = {},
): Promise<Ended> {
  let failure: unknown;
  let isStarted = false;
  let output = '';
  let onOutput = (): void => {};
  const printed = async (text: string): Promise<void> => {
    while (!output.includes(text)) await new Promise<void>((resolve) => (onOutput = resolve));
  };
  const ended = await runMain(['inspect', ...args], {
    env,
    onOutput: (child: ChildProcess, stdout) => {
      output = stdout;
      onOutput();
      const url = /Receives OTLP\/HTTP at (http:\/\/127\.0\.0\.1:\d+)/.exec(stdout)?.[1];
      if (isStarted || url === undefined || !stdout.includes('Ctrl-C')) return;
      isStarted = true;
      void work(url, printed)
        .catch((error: unknown) => (failure = error))
        .finally(() => child.kill('SIGINT'));
    },
  });
  if (failure !== undefined) throw failure;
  return ended;
}

/** What runs at the moment, as the page is told. */
async function runningSteps(url: string): Promise<string[]> {
  const { runs } = (await (await fetch(`${url}/api/runs`)).json()) as RunList;
  const found = await Promise.all(
    runs.map(async ({ traceId }) => (await (await fetch(`${url}/api/run?trace=${traceId}`)).json()) as RunView),
  );
  return found.flatMap(({ steps }) => steps.filter(({ state }) => state === 'running').map(({ toolId }) => toolId));
}

async function post(url: string, spans: ReturnType<typeof overviewSpans>): Promise<void> {
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(encodeTracesJson(spans)),
  });
  expect(response.status).toBe(200);
  await response.text();
}
