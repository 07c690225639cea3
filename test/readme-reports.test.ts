import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ended, runMain } from './cli/run-node.ts';
import { fileOf } from './helpers/stack.ts';

/** Each test starts processes; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

/** What the first program leaves to the reader. */
const READERS_OWN = `
import { setTimeout as sleep } from 'node:timers/promises';
const loadOrders = () => sleep(20, { rows: [1, 2] });
const loadStock = () => sleep(60, { rows: [3] });
const writeReport = (...parts: unknown[]) => sleep(20, parts.length);
`;

/** Loaded before a program that has no SDK: sends its traces, the last of them when it runs out of work. */
const SDK = `data:text/javascript,${encodeURIComponent(`
import { startTracing } from '${new URL('../src/node/index.ts', import.meta.url).href}';
await startTracing({ serviceName: 'readme' });
`)}`;

interface Report {
  /** What the verdict may be, without the clause for what took most time: most programs take none, so that chance says what it was. */
  readonly verdict: RegExp;
  /** What the report says as well, however long things took. */
  readonly tells: readonly (string | RegExp)[];
}

/** What a report says of each program of the README. */
const REPORTS: Readonly<Record<string, Report>> = {
  orchestrace: {
    verdict: /^Succeeded in TIME\. Critical path stock > report, TIME\.$/,
    tells: ['3 of 3 planned steps seen: 3 succeeded', /stock TIME( TIME)? critical/, /orders TIME( TIME)? TIME/],
  },
  Functions: {
    verdict: /^\w/, // there is no run to give one on
    tells: ['steps outside a run', /✓ (search|resize|convert)/],
  },
  'Code that orchestrates': {
    verdict: /^Succeeded in TIME\. (Critical path fetch > summarise, TIME|publish skipped: too short)\.$/,
    tells: ['3 of 3 planned steps seen: 2 succeeded, 1 skipped', 'skipped: too short', 'not done (1): publish'],
  },
  Attempts: {
    verdict: /^Succeeded in TIME\.$/,
    tells: ['✗ attempt 1 of 3', '✗ attempt 2 of 3', '✓ attempt 3 of 3'],
  },
  'An executor that you have': {
    verdict: /^Succeeded in TIME\. Critical path load > write, TIME\.$/,
    tells: ['chain [serial] succeeded', '2 of 2 planned steps seen: 2 succeeded'],
  },
  'An executor that retries': {
    verdict: /^Succeeded in TIME\.$/,
    tells: ['2 of 2 planned steps seen: 2 succeeded', /✓ photo .*✓ attempt 3.*✓ video .*✓ attempt 3/],
  },
  'Workers and a queue': {
    verdict: /^Succeeded in TIME\.$/,
    tells: ['jobs [parallel] succeeded', '1 of 1 planned steps seen: 1 succeeded'],
  },
  'p-graph': {
    verdict: /^Succeeded in TIME\. Critical path shirt > jacket, TIME\.$/,
    tells: ['2 of 2 planned steps seen: 2 succeeded'],
  },
  listr2: {
    verdict: /^Succeeded in TIME\.( publish skipped: [^.]+\.)?$/,
    tells: ['2 of 2 planned steps seen: 1 succeeded, 1 skipped', 'not done (1): publish'],
  },
  'async.auto': {
    verdict: /^Succeeded in TIME\. Critical path (data|folder) > write, TIME\.$/,
    tells: ['3 of 3 planned steps seen: 3 succeeded'],
  },
  'Another process': {
    verdict: /^Succeeded in TIME\. Critical path split > encode, TIME\.$/,
    tells: ['2 of 2 planned steps seen: 2 succeeded'],
  },
  'Run a plan': {
    verdict: /^Succeeded in TIME\. Critical path primary > aggregate, TIME\.$/,
    tells: ['2 of 2 planned steps seen: 2 succeeded'],
  },
  'Conditions, timeouts, retries, loops': {
    verdict: /^Succeeded in TIME\. Critical path search > draft > … > review #2 > publish \(6 steps\), TIME\.$/,
    tells: [
      '4 of 4 planned steps seen: 6 succeeded',
      /search (needed 2 attempts|took 2 attempts|succeeded at attempt 2)/,
      'draft ran 2 times',
    ],
  },
  Classes: {
    verdict: /^Succeeded in TIME\.$/,
    tells: ['1 of 1 planned steps seen: 1 succeeded'],
  },
  Send: {
    verdict: /^Succeeded in TIME\.$/,
    tells: ['1 of 1 planned steps seen: 1 succeeded'],
  },
};

/** Programs of which there is no trace to report, and why. */
const WITHOUT_TRACE: Readonly<Record<string, string>> = {
  'Run a plan (2)': 'it checks a plan and runs none',
  'Runs as they go': 'it starts an SDK and runs nothing',
  'From code': 'it has a receiver of its own, and reports to itself',
  'Why no spans arrive': 'it looks for what keeps spans from arriving',
};

let folder: string;
let store: string;
let inspecting: Promise<Ended>;
let url: string;
let stop: () => void = () => {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-readme-'));
  store = join(folder, 'traces.sqlite');
  url = await new Promise((resolve, reject) => {
    inspecting = runMain(['inspect', '--port', '0', '--store', store], {
      onOutput: (child, stdout) => {
        stop = () => child.kill('SIGINT');
        const url = /Receives OTLP\/HTTP at (http:\S+);/.exec(stdout)?.[1];
        if (url !== undefined) resolve(url);
      },
    });
    inspecting.then(({ stderr }) => reject(new Error(`inspect ended: ${stderr}`)), reject);
  });
});

afterAll(async () => {
  stop();
  expect(await inspecting).toMatchObject({ code: 130, stderr: '' });
  await rm(folder, { recursive: true });
});

describe('a report of what a program of the README traces', () => {
  const programs = programsOf(readFileSync(fileOf('README.md'), 'utf8'));
  const reported = new Set<string>();

  it('is expected of each program that traces something', () => {
    expect([...programs.keys()].toSorted()).toEqual(
      [...Object.keys(REPORTS), ...Object.keys(WITHOUT_TRACE)].toSorted(),
    );
  });

  it.for(Object.entries(REPORTS))('%s', async ([title, { verdict, tells }]) => {
    await runTraced(programs.get(title)!);
    const { code, stdout, stderr } = await runMain(['report', 'latest', '--store', store]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const traceId = /^trace ([0-9a-f]{32})$/m.exec(stdout)![1]!;
    expect(reported).not.toContain(traceId);
    reported.add(traceId);

    const [first, ...rest] = stdout.split('\n\n').map(withoutTimes);
    expect(first!.replace(/^(\w+ (?:in|after) TIME)[:;] [^.]+\./, '$1.')).toMatch(verdict);
    for (const fact of tells) expect(rest.join(' ')).toMatch(fact);
  });
});

/** The TypeScript programs by the headings that they are under; of several under one, the second has a 2. */
function programsOf(readme: string): Map<string, string> {
  const programs = new Map<string, string>();
  let heading = '';
  for (const [, title, code] of readme.matchAll(/^#+ ([^\n]+)$|^```ts\n(.*?)^```$/gms)) {
    if (title !== undefined) heading = title;
    else if (code !== undefined) programs.set(programs.has(heading) ? `${heading} (2)` : heading, code);
  }
  return programs;
}

/** Runs a program as a reader would, with this package by its name; one without an SDK gets one. */
async function runTraced(code: string): Promise<void> {
  const sdk = code.includes('startTracing(') ? [] : ['--import', SDK];
  const program = code.includes('loadOrders') ? READERS_OWN + code : code;
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [...sdk, '--input-type=module-typescript', '--eval', program],
    { env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: url } },
  );
  expect(stderr).toBe('');
}

/** In one line, with a word for each length of time, and none of what is drawn to scale. */
function withoutTimes(text: string): string {
  return text
    .replaceAll(/[├┤─█▒▏│·]+/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/<?[\d.]+ (ms|s|min)\b/g, 'TIME')
    .trim();
}
