import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startReceiver } from '../../src/inspector/receive.ts';
import { makeProgramFolder, REGISTER } from '../node/api-copies.ts';
import { findFreePort, startAnswering, startGrpc, startTls } from '../node/fault-servers.ts';
import { runMain } from './run-node.ts';

/** Each test starts processes; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

/** Traces a run, sends it and says so; the endpoint is in the code, where no environment tells it. */
const APP = `
import { startTracing } from '${new URL('../../src/node/index.ts', import.meta.url).href}';
import { runPlan } from '${new URL('../../src/index.ts', import.meta.url).href}';
const tracing = await startTracing({ endpoint: process.env.IN_CODE, onWarning: () => {} });
await runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: () => 1 } });
await tracing.shutdown();
console.log('app: done');
console.error('app: error');
process.exitCode = Number(process.env.CODE ?? 0);
`;
const NODE = process.execPath;

let folder: string;
const folders: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace doctor '));
  folders.push(folder);
  await writeFile(join(folder, 'app.mjs'), APP);
});
afterAll(() => Promise.all(folders.map((one) => rm(one, { recursive: true }))));

describe('the endpoint alone', () => {
  it('that takes spans is well', async () => {
    await using receiver = await startReceiver({ onSpans: () => {} });
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    expect(await doctor([], env)).toEqual({
      code: 0,
      stdout: `ok: ${receiver.url}/v1/traces takes spans (http/json)\n`,
      stderr: '',
    });
  });

  it('that refuses is found', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const { code, stdout, stderr } = await doctor(['--endpoint', url]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout.replace(url, 'URL')).toMatchInlineSnapshot(`
      "ENDPOINT_REFUSED: nothing listens at URL/v1/traces (ECONNREFUSED)
        fix: start a Collector there (docker compose up), or name another endpoint in OTEL_EXPORTER_OTLP_ENDPOINT
      "
    `);
  });

  it('is printed as JSON', async () => {
    await using server = await startGrpc();
    const { code, stdout } = await doctor([
      '--json',
      '--endpoint',
      `http://127.0.0.1:${server.port}`,
      '--protocol',
      'http/protobuf',
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, findings: [{ code: 'WRONG_PROTOCOL' }] });
  });
});

describe('a command', () => {
  it('that sends its spans is well; its output and exit code are its own', async () => {
    await using receiver = await startReceiver({ onSpans: () => {} });
    const env = { IN_CODE: receiver.url };
    expect(await doctor(['--', NODE, 'app.mjs'], env)).toEqual({
      code: 0,
      stdout: 'app: done\n',
      stderr: 'app: error\n\nok: spans are recorded and sent\n',
    });
    expect((await doctor(['--', NODE, 'app.mjs'], { ...env, CODE: '7' })).code).toBe(7);
    const { code, stdout, stderr } = await doctor(['--json', '--', NODE, 'app.mjs'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'app: done\napp: error\n' });
    expect(JSON.parse(stdout)).toEqual({ ok: true, findings: [] });
  });

  it('without a provider', async () => {
    await writeFile(join(folder, 'bare.mjs'), '');
    expect(await findingsOf(['bare.mjs'])).toEqual(['NO_PROVIDER']);
  });

  it('that calls process.exit, or fails, tells as well', async () => {
    await writeFile(join(folder, 'exits.mjs'), 'process.exit(0)');
    expect(await findingsOf(['exits.mjs'])).toEqual(['NO_PROVIDER']);
    await writeFile(join(folder, 'fails.mjs'), 'throw new Error("down")');
    const { code, stderr } = await doctor(['--', NODE, 'fails.mjs']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Error: down[\s\S]*\nNO_PROVIDER: /);
  });

  it('whose endpoint, given in its code, refuses', async () => {
    const port = await findFreePort();
    const { code, stderr } = await doctor(['--', NODE, 'app.mjs'], { IN_CODE: `http://127.0.0.1:${port}` });
    expect(code).toBe(1);
    expect(stderr).toContain(`ENDPOINT_REFUSED: nothing listens at 127.0.0.1:${port}`);
  });

  it('that sends to a wrong path', async () => {
    await using server = await startAnswering(404);
    expect(await findingsOf(['app.mjs'], { IN_CODE: `http://127.0.0.1:${server.port}` })).toEqual(['WRONG_PATH']);
  });

  it('that sends JSON to who takes none, plain to who wants TLS, HTTP to gRPC', async () => {
    await using refusing = await startAnswering(415);
    await using tls = await startTls();
    await using grpc = await startGrpc();
    expect(await findingsOf(['app.mjs'], { IN_CODE: `http://127.0.0.1:${refusing.port}` })).toEqual(['WRONG_PROTOCOL']);
    expect(await findingsOf(['app.mjs'], { IN_CODE: `http://127.0.0.1:${tls.port}` })).toEqual(['TLS_MISMATCH']);
    expect(await findingsOf(['app.mjs'], { IN_CODE: `https://127.0.0.1:${tls.port}` })).toEqual(['TLS_CERTIFICATE']);
    expect(await findingsOf(['app.mjs'], { IN_CODE: `http://127.0.0.1:${grpc.port}` })).toEqual(['WRONG_PROTOCOL']);
  });

  it('whose receiver failed then and works now', async () => {
    let requests = 0;
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(requests++ === 0 ? 400 : 200).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await findingsOf(['app.mjs'], { IN_CODE: `http://127.0.0.1:${port}` })).toEqual(['ENDPOINT_FAILS']);
    server.close();
    server.closeAllConnections();
  });

  it.each([
    ['1.9.1', 'registerProvider(); registerContextManager();', ['API_TOO_OLD'], 1],
    ['1.11.0', 'registerProvider(); registerContextManager();', ['API_COPIES', 'NOTHING_SENT'], 1],
    [undefined, 'registerProvider();', ['NO_CONTEXT_MANAGER'], 1],
    [undefined, 'registerContextManager(); registerProvider(); await null; trace.disable();', ['NOTHING_SENT'], 1],
    [undefined, '', ['NO_PROVIDER'], 1],
  ])('with the API %s that does %j: %j', async (version, program, codes, exitCode) => {
    await using receiver = await startReceiver({ onSpans: () => {} });
    const cwd = await makeProgramFolder(version);
    folders.push(cwd);
    await writeFile(join(cwd, 'register.mjs'), REGISTER);
    await writeFile(
      join(cwd, 'app.mjs'),
      `import { trace } from '@opentelemetry/api';
      import { registerContextManager, registerProvider } from './register.mjs';
      ${program}
      await null;`,
    );
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const { code, stdout } = await runMain(['doctor', '--json', '--', NODE, 'app.mjs'], { cwd, env });
    expect(codesOf(stdout)).toEqual(codes);
    expect(code).toBe(exitCode);
  });

  it('behind another process, such as npm', async () => {
    await using receiver = await startReceiver({ onSpans: () => {} });
    const outer = `const { status } = require('node:child_process').spawnSync(process.execPath, ['app.mjs'], { stdio: 'inherit' }); process.exit(status)`;
    await writeFile(join(folder, 'outer.cjs'), outer);
    expect(await findingsOf(['outer.cjs'], { IN_CODE: receiver.url })).toEqual([]);
  });

  it.each([
    [
      { OTEL_TRACES_SAMPLER: 'always_off' },
      'SAMPLED_OUT: OTEL_TRACES_SAMPLER=always_off drops every span: nothing was sent',
    ],
    [
      { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
      'SAMPLED_OUT: OTEL_TRACES_SAMPLER=parentbased_traceidratio with OTEL_TRACES_SAMPLER_ARG=0 drops every span: nothing was sent',
    ],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1e-18' },
      'NOTHING_SENT: a tracer provider is registered, and no span was seen to be sent; OTEL_TRACES_SAMPLER=traceidratio with OTEL_TRACES_SAMPLER_ARG=1e-18 may have dropped them all',
    ],
  ])('whose spans are dropped by a sampler is not called well: %j', async (sampler, said) => {
    await using receiver = await startReceiver({ onSpans: () => {} });
    const env = { ...sampler, IN_CODE: receiver.url, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const { code, stderr } = await doctor(['--', NODE, 'app.mjs'], env);
    expect(code).toBe(1);
    expect(stderr).toContain(`\n${said}\n  fix: `);
    expect(stderr).not.toContain('ok:');
  });

  it('that sends over gRPC is well', async () => {
    await using server = await startGrpc();
    const env = { IN_CODE: `http://127.0.0.1:${server.port}`, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    expect(await findingsOf(['app.mjs'], env)).toEqual([]);
  });

  it('that sends to a page, which takes everything, is not called well', async () => {
    await using server = await startAnswering(200, 'text/html', '<!doctype html>');
    expect(await findingsOf(['app.mjs'], { IN_CODE: `http://127.0.0.1:${server.port}` })).toEqual(['WRONG_PATH']);
  });

  it('is told to end when the doctor is, and examined all the same', async () => {
    const program = `process.on('SIGTERM', () => { console.log('ends'); process.exit(); });
      setInterval(() => {}, 60_000);
      console.log('waits');`;
    await writeFile(join(folder, 'waits.mjs'), program);
    const { code, stdout, stderr } = await runMain(['doctor', '--', NODE, 'waits.mjs'], {
      cwd: folder,
      onOutput: (child, out) => void (out === 'waits\n' && child.kill('SIGTERM')),
    });
    expect({ code, stdout }).toEqual({ code: 143, stdout: 'waits\nends\n' });
    expect(stderr).toContain('NO_PROVIDER');
  });

  it('that is no Node program', async () => {
    const { code, stdout } = await doctor(['--json', '--', 'true']);
    expect(code).toBe(1);
    expect(codesOf(stdout)).toEqual(['NO_REPORT']);
  });
});

it.each([
  [['--'], 'a command is missing after the two dashes: orchestrace doctor -- node app.js'],
  [['--', 'no-such-command\x1b[2J'], String.raw`cannot run no-such-command\x1b[2J: there is no such command`],
  [
    ['node', 'app.js'],
    'unexpected argument app.js: a command comes after two dashes: orchestrace doctor -- node app.js',
  ],
  [['--jsno'], 'unknown option --jsno; did you mean --json?'],
  [['--protocol', 'smoke'], '--protocol must be one of http/json, http/protobuf, grpc, got smoke'],
  [
    ['--endpoint', 'http://127.0.0.1:1', '--', 'node'],
    'with a command, its environment says the endpoint: leave out --endpoint and --protocol',
  ],
])('wrong use %j is told in one line', async (args, message) => {
  expect(await doctor(args)).toEqual({ code: 2, stdout: '', stderr: `orchestrace: ${message}\n` });
});

it('teaches by examples', async () => {
  expect((await doctor(['--help'])).stdout).toContain('orchestrace doctor -- node app.js');
});

function doctor(args: readonly string[], env: Record<string, string> = {}): ReturnType<typeof runMain> {
  return runMain(['doctor', ...args], { cwd: folder, env });
}

async function findingsOf(program: readonly string[], env: Record<string, string> = {}): Promise<string[]> {
  return codesOf((await doctor(['--json', '--', NODE, ...program], env)).stdout);
}

function codesOf(json: string): string[] {
  return (JSON.parse(json) as { findings: { code: string }[] }).findings.map(({ code }) => code);
}
