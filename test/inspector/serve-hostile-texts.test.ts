import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { decodeTracesJson } from '../../src/inspector/decode-json.ts';
import { encodeTracesJson } from '../../src/inspector/encode-json.ts';
import type { InspectorServer } from '../../src/inspector/serve.ts';
import type { RunView } from '../../src/inspector/view/run-view.ts';
import { made, ours } from '../explain/made-spans.ts';
import { ask, jsonOf, startServing } from './serving.ts';

// Texts of others: they pass through as they are, as data, and are never a part of what is run.

const TEXTS = [
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  '" onmouseover="alert(1)',
  "' onfocus='alert(1)' autofocus",
  '</script><script>alert(1)</script>',
  '</style><script>alert(1)</script>',
  '<!--<script>',
  '--><script>alert(1)</script>',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  '{{7*7}}${7*7}<%=7*7%>',
  "$&$`$'$1$$",
  'a\r\nSet-Cookie: x=1\r\n\r\n<script>',
  'a\0b\u2028c\u2029d\u202ee',
  'a\ud800b',
  '__proto__',
  'constructor',
  'toString',
  '../../../etc/passwd',
  "'); DROP TABLE spans;--",
  '😀'.repeat(1_000),
  'x'.repeat(100_000),
];

let server: InspectorServer;

beforeEach(async () => {
  server = await startServing();
});
afterEach(() => server.close());

/** A run with a text wherever others may write one. */
function spansWith(text: string): ReceivedSpan[] {
  const plan = {
    strategy: text,
    execution_groups: [
      {
        group_index: 0,
        parallel_execution: true,
        tools: [
          { tool_id: text, tool_type: text, depends_on: [], output_mapping: {} },
          { tool_id: `${text}2`, tool_type: text, depends_on: [text], output_mapping: mapping(text) },
        ],
      },
    ],
  };
  const rest = {
    resource: new Map([
      ['service.name', text],
      ['service.version', text],
      ['host.name', text],
    ]),
    scope: { name: text, version: text },
    events: [{ timeNs: 0n, name: text, attributes: new Map([[text, text]]) }],
    status: { code: 'error' as const, message: text },
  };
  return [
    ours('run', 'run', {
      ...rest,
      name: text,
      ms: [0, 9],
      attributes: { 'run.id': text, 'plan.name': text, strategy: text, outcome: 'failure' },
    }),
    ours('plan', 'plan', {
      ...rest,
      parent: 'run',
      attributes: { 'plan.name': text, execution_plan: JSON.stringify(plan) },
    }),
    ours('step', 'one', {
      ...rest,
      name: text,
      parent: 'run',
      ms: [0, 5],
      attributes: { tool_id: text, tool_type: text, group_index: 0, outcome: 'failure', skip_reason: text },
    }),
    ours('step', 'two', {
      ...rest,
      name: text,
      parent: 'run',
      ms: [5, 9],
      attributes: {
        tool_id: `${text}2`,
        group_index: 0,
        outcome: 'success',
        depends_on: [text],
        output_mapping: JSON.stringify(mapping(text)),
      },
    }),
    made('three', {
      ...rest,
      name: text,
      parent: 'one',
      ms: [1, 2],
      attributes: { [text]: text, [`nested ${text}`]: new Map([[text, [text]]]) },
    }),
  ];
}

/** With the text as a field of its own, whatever it is. */
function mapping(text: string): Record<string, string> {
  return Object.fromEntries([
    [text, `{${text}.data}`],
    [`${text}2`, text],
  ]);
}

const TRACE_ID = made('any').traceId;

/** Takes spans as their sender sends them. */
async function send(spans: readonly ReceivedSpan[]): Promise<void> {
  const body = JSON.stringify(encodeTracesJson(spans));
  const headers = { 'Content-Type': 'application/json' };
  expect((await ask(server, '/v1/traces', { method: 'POST', headers, body })).status).toBe(200);
}

describe.each(TEXTS.map((text) => [JSON.stringify(text).slice(0, 40), text] as const))('%s', (_, text) => {
  it('is in a run what it was in its spans', async () => {
    await send(spansWith(text));
    const view = jsonOf(await ask(server, `/api/run?trace=${TRACE_ID}`)) as RunView;
    expect(view).toMatchObject({ planName: text, strategy: text, runId: text, services: [{ name: text }] });
    const [one, two] = view.steps;
    expect(one).toMatchObject({ toolId: text, toolType: text, error: text });
    expect(two!.toolId).toBe(`${text}2`);
    expect(Object.entries(two!.outputMapping)).toEqual(Object.entries(mapping(text)));
    expect(({} as Record<string, unknown>)['data']).toBeUndefined();
    const { spans } = decodeTracesJson(jsonOf(await ask(server, `/api/spans?trace=${TRACE_ID}`)));
    expect(spans).toHaveLength(5);
    const three = spans.find(({ spanId }) => spanId === made('three').spanId)!;
    expect(three).toMatchObject({ name: text, status: { message: text }, events: [{ name: text }] });
    expect([...three.attributes]).toEqual([
      [text, text],
      [`nested ${text}`, new Map([[text, [text]]])],
    ]);
  });

  it('is in lists, and in comparisons', async () => {
    await send(spansWith(text));
    const runs = jsonOf(await ask(server, '/api/runs')) as { runs: { planName: string }[] };
    expect(runs.runs.map(({ planName }) => planName)).toEqual([text]);
    const compared = await ask(server, `/api/compare?trace=${TRACE_ID}&with=${TRACE_ID}`);
    expect(compared.status).toBe(200);
    expect(compared.headers['content-type']).toBe('application/json; charset=utf-8');
    const missing = await ask(server, `/api/compare?trace=${TRACE_ID}`);
    expect(missing.status).toBe(404);
    expect(missing.body.length).toBeLessThan(2_000);
  });

  it('is in the file of a run as data alone', async () => {
    await send(spansWith('harmless'));
    const usual = await ask(server, `/export?trace=${TRACE_ID}`);
    await server.close();
    server = await startServing();
    await send(spansWith(text));
    const { status, headers, body } = await ask(server, `/export?trace=${TRACE_ID}`);
    expect(status).toBe(200);
    expect(headers['content-disposition']).toMatch(/^attachment; filename="[\w.-]{1,60}-0af76519\.html"$/);
    expect(headers['content-security-policy']).toBe('sandbox');
    const [html, saved] = cutSaved(body.toString());
    expect(html).toBe(cutSaved(usual.body.toString())[0]);
    expect(JSON.parse(gunzipSync(Buffer.from(saved, 'base64')).toString())).toEqual({
      view: jsonOf(await ask(server, `/api/run?trace=${TRACE_ID}`)),
      traces: jsonOf(await ask(server, `/api/spans?trace=${TRACE_ID}`)),
    });
  });
});

/** The file without what it holds of a run, and that. */
function cutSaved(html: string): [html: string, saved: string] {
  const [, before, saved, after] = /^([^]*id="saved-run">)([A-Za-z0-9+/=]*)(<\/script>[^]*)$/.exec(html)!;
  return [before! + after!, saved!];
}

describe('the file of a run', () => {
  it('may load nothing, and runs nothing but the page', async () => {
    await send(spansWith('harmless'));
    const html = (await ask(server, `/export?trace=${TRACE_ID}`)).body.toString();
    const [, style] = /<style>([^]*?)<\/style>/.exec(html)!;
    const [, script] = /<script>([^]*?)<\/script>/.exec(html)!;
    const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html)!;
    expect(policy).toBe(
      `default-src 'none'; script-src ${hashOf(script!)}; style-src ${hashOf(style!)}; img-src data:; worker-src blob:; base-uri 'none'; form-action 'none'`,
    );
    expect(html.match(/<\/script/gi)).toHaveLength(3);
    expect(html).not.toContain('<!--');
    expect(html.indexOf('<meta http-equiv')).toBeLessThan(html.indexOf('<style'));
  });

  it.each([
    ['nightly', 'nightly-0af76519.html'],
    ['Nightly build 2.0 (main)', 'Nightly-build-2.0-main--0af76519.html'],
    ['../../.bashrc', 'bashrc-0af76519.html'],
    ['a"; filename="b.exe', 'a-filename-b.exe-0af76519.html'],
    ['a\r\nX: y', 'a-X-y-0af76519.html'],
    ['Überblick 概要', 'berblick--0af76519.html'],
    ['概要', 'run-0af76519.html'],
    ['', 'run-0af76519.html'],
  ])('of the plan %j has a name that may stand anywhere: %s', async (planName, name) => {
    await send(spansWith(planName));
    const { headers } = await ask(server, `/export?trace=${TRACE_ID}`);
    expect(headers['content-disposition']).toBe(`attachment; filename="${name}"`);
  });

  it('does not grow when its text repeats', async () => {
    await send(spansWith('x'.repeat(100_000)));
    const view = await ask(server, `/api/run?trace=${TRACE_ID}`);
    const file = await ask(server, `/export?trace=${TRACE_ID}`);
    expect(view.body.length).toBeGreaterThan(1_000_000);
    expect(file.body.length).toBeLessThan(1_000_000);
  });
});

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
