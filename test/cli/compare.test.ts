import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCompare } from '../../src/cli/compare.ts';
import { encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { madeRunSpans } from '../explain/made-runs.ts';
import { type Ended, runMain } from './run-node.ts';

/** Each test starts a process; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

type Spans = ReturnType<typeof madeRunSpans>;

/** A run of `fetch > rank` that starts at a second, and takes a second longer than `rank`. */
function nightly(
  digit: string,
  at: number,
  rank: number,
  more: Partial<Parameters<typeof madeRunSpans>[0]> = {},
): Spans {
  return madeRunSpans({
    traceId: digit.repeat(32),
    at: at * 1000,
    ms: rank + 1000,
    tools: { fetch: { ms: [0, 1000] }, rank: { needs: ['fetch'], ms: [1000, 1000 + rank] } },
    ...more,
  });
}

const OLD = nightly('a', 10, 1000);
const SLOW = nightly('b', 20, 3000);
const FAILED = nightly('c', 30, 1000, { outcome: 'failure' });
const OTHER = nightly('d', 40, 9000, { name: 'weekly' });
const LAST = nightly('e', 50, 4000);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace compare '));
  const files: Record<string, Spans[]> = {
    'old.jsonl': [OLD],
    'last.jsonl': [LAST],
    'all.jsonl': [OLD, SLOW, FAILED, OTHER, LAST],
    'none.jsonl': [FAILED, LAST],
  };
  await Promise.all(Object.entries(files).map(([name, runs]) => writeFile(join(folder, name), linesOf(runs))));
  await using store = openStore({ file: join(folder, 'traces.sqlite') });
  for (const spans of [OLD, SLOW, FAILED, OTHER, LAST]) store.add(spans);
});
afterAll(() => rm(folder, { recursive: true }));

describe('the first run of a plan', () => {
  const NOTHING = 'There is nothing to compare with yet: no run of nightly before this one succeeded,';

  it.each([
    ['none.jsonl', 'last-success', 'in none.jsonl.'],
    ['last.jsonl', 'last-success', 'as far as runs are kept.'],
    ['last.jsonl', 'median:20', 'as far as runs are kept.'],
  ])('is not wrong use: %s against %s', async (file, baseline, where) => {
    const { code, stdout, stderr } = await compare(file, '--baseline', baseline);
    const notes = file === 'none.jsonl' ? 'orchestrace: none.jsonl has 2 runs; the newest is shown\n' : '';
    expect({ code, stderr }).toEqual({ code: 0, stderr: notes });
    expect(stdout.replaceAll(/\s+/g, ' ')).toBe(`${NOTHING} ${where} `);
  });

  it('is told to programs and pull requests too', async () => {
    const { stdout } = await compare('last.jsonl', '--baseline', 'last-success', '--json');
    const summary = `${NOTHING} as far as runs are kept.`;
    expect(JSON.parse(stdout)).toMatchObject({ summary, against: null, after: { plan_name: 'nightly' } });
    const markdown = await compare('last.jsonl', '--baseline', 'last-success', '--markdown');
    expect(markdown.stdout).toBe(`**${summary}**\n`);
  });

  it('is judged by the rules that need no other', async () => {
    const judge = (rules: string): Promise<Ended> =>
      compare('last.jsonl', '--baseline', 'last-success', '--fail-on', rules);
    const relative = await judge('failure, duration>+20%, plan_changed');
    expect(relative.code).toBe(0);
    expect(relative.stderr).toBe('orchestrace: not judged, for there is no run before: duration>+20%, plan_changed\n');
    const absolute = await judge('duration>1s');
    expect(absolute.code).toBe(1);
    expect(absolute.stderr).toBe('orchestrace: duration>1s: the run took 5.00 s\n');
  });
});

describe('two runs', () => {
  it('are read from files, and compared', async () => {
    const { code, stdout, stderr } = await compare('old.jsonl', 'last.jsonl');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe('3.00 s longer (+150 %): rank took 3.00 s longer.');
    expect(stdout).toMatch(/^rank +1\.00 s +4\.00 s +\+3\.00 s \(\+300 %\)$/m);
  });

  it('are found in a store by id, prefix, or as the latest', async () => {
    const env = { ORCHESTRACE_STORE: join(folder, 'traces.sqlite'), ORCHESTRACE_JAEGER_URL: 'http://127.0.0.1:1' };
    const { stdout } = await compareIn(env, 'a'.repeat(32), 'latest');
    expect(stdout.split('\n')[0]).toBe('3.00 s longer (+150 %): rank took 3.00 s longer.');
    expect((await compareIn(env, 'aaaaaa', 'eeeeee', '--store', 'traces.sqlite')).stdout).toBe(stdout);
  });

  it('may come from stdin', async () => {
    const { stdout } = await runMain(['compare', '-', 'last.jsonl', '--json'], { cwd: folder, input: linesOf([OLD]) });
    expect(JSON.parse(stdout)).toMatchObject({
      against: 'run',
      duration_ms: { before: 2000, after: 5000, change: 3000 },
    });
  });

  it('are written as Markdown with the rules that fail', async () => {
    const { code, stdout, stderr } = await compare(
      'old.jsonl',
      'last.jsonl',
      '--markdown',
      '--fail-on',
      'duration>+10%',
    );
    const sentence = 'duration>+10%: the run took 5.00 s, 3.00 s longer than the run before (+150 %)';
    expect({ code, stderr }).toEqual({ code: 1, stderr: `orchestrace: ${sentence}\n` });
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '**3.00 s longer (+150 %): rank took 3.00 s longer.**',
      '',
      `- ❌ ${sentence.replace('>', String.raw`\>`)}`,
    ]);
  });
});

describe('a baseline', () => {
  it('last-success is the newest earlier run of the plan that succeeded', async () => {
    const { code, stdout } = await compare('all.jsonl', '--baseline', 'last-success', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      before: { trace_id: 'b'.repeat(32) },
      after: { trace_id: 'e'.repeat(32) },
    });
  });

  it('is looked for in the store, for a run that is alone in its file too', async () => {
    const env = { ORCHESTRACE_STORE: join(folder, 'traces.sqlite'), ORCHESTRACE_JAEGER_URL: 'http://127.0.0.1:1' };
    for (const run of [['latest'], ['last.jsonl'], ['--plan', 'nightly']]) {
      const { code, stdout } = await compareIn(env, ...run, '--baseline', 'last-success', '--json');
      expect({ run, code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, before: { trace_id: 'b'.repeat(32) } });
    }
  });

  it('median:N takes the last N, or says that there were fewer', async () => {
    const { stdout } = await compare('all.jsonl', '--baseline', 'median:20');
    expect(stdout.split('\n')[0]).toBe(
      '2.00 s longer than the median of 2 runs (+67 %), and longer than any of them. Of the steps, rank',
    );
    expect(stdout).toContain('2 runs of nightly that succeeded (20 were asked for)');
    const one = await compare('all.jsonl', '--baseline', 'median:1', '--json');
    expect(JSON.parse(one.stdout)).toMatchObject({
      against: 'baseline',
      baseline: { runs: 1 },
      duration_ms: { median: 4000 },
    });
  });

  it('is what rules are held against', async () => {
    const rules = 'duration>+66%,step:rank>+100%,step:rank>+99%';
    const { code, stderr } = await compare(
      'all.jsonl',
      '--plan',
      'nightly',
      '--baseline',
      'median:5',
      '--fail-on',
      rules,
    );
    expect(code).toBe(1);
    expect(stderr.split('\n').filter((line) => line.includes('>'))).toEqual([
      'orchestrace: duration>+66%: the run took 5.00 s, 2.00 s longer than the median of 2 runs (+67 %)',
      'orchestrace: step:rank>+99%: rank took 4.00 s, 2.00 s longer than the median of 2 runs (+100 %)',
    ]);
  });
});

describe('wrong use', () => {
  it.each([
    [[], 'compare needs two runs: orchestrace compare A B, or one and --baseline last-success or median:20'],
    [['a'], 'compare needs two runs: orchestrace compare A B, or one and --baseline last-success or median:20'],
    [['a', 'b', 'c'], 'unexpected argument c: two runs at a time'],
    [['-', '-'], 'stdin can be read once: - stands for one of the runs'],
    [['a', 'b', '--baseline', 'median:2'], '--baseline stands for the run before: leave it out, or give one run alone'],
    [['a', '--baseline', 'last-succes'], '--baseline last-succes is unknown; did you mean last-success?'],
    [['a', '--baseline', 'median'], '--baseline median: expected median:N with N from 1 to 1000, such as median:20'],
    [
      ['a', '--baseline', 'median:0'],
      '--baseline median:0: expected median:N with N from 1 to 1000, such as median:20',
    ],
    [['a', 'b', '--json', '--markdown'], 'choose one of --json and --markdown'],
    [['a', 'b', '--jsn'], 'unknown option --jsn; did you mean --json?'],
    [['a', 'b', '--fail-on', 'durtion>1s'], '--fail-on: unknown measure durtion; did you mean duration?'],
  ])('%j is told what to do', async (args, message) => {
    const { signal } = new AbortController();
    await expect(runCompare(args, { signal })).rejects.toThrow(
      expect.objectContaining({ code: 'USAGE_INVALID', message }),
    );
  });

  it('is helped by examples', async () => {
    const { code, stdout } = await compare('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('orchestrace compare latest --baseline last-success');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(130);
  });
});

function linesOf(runs: readonly Spans[]): string {
  return [...encodeTracesLines(runs.flat())].join('');
}

function compare(...args: readonly string[]): Promise<Ended> {
  return compareIn({ ORCHESTRACE_STORE: 'off', ORCHESTRACE_JAEGER_URL: 'http://127.0.0.1:1' }, ...args);
}

function compareIn(env: Record<string, string>, ...args: readonly string[]): Promise<Ended> {
  return runMain(['compare', ...args], { cwd: folder, env });
}
