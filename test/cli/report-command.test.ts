import { exec, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import { encodeTracesJson, encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { readTraces } from '../../src/inspector/read-traces.ts';
import { madeRunSpans } from '../explain/made-runs.ts';
import { made, ours, overviewSpans } from '../explain/made-spans.ts';
import { startJaegerServer } from './jaeger-server.ts';
import { type Ended, MAIN, runMain, type RunOptions } from './run-node.ts';

/** Each test starts processes; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

const SPANS = overviewSpans();
const [{ traceId: TRACE_ID } = { traceId: '' }] = SPANS;
const VERDICT = /^Failed after 100 ms: audit failed after 2 attempts \(audit answered 503\)/;
/** Nothing listens there, and so no Jaeger that happens to run is asked. */
const NO_JAEGER = 'http://127.0.0.1:9';

const FOREIGN = [
  made('GET /', { ms: [0, 20], scope: { name: 'http' } }),
  made('query', { parent: 'GET /', ms: [5, 15], scope: { name: 'pg' } }),
];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-report-'));
  await writeFile(join(folder, 'traces.jsonl'), [...encodeTracesLines(SPANS)].join(''));
  await writeFile(join(folder, 'foreign.jsonl'), [...encodeTracesLines(FOREIGN)].join(''));
  const deep = Array.from({ length: 20_000 }, (_, index) =>
    made(`d${index}`, index === 0 ? {} : { parent: `d${index - 1}` }),
  );
  await writeFile(join(folder, 'deep.jsonl'), [...encodeTracesLines(deep)].join(''));
  await using store = openStore({ file: join(folder, 'traces.sqlite') });
  store.add(SPANS);
});
afterAll(() => rm(folder, { recursive: true }));

describe('a report', () => {
  it.each([
    [['traces.jsonl']],
    [['latest']],
    [[TRACE_ID.toUpperCase()]],
    [[TRACE_ID.slice(0, 8)]],
    [['--plan', 'ci-overview']],
    [['latest', '--store', 'traces.sqlite']],
  ])('of %j begins with the verdict', async (args) => {
    const { code, stdout, stderr } = await report(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(VERDICT);
  });

  it('reads stdin', async () => {
    const input = [...encodeTracesLines(SPANS)].join('');
    expect((await report(['-'], { input })).stdout).toMatch(VERDICT);
  });

  it('reads Jaeger, with headers', async () => {
    await using jaeger = await startJaegerServer(SPANS);
    const { code, stdout } = await report([TRACE_ID, '--jaeger', jaeger.url, '--header', 'authorization: Bearer abc']);
    expect(code).toBe(0);
    expect(stdout).toMatch(VERDICT);
    expect(new Set(jaeger.authorizations)).toEqual(new Set(['Bearer abc']));
  });

  it('is JSON, with the run', async () => {
    const { code, stdout } = await report(['traces.jsonl', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: expect.stringMatching(VERDICT) as string,
      duration_ms: 100,
      completeness: { planned: 5, seen: 5 },
      root_cause: 'audit',
      affected: ['publish'],
      run: { trace_id: TRACE_ID, plan_name: 'ci-overview', start_time: '2026-11-23T00:00:00.000Z' },
    });
  });

  it('is Markdown', async () => {
    const { stdout } = await report(['latest', '--markdown']);
    expect(stdout).toMatch(/^\*\*Failed after 100 ms: .*\*\*\n/);
  });

  it('is the trace itself, as it was', async () => {
    const { stdout } = await report(['latest', '--otlp']);
    const { spans, faults } = readTraces(stdout);
    expect(faults).toEqual([]);
    expect(reconstruct(spans)).toEqual(reconstruct(SPANS));
    expect(spans).toHaveLength(SPANS.length);
  });

  it('has nothing in its JSON that a terminal would act on', async () => {
    const name = 'a\u009b2J\u202eb';
    const spans = [ours('run', 'run', { attributes: { 'plan.name': name, outcome: 'success' } })];
    const input = [...encodeTracesLines(spans)].join('');
    for (const view of ['--json', '--otlp']) {
      const { stdout } = await report(['-', view], { input });
      expect(stdout).toContain(String.raw`a\u009b2J\u202eb`);
      expect(stdout).not.toContain(name);
    }
  });

  it('says on stderr what could not be read, and makes the report of the rest', async () => {
    await writeFile(join(folder, 'cut.jsonl'), `${[...encodeTracesLines(SPANS)].join('')}{"resource`);
    const { code, stdout, stderr } = await report(['cut.jsonl']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'orchestrace: cut.jsonl: line 2 is not JSON, or was cut short\n',
    });
    expect(stdout).toMatch(VERDICT);
  });

  it('is not made of one value that was cut, and says where the file ends', async () => {
    const text = JSON.stringify(encodeTracesJson(SPANS), undefined, 2);
    await writeFile(join(folder, 'cut.json'), text.slice(0, text.lastIndexOf('"scope"') + 2));
    expect(await report(['cut.json'])).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^orchestrace: cut\.json is not JSON: the file ends in the middle of a string, in line \d+\n$/,
      ),
    });
  });

  it('of spans without a run says what is missing, and draws them as a plain tree', async () => {
    const { code, stdout } = await report(['foreign.jsonl']);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "no run is in foreign.jsonl: none of 2 spans has orchestration.span.type: wrap the executor that is
      to be seen as a run, see the README; they are of the scopes http and pg

              0 ms                                     10 ms                               20 ms
      GET /   ──────────────────────────────────────────────────────────────────────────────────     20 ms
        query                      ─────────────────────────────────────────                         10 ms
      "
    `);
    const json = JSON.parse((await report(['foreign.jsonl', '--json'])).stdout) as unknown;
    expect(json).toMatchObject({ run: null, spans: [{ name: 'GET /', start_ms: 0, spans: [{ start_ms: 5 }] }] });
    expect((await report(['foreign.jsonl', '--markdown'])).stdout).toMatch(
      /^\*\*no run is in foreign.*\*\*\n\n```text\n/,
    );
    expect(readTraces((await report(['foreign.jsonl', '--otlp'])).stdout).spans).toHaveLength(2);
    expect((await report(['deep.jsonl'])).stdout).toContain('and more below');
  });

  it('exits with 1 when a rule of --fail-on holds, and says which', async () => {
    const failed = await report(['latest', '--fail-on', 'failure,duration>30s']);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(VERDICT);
    expect(failed.stderr).toMatch(/^orchestrace: .*audit.*\n$/);
    expect(await report(['latest', '--fail-on', 'duration>30s'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('of an endless stdin is given up by Ctrl-C, without a word', async () => {
    const child = spawn(process.execPath, [MAIN, 'report', '-'], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    const ended = once(child, 'close');
    // A second piece fits into the pipe only when the command has read of the first.
    const piece = Buffer.alloc(1024 * 1024, ' ');
    for (let pieces = 0; pieces < 3; pieces++) await new Promise((resolve) => child.stdin.write(piece, resolve));
    child.stdin.on('error', () => {}); // what is still on its way
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(said).toBe('');
  });

  it('is quiet about a reader that leaves early', async () => {
    const script = `"${process.execPath}" "${MAIN}" report traces.jsonl 2>&1 >/dev/stdout | head -1; echo "code \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await promisify(exec)(script, { cwd: folder, shell: 'bash' });
    expect(stdout).toMatch(/^Failed after 100 ms: .*\ncode 0\n$/);
    expect(stderr).toBe('');
  });
});

describe('a list of runs', () => {
  const file = (): string => join(folder, 'many.sqlite');
  const START = Date.UTC(2026, 10, 23);
  const tools = { work: { ms: [0, 1] as const } };
  const at = (second: number, digit: string) => ({ traceId: digit.repeat(32), at: second * 1000, tools });

  beforeAll(async () => {
    await using store = openStore({ file: file() });
    store.add(madeRunSpans({ ...at(1, 'a'), ms: 1500 }));
    store.add(madeRunSpans({ ...at(2, 'b'), ms: 20, name: `evil\x1b[2J${'y'.repeat(200)}`, outcome: 'failure' }));
    store.add(madeRunSpans({ ...at(3, 'c'), ms: undefined, name: 'weekly' }));
  });

  it('has a line for each, newest first: the beginning of its id, when, plan, outcome, duration', async () => {
    expect(await report(['--list', '--store', file()], { env: { COLUMNS: '80', ORCHESTRACE_JAEGER_URL: NO_JAEGER } }))
      .toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "",
        "stdout": "trace     when (UTC)           plan                      outcome            took
      cccccccc  2026-11-23 00:00:03  weekly                    · has not ended
      bbbbbbbb  2026-11-23 00:00:02  evil\\x1b[2Jyyyyyyyyyyyy…  ✗ failed          20 ms
      aaaaaaaa  2026-11-23 00:00:01  nightly                   ✓ succeeded      1.50 s
      ",
      }
    `);
  });

  it('is of one plan where one is named, and names those that there are where there is none', async () => {
    const { stdout } = await report(['--list', '--store', file(), '--plan', 'weekly']);
    expect(stdout.split('\n').slice(1)).toEqual([expect.stringMatching(/^cccccccc .* weekly +· has not ended$/), '']);
    const { code, stderr } = await report(['--list', '--store', file(), '--plan', 'weekli']);
    expect(code).toBe(2);
    expect(stderr).toContain('there is no run of the plan weekli');
    expect(stderr).toContain('Did you mean weekly?');
  });

  it('is JSON with whole ids', async () => {
    const { stdout } = await report(['--list', '--store', file(), '--json']);
    const { runs } = JSON.parse(stdout) as { runs: unknown[] };
    expect(runs).toHaveLength(3);
    expect(runs[2]).toEqual({
      trace_id: 'a'.repeat(32),
      start_time: new Date(START + 1000).toISOString(),
      plan_name: 'nightly',
      strategy: 'dag',
      outcome: 'success',
      duration_ms: 1500,
    });
    expect(runs[0]).toMatchObject({ plan_name: 'weekly' });
  });

  it('has no more than the newest twenty', async () => {
    const many = join(folder, 'more.sqlite');
    await using store = openStore({ file: many });
    for (let i = 0; i < 25; i++)
      store.add(madeRunSpans({ traceId: String(i + 10).repeat(16), at: i * 1000, name: `plan-${i}`, ms: 5, tools }));
    const { stdout } = await report(['--list', '--store', many]);
    const plans = [...stdout.matchAll(/ (plan-\d+) /g)].map(([, plan]) => plan);
    expect(plans).toEqual(Array.from({ length: 20 }, (_, i) => `plan-${24 - i}`));
  });
});

it.each([
  [[], 'report needs a run: orchestrace report TRACE, where TRACE is a trace id, a file, - or latest'],
  [['a', 'b'], 'unexpected argument b: one file at a time'],
  [['latest', '--json', '--otlp'], 'choose one of --json and --otlp'],
  [['--list', 'latest'], '--list shows many runs: leave out TRACE, --markdown, --otlp and --fail-on'],
  [['latest', '--jso'], 'unknown option --jso; did you mean --json?'],
  [['latest', '--fail-on', 'duration>+5%'], /^--fail-on: duration>\+5% needs another run: use orchestrace compare/],
  [['nosuch\x1b[2J'], /^there is no file nosuch\\x1b\[2J, and it is not a trace id: give 32 hex digits/],
  [['1'.repeat(32)], /^there is no trace 1{32}: not in the store .*traces\.sqlite; nothing answers at/],
  [['foreign.jsonl', '--fail-on', 'failure'], /^no run is in foreign\.jsonl: none of 2 spans has/],
  [['deep.jsonl', '--json'], /^the trace is nested too deeply, or too large, to be one JSON document; --otlp/],
  [['latest', '--store', 'none'], 'there is no store none; orchestrace inspect --store FILE makes one'],
  [['traces.sqlite'], /^traces\.sqlite is not UTF-8 text; the trace must be JSON$/],
])('wrong use %j is told in one line', async (args, message) => {
  const { code, stdout, stderr } = await report(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^orchestrace: [^\n]*\n$/);
  const [, said] = /^orchestrace: (.*)\n$/.exec(stderr)!;
  if (typeof message === 'string') expect(said).toBe(message);
  else expect(said).toMatch(message);
});

it('teaches by examples', async () => {
  const { code, stdout } = await report(['--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('orchestrace report latest');
  expect(stdout).toContain('--fail-on takes a list');
});

function report(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const env = { ORCHESTRACE_STORE: join(folder, 'traces.sqlite'), ORCHESTRACE_JAEGER_URL: NO_JAEGER };
  return runMain(['report', ...args], { cwd: folder, env, ...options });
}
