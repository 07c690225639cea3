import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/inspector/open-store.ts';
import type { InspectorServer } from '../../src/inspector/serve.ts';
import { overviewSpans } from '../explain/made-spans.ts';
import { ask, askRaw, jsonOf, messageOf, startServing } from './serving.ts';

// Parameters: whatever is asked for is looked up, refused in a sentence, and never repeated at length.

const SPANS = overviewSpans();
const TRACE_ID = SPANS[0]!.traceId;
const RUN_ID = SPANS[0]!.spanId;
const QUESTIONS = ['/api/run', '/api/spans', '/api/compare', '/export'];

let server: InspectorServer;

beforeAll(async () => {
  server = await startServing();
  server.take(SPANS);
});
afterAll(async () => {
  // Whatever came before, the next one is answered.
  expect((await ask(server, `/api/run?trace=${TRACE_ID}`)).status).toBe(200);
  await server.close();
});

const ODD: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['5,000 characters', 'a'.repeat(5_000)],
  ['5,000 digits', '0'.repeat(5_000)],
  ['a path', '../../../etc/passwd'],
  ['a path, encoded', '..%2f..%2fetc%2fpasswd'],
  ['half an encoding', '%E0%A4%A'],
  ['a percent sign', '%'],
  ['a NUL', '%00'],
  ['the id with a line break', `${TRACE_ID}%0a`],
  ['the id and more', `${TRACE_ID}0`],
  ['a part of the id', TRACE_ID.slice(1)],
  ['SQL', "');DROP%20TABLE%20spans;--"],
  ['a pattern', `${'%25'.repeat(31)}_`],
  ['markup', '<script>alert(1)</script>'],
  ['a name of a prototype', '__proto__'],
  ['a list', '[]'],
];

describe.each(QUESTIONS)('%s', (path) => {
  it.each(ODD)('has no trace that is called %s', async (_, trace) => {
    const answer = await ask(server, `${path}?trace=${trace}`);
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(messageOf(answer)).toBe('a trace id has 32 hex digits');
  });

  it('says where a trace that is not here may be', async () => {
    const answer = await ask(server, `${path}?trace=${'0'.repeat(31)}1`);
    expect(answer.status).toBe(404);
    expect(messageOf(answer)).toBe(
      `there is no trace ${'0'.repeat(31)}1 here; it was not sent here, or had to make room for others`,
    );
  });

  it('takes an id in capitals, and the first of several', async () => {
    const ids = `trace=${TRACE_ID.toUpperCase()}&with=${TRACE_ID.toUpperCase()}&run=${RUN_ID.toUpperCase()}`;
    expect((await ask(server, `${path}?${ids}&trace=none&with=none&run=none`)).status).toBe(200);
  });

  it('passes over parameters that it does not know, thousands of them', async () => {
    const many = '&a=1'.repeat(3_000);
    expect((await ask(server, `${path}?trace=${TRACE_ID}&with=${TRACE_ID}${many}`)).status).toBe(200);
    expect(
      (await ask(server, `${path}?trace=${TRACE_ID}&with=${TRACE_ID}&__proto__=x&constructor=y&=&&&?`)).status,
    ).toBe(200);
  });
});

describe.each(['/api/run', '/api/compare', '/export'])('%s', (path) => {
  it.each(ODD.slice(1))('has no run that is called %s', async (_, run) => {
    const answer = await ask(server, `${path}?trace=${TRACE_ID}&run=${run}`);
    expect(answer.status).toBe(404);
    expect(messageOf(answer)).toBe('this trace has no such run');
  });

  it('finds the one that is called so', async () => {
    expect((await ask(server, `${path}?trace=${TRACE_ID}&run=${RUN_ID}&with=${TRACE_ID}`)).status).toBe(200);
  });
});

it.each(ODD.slice(1))('compares with no trace that is called %s', async (_, other) => {
  const answer = await ask(server, `/api/compare?trace=${TRACE_ID}&with=${other}`);
  expect(answer.status).toBe(404);
  expect(answer.body.length).toBeLessThan(200);
});

it.each(['median:', 'median:-1', 'median:1e9', 'median:99999', 'median:NaN', 'last-success ', '.', `${TRACE_ID}.none`])(
  'compares with nothing that is called "%s"',
  async (other) => {
    const answer = await ask(server, `/api/compare?trace=${TRACE_ID}&with=${encodeURIComponent(other)}`);
    expect(answer.status).toBe(404);
  },
);

it.each(ODD.slice(1))('has no spans under one that is called %s', async (_, under) => {
  expect(jsonOf(await ask(server, `/api/spans?trace=${TRACE_ID}&under=${under}`))).toEqual({ resourceSpans: [] });
});

it('refuses an address that is too long', async () => {
  const answer = await askRaw(server, `GET /api/run?trace=${'a'.repeat(17 * 1024)} HTTP/1.1`);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
});

it('looks up names of plans in a database as they are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrace-serve-'));
  const store = openStore({ file: join(folder, 'traces.sqlite') });
  await using kept = await startServing({ store });
  for (const [at, planName] of ["'); DROP TABLE spans;--", '%', '_', "' OR 1=1 --", 'a"b'].entries()) {
    const traceId = String(at + 1).padStart(32, '0');
    kept.take(
      SPANS.map((span) => ({
        ...span,
        traceId,
        attributes: new Map([
          ...span.attributes,
          ['orchestration.plan.name', planName],
          ['orchestration.outcome', 'success'],
        ]),
      })),
    );
    // With no earlier run of its name, whatever that is as a pattern.
    expect(jsonOf(await ask(kept, `/api/run?trace=${traceId}`))).toMatchObject({ planName });
    expect((await ask(kept, `/api/compare?trace=${traceId}`)).status).toBe(404);
  }
  expect(store.counts.traces).toBe(5);
  await kept.close();
  await store.close();
  await rm(folder, { recursive: true });
});
