import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultStoreFile } from '../../src/cli/default-store.ts';
import { type SourceFlags, TraceSource } from '../../src/cli/trace-source.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { made, ours } from '../explain/made-spans.ts';
import { startJaegerServer } from './jaeger-server.ts';

const HOUR_NS = 3_600_000_000_000n;
/** Nothing listens there, and so no Jaeger that happens to run is asked. */
const NO_JAEGER = { ORCHESTRACE_JAEGER_URL: 'http://127.0.0.1:9' };

let folder: string;
let store: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-source-'));
  store = join(folder, 'traces.sqlite');
});
afterEach(() => rm(folder, { recursive: true }));

describe('a trace is found', () => {
  it('by its id in any case, or by its first digits', async () => {
    await keep(run('a', 'plan-a', 1), run('b', 'plan-b', 2));
    expect(await found(idOf('a').toUpperCase())).toBe('plan-a');
    expect(await found(idOf('b').slice(0, 6))).toBe('plan-b');
  });

  it('as the latest run, or the latest of a plan', async () => {
    await keep(run('a', 'plan-a', 1), run('b', 'plan-b', 3), run('c', 'plan-a', 2));
    expect(await found('latest')).toBe('plan-b');
    expect(await found(undefined, { plan: 'plan-a' })).toBe('plan-a');
    expect(await read(undefined, { plan: 'plan-a' })).toMatchObject({ run: { traceId: idOf('c') } });
  });

  it('as the latest run although it was killed, and passing over traces of others', async () => {
    const killed = ours('plan', 'p', at('d', 3, { attributes: { 'plan.name': 'killed', execution_plan: '{}' } }));
    await keep(run('a', 'plan-a', 1), [killed], [made('GET', at('e', 4))]);
    expect(await read('latest')).toMatchObject({ run: { planName: 'killed', outcome: undefined } });
    expect(await found(undefined, { plan: 'killed' })).toBe('killed');
  });

  it('in a file: the newest run, or that of a plan, and says so', async () => {
    const file = await write('t.jsonl', [...run('a', 'plan-a', 1), ...run('b', 'plan-b', 3), ...run('c', 'plan-a', 2)]);
    expect(await read(file)).toMatchObject({
      run: { planName: 'plan-b' },
      from: file,
      notes: [`${file} has 3 runs; the newest is shown`],
    });
    const { run: chosen, runs, spans, notes } = await read(file, { plan: 'plan-a' });
    expect({ id: chosen?.traceId, runs: runs.length, spans: spans.length }).toEqual({
      id: idOf('c'),
      runs: 3,
      spans: 1,
    });
    expect(notes).toEqual([`${file} has 2 runs of this plan; the newest is shown`]);
  });

  it('in a file of which a line was cut, and says so', async () => {
    const file = join(folder, 'cut.jsonl');
    await writeFile(file, `${[...encodeTracesLines(run('a', 'plan-a', 1))].join('')}{"resourceSp`);
    expect(await read(file)).toMatchObject({
      run: { planName: 'plan-a' },
      notes: [`${file}: line 2 is not JSON, or was cut short`],
    });
  });

  it('in a file whose name could be the beginning of an id', async () => {
    await keep(run('a', 'plan-a', 1));
    const before = process.cwd();
    process.chdir(folder);
    try {
      await write('aaaaaaaa', run('b', 'plan-b', 1));
      expect(await found('aaaaaaaa')).toBe('plan-b');
      expect(await found('aaaaaaa')).toBe('plan-a');
    } finally {
      process.chdir(before);
    }
  });

  it('in Jaeger, with the headers that were given', async () => {
    await using jaeger = await startJaegerServer([...run('a', 'plan-a', 1), ...run('b', 'plan-b', 2)]);
    const flags = { jaeger: jaeger.url, header: ['Authorization: Bearer abc'] };
    expect(await found('latest', flags)).toBe('plan-b');
    expect(await read(idOf('a'), flags)).toMatchObject({
      run: { planName: 'plan-a' },
      from: `Jaeger at ${jaeger.url}`,
    });
    expect(new Set(jaeger.authorizations)).toEqual(new Set(['Bearer abc']));
  });

  it('in Jaeger by its first digits, if it is of a recent run', async () => {
    await using jaeger = await startJaegerServer([...run('a', 'plan-a', 1), ...run('b', 'plan-b', 2)]);
    expect(await found(idOf('b').slice(0, 8), { jaeger: jaeger.url })).toBe('plan-b');
  });

  it('as the newest of the store and of a Jaeger that answers', async () => {
    await keep(run('a', 'plan-a', 1), run('b', 'plan-b', 3), run('d', 'plan-a', 5));
    await using jaeger = await startJaegerServer([...run('c', 'plan-c', 4), ...run('b', 'plan-b', 3)]);
    await using source = open({}, { ORCHESTRACE_JAEGER_URL: jaeger.url });
    const recent: string[] = [];
    for await (const { run: one, from } of source.recentRuns()) recent.push(`${one.planName} ${from}`);
    expect(recent).toEqual([
      `plan-a the store ${store}`,
      `plan-c Jaeger at ${jaeger.url}`,
      `plan-b the store ${store}`,
      `plan-a the store ${store}`,
    ]);
  });

  it('in the store alone when that is named, and in Jaeger alone when that is', async () => {
    await keep(run('a', 'plan-a', 9));
    const other = join(folder, 'other.sqlite');
    await keepIn(other, run('b', 'plan-b', 1));
    await using jaeger = await startJaegerServer(run('c', 'plan-c', 2));
    expect(await found('latest', { store: other })).toBe('plan-b');
    expect(await found('latest', { jaeger: jaeger.url })).toBe('plan-c');
    expect(await found('latest', { store: other, jaeger: jaeger.url })).toBe('plan-c');
  });

  it('although the Jaeger of the environment fails, which is said', async () => {
    await keep(run('a', 'plan-a', 1));
    await using wrong = await startJaegerServer([]);
    const env = { ORCHESTRACE_JAEGER_URL: `${wrong.url}/wrong` };
    const { run: latest, notes } = await read('latest', {}, env);
    expect(latest?.planName).toBe('plan-a');
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`${wrong.url}/wrong`);
  });
});

describe('a password in the address of the environment', () => {
  const env = { ORCHESTRACE_JAEGER_URL: 'http://me:topsecret@127.0.0.1:16686/jaeger/' };
  const refused =
    "ORCHESTRACE_JAEGER_URL: give name and password as --header 'Authorization: Basic ...', not in the address http://127.0.0.1:16686";

  it('is refused as that of --jaeger is, and not repeated', async () => {
    await keep(run('a', 'plan-a', 1));
    expect((await read('latest', {}, env)).notes).toEqual([refused]);
    await expect(read(idOf('b'), {}, env)).rejects.toThrow(
      `there is no trace ${idOf('b')}: not in the store ${store}; ${refused}. Name a file`,
    );
  });

  it('is wrong use when headers are given for it', async () => {
    await keep(run('a', 'plan-a', 1));
    await expect(read('latest', { header: ['a: b'] }, env)).rejects.toThrow(refused);
  });
});

describe('what is not found is told with where was looked', () => {
  it('a name that is neither a file nor an id', async () => {
    await expect(read('nosuch')).rejects.toThrow(
      'there is no file nosuch, and it is not a trace id: give 32 hex digits, the first 6 or more of one in the store, or latest',
    );
  });

  it.each(['lastest', 'latst', 'LATEST'])('what was meant to be latest: %s', async (given) => {
    const said = `there is no file ${given}, and it is not a trace id; did you mean latest?`;
    await expect(read(given, { store })).rejects.toThrow(said);
  });

  it('a plan that there is not, with those that there are', async () => {
    await keep(run('a', 'nightly', 1), run('b', 'weekly', 2), run('c', 'nightly', 3));
    const where = `not in the store ${store}; nothing answers at http://127.0.0.1:9`;
    await expect(read(undefined, { plan: 'x' })).rejects.toThrow(
      `there is no run of the plan x: ${where}. There are runs of nightly and weekly. Name a file`,
    );
    await expect(read(undefined, { plan: 'nigthly' })).rejects.toThrow(`${where}. Did you mean nightly? Name a file`);
    await using jaeger = await startJaegerServer(run('d', 'monthly', 1));
    await expect(read(undefined, { plan: 'x', jaeger: jaeger.url })).rejects.toThrow('There are runs of monthly.');
  });

  it('an id, a plan, any run', async () => {
    await keep(run('a', 'plan-a', 1));
    const nowhere = `not in the store ${store}; nothing answers at http://127.0.0.1:9. Name a file, or another place with --store FILE or --jaeger URL`;
    await expect(read(idOf('b'))).rejects.toThrow(`there is no trace ${idOf('b')}: ${nowhere}`);
    await expect(read(undefined, { plan: 'x' })).rejects.toThrow(`there is no run of the plan x: not in the store`);
    await expect(read('latest', {}, { ORCHESTRACE_STORE: 'off' })).rejects.toThrow(
      'there is no run: ORCHESTRACE_STORE is off; nothing answers at http://127.0.0.1:9.',
    );
    await expect(read('latest', {}, { ORCHESTRACE_STORE: join(folder, 'none') })).rejects.toThrow(
      `there is no store ${join(folder, 'none')} yet`,
    );
  });

  it('digits that several ids begin with', async () => {
    await keep(run('a', 'plan-a', 1), [{ ...run('a', 'plan-b', 2)[0]!, traceId: `${'a'.repeat(31)}b` }]);
    await expect(read('aaaaaaa')).rejects.toThrow(
      `2 traces in the store ${store} begin with aaaaaaa: ${'a'.repeat(31)}b, ${idOf('a')}; give more digits`,
    );
    await expect(read('bbbbbbb')).rejects.toThrow(/^there is no file bbbbbbb, and no trace that begins so/);
  });

  it('a store that does not exist is not made', async () => {
    await expect(read('latest', { store: join(folder, 'none') })).rejects.toThrow(/^there is no store .*none; /);
    await expect(read('latest', { store: join(folder, 'none') })).rejects.toThrow(/^there is no store /);
  });

  it('a plan that a file does not have', async () => {
    const file = await write('t.jsonl', run('a', 'plan-a', 1));
    await expect(read(file, { plan: 'x' })).rejects.toThrow(`${file} has no run of the plan x: it has runs of plan-a`);
    await expect(read(file, { store })).rejects.toThrow('a file is read by itself: leave out --store');
  });

  it('a run among spans of others', async () => {
    const file = await write('t.jsonl', [made('GET', at('a', 1))]);
    expect(await read(file)).toMatchObject({ run: undefined, runs: [], spans: [{ name: 'GET' }] });
    await using source = open();
    await expect(source.runOf(file)).rejects.toThrow(
      `no run is in ${file}: none of 1 span has orchestration.span.type: wrap the executor`,
    );
  });

  it('headers that are none, or would go nowhere; a secret is not repeated', async () => {
    expect(() => open({ header: ['a: b'] }, { ORCHESTRACE_JAEGER_URL: '' })).toThrow('say which by --jaeger URL');
    const error = await read('latest', { jaeger: 'http://127.0.0.1:9', header: ['s3cret'] }).catch(String);
    expect(error).toContain("--header must be 'Name: value'");
    expect(error).not.toContain('s3cret');
  });
});

it('keeps traces where the environment says, else where the system keeps such data', () => {
  const rest = process.platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_STATE_HOME';
  expect(defaultStoreFile({ ORCHESTRACE_STORE: '/tmp/s' })).toBe('/tmp/s');
  expect(defaultStoreFile({ ORCHESTRACE_STORE: 'off' })).toBeUndefined();
  expect(defaultStoreFile({ [rest]: folder })).toBe(join(folder, 'orchestrace', 'traces.sqlite'));
  expect(defaultStoreFile({ [rest]: 'relative' })).toBe(defaultStoreFile({}));
  expect(defaultStoreFile({})).toBe(join(homedir(), '.local', 'state', 'orchestrace', 'traces.sqlite'));
});

function idOf(digit: string): string {
  return digit.repeat(32);
}

/** Options of a made span: its trace and the hour in which it starts. */
function at(
  digit: string,
  hour: number,
  rest: Parameters<typeof made>[1] = {},
): NonNullable<Parameters<typeof made>[1]> {
  const startNs = BigInt(Date.now() - 86_400_000) * 1_000_000n + BigInt(hour) * HOUR_NS;
  return {
    traceId: idOf(digit),
    startNs,
    endNs: startNs + 1_000_000n,
    resource: new Map([['service.name', 'made']]),
    ...rest,
  };
}

function run(digit: string, plan: string, hour: number): ReceivedSpan[] {
  return [ours('run', 'run', at(digit, hour, { attributes: { 'plan.name': plan, outcome: 'success' } }))];
}

async function keep(...traces: ReceivedSpan[][]): Promise<void> {
  await keepIn(store, ...traces);
}

async function keepIn(file: string, ...traces: ReceivedSpan[][]): Promise<void> {
  await using opened = openStore({ file });
  for (const spans of traces) opened.add(spans);
}

async function write(name: string, spans: readonly ReceivedSpan[]): Promise<string> {
  await writeFile(join(folder, name), [...encodeTracesLines(spans)].join(''));
  return join(folder, name);
}

function open(flags: SourceFlags = {}, env: Record<string, string> = {}): TraceSource {
  const { signal } = new AbortController();
  return new TraceSource(flags, signal, { ORCHESTRACE_STORE: store, ...NO_JAEGER, ...env });
}

async function read(
  given: string | undefined,
  flags: SourceFlags = {},
  env: Record<string, string> = {},
): ReturnType<TraceSource['traceOf']> {
  await using source = open(flags, env);
  return await source.traceOf(given);
}

async function found(...args: Parameters<typeof read>): Promise<string | undefined> {
  return (await read(...args)).run?.planName;
}
