import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { startReceiver } from '../../src/inspector/receive.ts';
import { MAIN, runMain } from './run-node.ts';

/** Each test starts processes; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

/** Nothing listens there, and so no Jaeger that happens to run is asked. */
const NO_JAEGER = { ORCHESTRACE_JAEGER_URL: 'http://127.0.0.1:9' };
const PLAN = {
  name: 'ci-overview',
  strategy: 'dag',
  tools: [
    { tool_id: 'primary', tool_type: 'ci_lookup', output_mapping: { keywords: '{$input.keywords}' } },
    { tool_id: 'aggregate', depends_on: ['primary'], output_mapping: { type: '{primary.data.rows[0].ci_type}' } },
    { tool_id: 'flaky', depends_on: ['primary'], retry: { max_attempts: 2 } },
    { tool_id: 'broken', depends_on: ['primary'] },
    { tool_id: 'report', depends_on: ['broken'] },
  ],
};
const TWO = { tools: [{ tool_id: 'first' }, { tool_id: 'second', depends_on: ['first'] }] };
const TOOLS = `
export const ci_lookup = ({ keywords }) => ({ rows: [{ ci_type: keywords?.[0] ?? 'none' }] });
export const aggregate = { execute: async ({ type }) => 'all of ' + type };
export function flaky(params, { attempt }) { if (attempt === 1) throw new Error('busy'); return attempt; }
export async function broken() { throw new Error('no such table\\x1b[2J'); }
export function report() {}
export const port = 80;
`;
/** Waits until it is cancelled. */
const SLOW = `
export const first = (params, { signal }) => new Promise((_, reject) => {
  const timer = setInterval(() => {}, 1000);
  signal.addEventListener('abort', () => { clearInterval(timer); reject(signal.reason); });
  console.log('waiting');
});
export const second = () => 2;
`;

const VERDICT = /^(Succeeded|Failed|Cancelled)(.+\n)+\n/;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-run-'));
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  await Promise.all([
    write('plan.json', JSON.stringify(PLAN)),
    write('two.json', JSON.stringify(TWO)),
    write('tools.mjs', TOOLS),
    write('slow.mjs', SLOW),
    write('two.mjs', 'export const first = () => 1; export const second = () => 2;'),
    write('input.json', '{ "keywords": ["web"] }'),
  ]);
});
afterAll(() => rm(folder, { recursive: true }));

describe('a run', () => {
  it('says how it goes on, a line for each step, and ends with the timeline', async () => {
    const { code, stdout, stderr } = await run(['plan.json', '--tools', 'tools.mjs', '--input', 'input.json']);
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /^Failed after \S+ m?s: broken failed \(no such table \[2J\); report did not run because of it\./,
    );
    expect(withoutTimes(stderr)).toMatchInlineSnapshot(`
      "primary started
      primary succeeded, N ms
      aggregate started
      flaky started
      broken started
      aggregate succeeded, N ms
      broken failed, N ms: no such table\\x1b[2J
      report skipped: dependency failed: broken
      flaky attempt 2 started
      flaky succeeded, N ms
      "
    `);
    expect(withoutTimes(stdout)).toMatchInlineSnapshot(`
      "VERDICT

      ci-overview [dag] failed after N ms
      trace TRACE
      5 of 5 planned steps seen: 3 succeeded, 1 failed, 1 skipped

                           AXIS
      group 0 serial ~ N ms
        ✓ primary ~ N ms
      group 1 parallel ~ N ms
        ✓ aggregate ~ N ms
        ✓ flaky ~ N ms
          ✗ attempt 1 of 2 ~ N ms
                           failed: busy
          ✓ attempt 2 of 2 ~ N ms
        ✗ broken ~ N ms
                           failed: no such table\\x1b[2J
      group 2 serial ~ N ms
        - report           skipped: dependency failed: broken

      data flow
        primary.keywords <- $input.keywords  (array, 7 bytes)
        aggregate.type <- primary.data.rows[0].ci_type  (string, 5 bytes)

      Output: {"aggregate":"all of web","flaky":2}
      "
    `);
  });

  it('is printed as JSON, with its result; what tools print is kept apart', async () => {
    const tools = 'export const first = () => { console.log("noise"); return 1n; }; export const second = () => 2;';
    await write('noisy.mjs', `console.log('loading'); ${tools}`);
    const { code, stdout, stderr } = await run(['two.json', '--tools', 'noisy.mjs', '--json']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^loading\nnoise\n(To see it|Sent to)/);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: expect.stringMatching(/^Succeeded in /) as string,
      success: true,
      outcome: 'success',
      failed_steps: [],
      skipped_steps: [],
      final_output: 2,
      run: { outcome: 'success', seen_steps: 2, notes: [] },
    });
  });

  it('takes the plan from one place and the input from stdin', async () => {
    const args = ['plan.json', '--tools', 'tools.mjs', '--input', '-', '--json'];
    const { stdout } = await run(args, { input: '{"keywords":["db"]}' });
    expect(JSON.parse(stdout)).toMatchObject({
      final_output: { aggregate: 'all of db', flaky: 2 },
      failed_steps: ['broken'],
    });
  });

  it('runs at most so many tools at once', async () => {
    await write(
      'wide.json',
      JSON.stringify({
        tools: Array.from({ length: 6 }, (_, index) => ({ tool_id: `t${index}`, tool_type: 'count' })),
      }),
    );
    await write(
      'count.mjs',
      `let now = 0, most = 0;
      export async function count() { most = Math.max(most, ++now); await new Promise((resolve) => setTimeout(resolve, 20)); now--; return most; }`,
    );
    const { stdout } = await run(['wide.json', '--tools', 'count.mjs', '--concurrency', '2', '--json']);
    expect((JSON.parse(stdout) as { final_output: number[] }).final_output.at(-1)).toBe(2);
  });

  it.each([
    ['default.mjs', 'export default { first: () => 1, second: { execute: () => 2 } };'],
    ['tools.cjs', 'exports.first = () => 1; exports.second = () => 2;'],
    ['object.cjs', 'module.exports = { first: () => 1, second: () => 2 };'],
    [
      'compiled.cjs',
      'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = { first: () => 1, second: () => 2 };',
    ],
    ['tools.ts', 'export const first = (params: { a?: number }): number => 1; export const second = () => 2 as const;'],
    ['tools.mts', 'interface A {} export const first = (a: A) => 1, second = () => 2;'],
    ['tools.cts', 'const first = (): number => 1; module.exports = { first, second: () => 2 };'],
  ])('loads %s', async (name, text) => {
    await write(name, text);
    const { code, stdout } = await run(['two.json', '--tools', name, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ final_output: 2 });
  });

  it('shows HTTP requests of tools, and is not kept by what they left open', async () => {
    await write(
      'fetch.mjs',
      `export const first = async () => (await fetch('data:,x')).text();
      export const second = () => { setInterval(() => {}, 1000); return 2; };`,
    );
    expect((await run(['two.json', '--tools', 'fetch.mjs'])).code).toBe(0);
  });

  it('is redrawn as a tree on a terminal, with what tools print above it', async () => {
    await write(
      'print.mjs',
      `const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      export async function first() { await sleep(150); process.stdout.write('half '); await sleep(150); console.log('line'); return 1; }
      export const second = () => sleep(150);`,
    );
    const command = `stty cols 70 rows 20; ORCHESTRACE_STORE=off NO_COLOR=1 "${process.execPath}" "${MAIN}" run two.json --tools print.mjs`;
    const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], { cwd: folder });
    const frames = stdout.replaceAll('\r', '').split(/\x1b\[\d+A\x1b\[0J/); // oxlint-disable-line no-control-regex
    expect(frames.length).toBeGreaterThan(4);
    expect(withoutTimes(frames[0]!)).toMatchInlineSnapshot(`
      "unnamed plan [serial] 0 of 2 done, N ms
      group 0 serial
        · first
      group 1 serial
        · second
      "
    `);
    expect(frames.map(withoutTimes)).toContain(
      'unnamed plan [serial] 0 of 2 done, N ms\ngroup 0 serial\n  ▸ first N ms\ngroup 1 serial\n  · second\n',
    );
    expect(frames.some((frame) => frame.startsWith('half line\nunnamed plan [serial]'))).toBe(true);
    expect(frames.at(-1)).toMatch(/^Succeeded in (.+\n)+\nunnamed run \[serial\] succeeded/);
  });
});

describe('keeping it', () => {
  it('keeps the trace where the environment says, so that it can be seen again', async () => {
    const env = { ORCHESTRACE_STORE: join(folder, 'state', 'traces.sqlite'), ...NO_JAEGER };
    const { stdout } = await run(['two.json', '--tools', 'two.mjs'], { env });
    // From its sources it is not there by its name.
    const [, again] = /\nKept; see it again: npx (node .*) report latest\n$/.exec(stdout)!;
    expect(again).toBe(`node ${relative(folder, MAIN)}`);
    const [, traceId] = /^trace (\w+)$/m.exec(stdout)!;
    const report = await runMain(['report', 'latest'], { cwd: folder, env });
    expect(report).toMatchObject({ code: 0, stderr: '' });
    expect(report.stdout).toContain(`\ntrace ${traceId}\n`);
    expect(report.stdout.slice(0, 9)).toBe(stdout.slice(0, 9));
  });

  it('keeps what a run that is killed had sent', async () => {
    const env = { ORCHESTRACE_STORE: join(folder, 'killed.sqlite'), ...NO_JAEGER };
    let isStopping = false;
    await run(['two.json', '--tools', 'slow.mjs'], {
      env,
      onOutput: (child, out) => {
        if (isStopping || !out.includes('waiting')) return;
        isStopping = true;
        void vi
          .waitFor(async () => {
            await using store = openStore({ file: env.ORCHESTRACE_STORE });
            expect(store.counts.spans).toBeGreaterThan(0);
          }, 20_000)
          .finally(() => child.kill('SIGKILL'));
      },
    });
    const { stdout } = await runMain(['report', 'latest'], { cwd: folder, env });
    expect(stdout).toMatch(/^No end of the run arrived, nor of any step\. first could run, and no end of it arrived/);
  });

  it('goes on with one line when it cannot be kept', async () => {
    const file = join(folder, 'tools.mjs', 'traces.sqlite');
    const { code, stdout, stderr } = await run(['two.json', '--tools', 'two.mjs', '--json'], {
      env: { ORCHESTRACE_STORE: file },
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^orchestrace: the trace is not kept: cannot use the store .*\n(To see it|Sent to).*\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ success: true, run: { seen_steps: 2 } });
  });
});

describe('sending it on', () => {
  it('sends everything while the run goes on, and says where it is to be seen', async () => {
    const received: ReceivedSpan[] = [];
    await using backend = await startReceiver({ onSpans: (spans) => void received.push(...spans) });
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      ORCHESTRACE_JAEGER_URL: 'http://jaeger.test:1',
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_SERVICE_NAME: 'mine',
    };
    const { stdout } = await run(['two.json', '--tools', 'two.mjs'], { env });
    const [traced] = reconstruct(received);
    expect(traced).toMatchObject({ seenTools: 2, outcome: 'success', notes: [] });
    expect(received[0]?.resource.get('service.name')).toBe('mine');
    expect(stdout).toContain(`\nSent to ${backend.url}/v1/traces: http://jaeger.test:1/trace/${traced!.traceId}\n`);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is cancelled by %s, and its spans are sent all the same', async (signal, expected) => {
    const received: ReceivedSpan[] = [];
    await using backend = await startReceiver({ onSpans: (spans) => void received.push(...spans) });
    let isSent = false;
    const { code, stdout } = await run(['two.json', '--tools', 'slow.mjs'], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url },
      onOutput: (child, out) => {
        if (isSent || !out.includes('waiting')) return;
        isSent = true;
        child.kill(signal);
      },
    });
    expect(code).toBe(expected);
    expect(stdout).toContain('unnamed run [serial] cancelled after');
    expect(stdout).toContain(`Sent to ${backend.url}`);
    const [traced] = reconstruct(received);
    expect(traced).toMatchObject({ outcome: 'cancellation', seenTools: 2 });
  });

  it('has sent the plan when the run is killed', async () => {
    const received: ReceivedSpan[] = [];
    await using backend = await startReceiver({ onSpans: (spans) => void received.push(...spans) });
    let isStopping = false;
    const { code } = await run(['two.json', '--tools', 'slow.mjs'], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url },
      onOutput: (child, out) => {
        if (isStopping || !out.includes('waiting')) return;
        isStopping = true;
        void vi.waitFor(() => expect(received.length).toBeGreaterThan(0), 10_000).finally(() => child.kill('SIGKILL'));
      },
    });
    expect(code).toBeNull();
    expect(reconstruct(received)).toMatchObject([{ plannedTools: 2, outcome: undefined }]);
  });

  it.each([
    ['Ctrl-C', ['SIGINT', 'SIGINT']],
    ['SIGTERM', ['SIGTERM', 'SIGTERM']],
    ['SIGTERM after Ctrl-C', ['SIGINT', 'SIGTERM']],
  ] as const)('ends at once on a second signal: %s', async (_, signals) => {
    const silent = createServer(() => {}); // never answers, and so is waited for
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    let [interrupts, last] = [0, 0];
    const { code } = await run(['two.json', '--tools', 'slow.mjs'], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` },
      onOutput: (child, out) => {
        if (!out.includes(['waiting', 'cancelled after'][interrupts] ?? 'nothing more')) return;
        last = Date.now();
        child.kill(signals[interrupts++]);
      },
    });
    silent.closeAllConnections();
    silent.close();
    expect({ code, interrupts }).toEqual({ code: null, interrupts: 2 });
    expect(Date.now() - last).toBeLessThan(3_000);
  });

  it('leaves tracing that the tools have set up themselves alone, and says so', async () => {
    await using backend = await startReceiver({ onSpans: () => {} });
    await write(
      'traced.mjs',
      `import { startTracing } from '${new URL('../../src/node/index.ts', import.meta.url).href}';
      await startTracing({ endpoint: '${backend.url}' });
      export const first = () => 1; export const second = () => { throw new Error('down'); };`,
    );
    const { code, stdout } = await run(['two.json', '--tools', 'traced.mjs']);
    expect(code).toBe(1);
    expect(withoutTimes(stdout)).toMatchInlineSnapshot(`
      "unnamed plan: failure
        first succeeded, N ms
        second failed, N ms: down

      Output: 1
      The tools have tracing of their own: the spans went where that sends them.
      "
    `);
  });
});

describe('what goes wrong in tools is told in one line', () => {
  it('an error outside their calls cancels the run; its trace is drawn', async () => {
    await write(
      'stray.mjs',
      `import * as slow from './slow.mjs';\nexport const first = (params, context) => {\n  setTimeout(() => { throw new Error('lost'); }, 20);\n  return slow.first(params, context);\n};\nexport const second = () => 2;`,
    );
    const { code, stdout, stderr } = await run(['two.json', '--tools', 'stray.mjs']);
    expect(code).toBe(1);
    expect(stdout).toContain('cancelled after');
    expect(stderr).toMatch(/\norchestrace: a tool threw outside its call: lost \(\S*stray\.mjs:3\)\n$/);
  });

  it.each([
    [
      'throws.mjs',
      '\nthrow new Error("no database\\x1b[2J");',
      String.raw`throws.mjs cannot be loaded: no database\x1b[2J (throws.mjs:2)`,
    ],
    [
      'getter.cjs',
      'module.exports = { get first() { throw new Error("locked"); } };',
      /^getter\.cjs cannot be loaded: locked \(getter\.cjs:1\)\n$/,
    ],
    ['nothing.mjs', 'throw undefined;', 'nothing.mjs cannot be loaded: it throws undefined'],
    ['syntax.mjs', 'export const = 1;', "syntax.mjs cannot be loaded: Unexpected token '='; node --check shows where"],
    [
      'enum.ts',
      'enum A { B }',
      /^enum\.ts cannot be loaded: .*; Node only strips types: compile it, or leave out enums/,
    ],
    [
      'stall.mjs',
      'await new Promise(() => {});',
      'stall.mjs cannot be loaded: it waits at its top level for something that never comes',
    ],
    [
      'empty.mjs',
      '',
      'empty.mjs exports no tools; export functions by tool_type or tool_id, e.g. export function primary(params) {}',
    ],
    [
      'others.mjs',
      'export const port = 80, list = [];',
      'others.mjs exports no tools, only list (an array), port (a number); export functions by tool_type or tool_id, e.g. export function primary(params) {}',
    ],
    [
      'function.mjs',
      'export default () => 1;',
      'function.mjs exports no tools, only a default export without a name; export functions by tool_type or tool_id, e.g. export function primary(params) {}',
    ],
    [
      'lacks.mjs',
      'export const first = () => 1; export const other = () => 2;',
      'this plan cannot be run (the tools given are first, other): tools[1]: no tool "second"',
    ],
  ])('%s', async (name, text, message) => {
    await write(name, text);
    const { code, stdout, stderr } = await run(['two.json', '--tools', name]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^orchestrace: [^\n]*\n$/);
    if (typeof message === 'string') expect(stderr).toBe(`orchestrace: ${message}\n`);
    else expect(stderr.slice('orchestrace: '.length)).toMatch(message);
  });

  it('process.exit in a tool', async () => {
    await write('exits.mjs', 'export const first = () => process.exit(5); export const second = () => 2;');
    const { code, stderr } = await run(['two.json', '--tools', 'exits.mjs']);
    expect({ code, said: stderr.split('\n').at(-2) }).toEqual({
      code: 5,
      said: 'orchestrace: process.exit(5) was called while the run went on: its trace is not drawn, and may not be sent',
    });
  });

  it('TypeScript where Node cannot strip types', async () => {
    await write('old.ts', 'export const first = () => 1;');
    const { code, stderr } = await run(['two.json', '--tools', 'old.ts'], {
      nodeArgs: [
        '--import',
        'data:text/javascript,Object.defineProperty(process.features, "typescript", { value: false })',
      ],
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^orchestrace: old\.ts is TypeScript, which Node \S+ does not run by itself; set NODE_OPTIONS=--experimental-strip-types, or use Node 22\.18 or newer\n$/,
    );
  });
});

describe('wrong use: exit code 2, nothing is run', () => {
  it.each([
    [[], 'run needs a plan: orchestrace run FILE --tools MODULE'],
    [['two.json'], 'run needs tools: --tools MODULE, a module that exports functions by tool_type or tool_id'],
    [['two.json', '--tools'], "option '--tools <value>' argument missing"],
    [['two.json', '--tools', 'none.mjs'], 'cannot read the tools none.mjs: there is no such file'],
    [['two.json', '--tools', 'sub'], 'sub is a folder; name the module with the tools'],
    [['none.json', '--tools', 'two.mjs'], 'cannot read the plan none.json: there is no such file'],
    [['two.mjs', '--tools', 'two.mjs'], 'two.mjs is not JSON: line 1, column 1: expected a value'],
    [['input.json', '--tools', 'two.mjs'], 'invalid plan: tools: expected an array of tools, got nothing'],
    [
      ['two.json', '--tools', 'two.mjs', '--input', 'two.mjs'],
      'two.mjs is not JSON: line 1, column 1: expected a value',
    ],
    [['two.json', '--tools', 'two.mjs', '--input', 'sub'], 'sub is a folder; name the file of the input'],
    [['-', '--tools', 'two.mjs', '--input', '-'], 'the plan and the input cannot both come from stdin'],
    [
      ['two.json', '--tools', 'two.mjs', '--concurrency', '0'],
      '--concurrency must be a whole number of at least 1, got 0',
    ],
    [
      ['two.json', '--tools', 'two.mjs', '--concurrency', 'many'],
      '--concurrency must be a whole number of at least 1, got many',
    ],
    [['two.json', '--tool', 'two.mjs'], 'unknown option --tool; did you mean --tools?'],
  ])('%j', async (args, message) => {
    await mkdir(join(folder, 'sub'), { recursive: true });
    expect(await run(args)).toEqual({ code: 2, stdout: '', stderr: `orchestrace: ${message}\n` });
  });

  it('teaches by examples', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('orchestrace run plan.json --tools tools.mjs');
  });
});

it('goes on quietly when the reader of its output leaves, and sends its trace', async () => {
  const received: ReceivedSpan[] = [];
  await using backend = await startReceiver({ onSpans: (spans) => void received.push(...spans) });
  await write(
    'chatty.mjs',
    `export async function first() { console.log('one'); await new Promise((resolve) => setTimeout(resolve, 200)); console.log('two'); }
    export const second = () => console.log('three');`,
  );
  const script = `"${process.execPath}" "${MAIN}" run two.json --tools chatty.mjs 2>/dev/null | head -1; echo "code \${PIPESTATUS[0]}"`;
  const env = { ...process.env, ORCHESTRACE_STORE: 'off', OTEL_EXPORTER_OTLP_ENDPOINT: backend.url };
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: folder, env });
  expect({ stdout, stderr }).toEqual({ stdout: 'one\ncode 0\n', stderr: '' });
  expect(reconstruct(received)).toMatchObject([{ outcome: 'success', seenTools: 2 }]);
  // Sending on, which began while the run went on, made no spans of its own.
  expect(received.filter(({ kind }) => kind === 'client')).toEqual([]);
});

function write(name: string, text: string): Promise<void> {
  return writeFile(join(folder, name), text);
}

function run(args: readonly string[], options: Parameters<typeof runMain>[1] = {}): ReturnType<typeof runMain> {
  return runMain(['run', ...args], { cwd: folder, ...options });
}

/** What is shown without what differs from run to run: times, bars, ids, and whether a backend happens to be there. */
/** Without what differs from run to run; the verdict tells what took longest. */
function withoutTimes(text: string): string {
  return text
    .replace(VERDICT, 'VERDICT\n\n')
    .replaceAll(/\d+ ms {2,}.*$/gm, 'AXIS')
    .replaceAll(/[├─┤│█▏]+|·(?=\s+<?\d)/g, '~')
    .replaceAll(/<?\d+(\.\d+)? m?s\b/g, 'N ms')
    .replaceAll(/ {2,}(?=~|N ms)/g, ' ')
    .replaceAll(/[0-9a-f]{32}/g, 'TRACE')
    .replaceAll(/^(To see it|Sent to|Could not).*\n/gm, '');
}
