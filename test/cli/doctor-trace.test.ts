import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { made, ours, overviewSpans } from '../explain/made-spans.ts';
import { type Ended, runMain } from './run-node.ts';

/** Each test starts a process; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

const TRACE_ID = overviewSpans()[0]!.traceId;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-doctor-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('doctor of a trace', () => {
  it('says that it is complete', async () => {
    expect(await doctor(overviewSpans())).toEqual({
      code: 0,
      stdout: `complete: trace ${TRACE_ID} of ci-overview, 5 of 5 planned steps seen\n`,
      stderr: '',
    });
  });

  it('names planned steps without a span and why, when the run was killed', async () => {
    const spans = overviewSpans().filter(({ name }) => ['plan', 'step primary', 'step secondary'].includes(name));
    const { code, stdout } = await doctor(spans);
    expect(code).toBe(1);
    expect(stdout).toMatchInlineSnapshot(`
      "incomplete: trace 0af7651916cd43dd8448eb211c80319c of ci-overview, 2 of 5 planned steps seen
        the run's own span did not arrive: the run goes on, its process was killed, or the span was lost
        2 planned steps may have run, and have no span
        the parent of 3 spans did not arrive
        - aggregate: no span: not started or not ended
        - audit: no span: not started or not ended
        - publish: not started: needs audit
        fix: flush before the process ends (await tracing.shutdown()), and see with orchestrace doctor --
        COMMAND whether all spans are sent; a sampler or a filter on the way drops spans, too
      "
    `);
  });

  it('names steps whose spans were lost although the run ended', async () => {
    const { code, stdout } = await doctor(overviewSpans().filter(({ name }) => name !== 'step aggregate'));
    expect(code).toBe(1);
    expect(stdout).toMatchInlineSnapshot(`
      "incomplete: trace 0af7651916cd43dd8448eb211c80319c of ci-overview, 4 of 5 planned steps seen
        1 planned step may have run, and has no span
        - aggregate: no span: it did not arrive
        fix: flush before the process ends (await tracing.shutdown()), and see with orchestrace doctor --
        COMMAND whether all spans are sent; a sampler or a filter on the way drops spans, too
      "
    `);
  });

  it('names steps that did not start, which is no fault of the trace', async () => {
    const spans = overviewSpans().filter(({ name }) => name !== 'step publish');
    const [run, ...rest] = spans;
    const told = [['orchestration.not_started', ['publish']] as const, ['orchestration.skipped', []] as const];
    const ended = [{ ...run!, attributes: new Map([...run!.attributes, ...told]) }, ...rest];
    const { code, stdout } = await doctor(ended);
    expect(stdout).toMatchInlineSnapshot(`
      "complete: trace 0af7651916cd43dd8448eb211c80319c of ci-overview, 4 of 5 planned steps seen
        - publish: not started: needs audit
      "
    `);
    expect(code).toBe(0);
  });

  it('says what is missing between spans', async () => {
    const stray = made('query', { parent: 'gone', ms: [10, 12] });
    const { code, stdout } = await doctor([...overviewSpans(), stray]);
    expect(code).toBe(1);
    expect(stdout.match(/the parent of .*/g)).toEqual(['the parent of 1 span did not arrive']);
  });

  it('names lost steps that are in no group: the plan and their own spans did not arrive', async () => {
    const [run] = overviewSpans();
    const attributes = new Map([
      ['orchestration.link.type', 'depends_on'],
      ['orchestration.tool_id', 'fetch'],
    ]);
    const links = [{ traceId: TRACE_ID, spanId: 'f'.repeat(16), attributes }];
    const step = ours('step', 's', {
      parent: 'run',
      ms: [0, 5],
      attributes: { tool_id: 'rank', outcome: 'success' },
      links,
    });
    const { code, stdout } = await doctor([run!, step]);
    expect(code).toBe(1);
    expect(stdout).toContain('\n  - fetch: no span: it did not arrive\n');
  });

  it('does not miss what called the run', async () => {
    const called = overviewSpans().map((span) =>
      span.name.startsWith('orchestration ') ? { ...span, parentSpanId: 'ffffffffffffffff' } : span,
    );
    expect((await doctor(called)).code).toBe(0);
  });

  it('says of steps without a run that they are that', async () => {
    const loose = ours('step', 'loose', { ms: [0, 5], attributes: { tool_id: 'loose', outcome: 'success' } });
    const { code, stdout } = await doctor([loose]);
    expect(code).toBe(1);
    expect(stdout).toContain('its steps belong to no run');
  });

  it('says of a trace without a run whose spans it has and what to do', async () => {
    const spans = [made('GET', { scope: { name: 'http' } }), made('query', { scope: { name: 'pg' } })];
    const { code, stdout } = await doctor(spans);
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /no run is in .*: none of 2 spans has orchestration\.span\.type: wrap the executor .*; they are of the scopes http and pg $/,
    );
  });

  it('is printed as JSON', async () => {
    const { code, stdout } = await doctor(
      overviewSpans().filter(({ name }) => name !== 'step aggregate'),
      ['--json'],
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      complete: false,
      trace_id: TRACE_ID,
      plan_name: 'ci-overview',
      planned_steps: 5,
      seen_steps: 4,
      spans: 13,
      missing: ['1 planned step may have run, and has no span'],
      steps_without_span: [{ tool_id: 'aggregate', absence: 'no span', reason: expect.any(String) as string }],
      notes: [],
    });
  });

  it('finds the trace in the store', async () => {
    const store = join(folder, 'traces.sqlite');
    await using opened = openStore({ file: store });
    opened.add(overviewSpans());
    const { code, stdout } = await runMain(['doctor', 'latest', '--store', store]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^complete/) as string });
  });
});

it.each([
  [
    ['latest', '--endpoint', 'http://127.0.0.1:9'],
    'a trace is examined by itself: leave out --endpoint, --protocol and the command',
  ],
  [['latest', '--', 'node'], 'a trace is examined by itself: leave out --endpoint, --protocol and the command'],
  [
    ['--store', 'x'],
    '--store, --jaeger and --header say where to look for a trace: orchestrace doctor latest --store FILE',
  ],
])('wrong use %j is told in one line', async (args, message) => {
  expect(await runMain(['doctor', ...args])).toEqual({ code: 2, stdout: '', stderr: `orchestrace: ${message}\n` });
});

async function doctor(spans: readonly ReceivedSpan[], args: readonly string[] = []): Promise<Ended> {
  await writeFile(join(folder, 'trace.jsonl'), [...encodeTracesLines(spans)].join(''));
  return runMain(['doctor', join(folder, 'trace.jsonl'), ...args], { env: { COLUMNS: '100' } });
}
