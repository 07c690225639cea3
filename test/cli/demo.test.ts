import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import { startReceiver } from '../../src/inspector/receive.ts';
import { ask, jsonOf, startServing } from '../inspector/serving.ts';
import { runMain } from './run-node.ts';

/** From a real lock file. */
const LOCK = {
  name: 'shop',
  lockfileVersion: 3,
  packages: {
    '': {
      name: 'shop',
      dependencies: { zod: '^4.1.0' },
      devDependencies: { tinybench: '6.2.3', 'web-ext-git': '1.0.0' },
    },
    'node_modules/tinybench': { version: '6.2.3', integrity: 'sha512-aa', dev: true, license: 'MIT' },
    'node_modules/zod': { version: '4.1.12', integrity: 'sha512-bb', license: 'MIT' },
    'node_modules/web-ext-git': { version: '1.0.0', dev: true, license: 'MPL-2.0' },
    'packages/own': { version: '0.0.0' },
    'node_modules/own': { resolved: 'packages/own', link: true },
  },
};

interface JsonResult {
  readonly verdict: string;
  readonly success: boolean;
  readonly outcome: string;
  readonly run: JsonRun;
}

interface JsonRun {
  readonly trace_id: string;
  readonly groups: readonly { readonly steps: readonly JsonStep[] }[];
}

interface JsonStep {
  readonly tool_id: string;
  readonly outcome: string;
  readonly error?: string;
  readonly reason?: string;
  readonly mappings: readonly { readonly field: string; readonly resolved: boolean }[];
  readonly spans: readonly { readonly name: string; readonly kind: string }[];
}

const PAGE_OF_RUN = /^See it in the Inspector: (http:\S+)\/run\/([0-9a-f]{32})/m;

/** Each test starts processes; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-demo-'));
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(LOCK));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a run on the packages of a folder', () => {
  it('is drawn from what arrived', async () => {
    await mkdir(join(folder, 'node_modules', 'zod'), { recursive: true });
    await writeFile(join(folder, 'node_modules', 'zod', 'index.js'), 'x'.repeat(2048));
    const { code, stdout, stderr } = await demo();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(withoutTimes(stdout)).toMatchInlineSnapshot(`
      "3 packages of package-lock.json

      VERDICT

      package-audit [dag] failed after N ms
      trace TRACE
      8 of 8 planned steps seen: 6 succeeded, 1 failed, 1 skipped

                              AXIS
      group 0 parallel ~ N ms
        ✓ primary ~ N ms
        ✓ secondary ~ N ms
      group 1 parallel ~ N ms
        ✓ aggregate ~ N ms
        ✓ licence_audit ~ N ms
          GET /licences 200 ~ N ms
        ✓ size_audit ~ N ms
          GET /sizes 200 ~ N ms
        ✗ advisory_audit ~ N ms
                              failed: /advisories answered 503: no advisory data: a lock file holds none,
                              and the demo does not go online
          GET /advisories 503 ~ N ms
      group 2 parallel ~ N ms
        ✓ summary ~ N ms
        - upgrade_plan        skipped: dependency failed: advisory_audit

      data flow
        primary.name <- $input.primary  (string, 11 bytes)
        secondary.name <- $input.secondary  (string, 5 bytes)
        aggregate.ci_type_filter <- primary.data.rows[0].ci_type  (string, 5 bytes)
        aggregate.group_by <- $input.group_by  (string, 9 bytes)
        licence_audit.ci_type <- primary.data.rows[0].ci_type  (string, 5 bytes)
        size_audit.ci_type <- secondary.data.rows[0].ci_type  (string, 9 bytes)
        advisory_audit.name <- primary.data.rows[0].name  (string, 11 bytes)
        summary.ci_type <- aggregate.data.ci_type  (string, 5 bytes)
        summary.groups <- aggregate.data.groups  (array, 53 bytes)
        summary.licences <- licence_audit  (object, 53 bytes)
        summary.sizes <- size_audit  (object, 98 bytes)
        upgrade_plan.advisories <- advisory_audit.data.advisories  (not read)

      Licences of 2 dev packages: most MIT (1); 1 with copyleft, 0 without a licence.
      Size of 1 runtime package: 2.0 KiB on disk, the largest zod (2.0 KiB).
      One step fails on purpose: advisory_audit asks for data that a lock file does not hold, and
      upgrade_plan needs it.
      Drawn from the 16 spans that arrived as OTLP/HTTP in this process.
      "
    `);
  });

  it('fits the terminal', async () => {
    const { stdout } = await demo([], { COLUMNS: '60' });
    const lines = stdout.split('\n').filter((line) => !line.startsWith('Sent to') && !line.startsWith('To see it'));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('is printed as JSON', async () => {
    const { code, stdout } = await demo(['--json']);
    expect(code).toBe(0);
    const { verdict, success, outcome, run } = JSON.parse(stdout) as JsonResult;
    expect({ success, outcome }).toEqual({ success: false, outcome: 'failure' });
    expect(verdict).toMatch(/^Failed after .*advisory_audit failed/);
    expect(run).toMatchObject({
      plan_name: 'package-audit',
      strategy: 'dag',
      outcome: 'failure',
      planned_steps: 8,
      seen_steps: 8,
      notes: [],
    });
    const steps = run.groups.flatMap((group) => group.steps);
    expect(steps.map(({ tool_id, outcome }) => `${tool_id} ${outcome}`)).toEqual([
      'primary success',
      'secondary success',
      'aggregate success',
      'licence_audit success',
      'size_audit success',
      'advisory_audit failure',
      'summary success',
      'upgrade_plan skip',
    ]);
    expect(steps.find(({ tool_id }) => tool_id === 'upgrade_plan')?.reason).toBe('dependency failed: advisory_audit');
    expect(steps.find(({ tool_id }) => tool_id === 'licence_audit')?.spans).toMatchObject([
      { name: 'GET', kind: 'client' },
    ]);
    expect(steps.flatMap(({ mappings }) => mappings).every(({ resolved }) => resolved)).toBe(true);
  });

  it('works with 2,000 packages and with one', async () => {
    const packages = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [
        `node_modules/p${index}`,
        { version: '1.0.0', dev: index % 2 === 0 },
      ]),
    );
    await writeLock({ lockfileVersion: 2, packages });
    const many = await demo();
    expect(many.code).toBe(0);
    expect(many.stdout).toContain('2000 packages of package-lock.json');
    expect(many.stdout).toContain('8 of 8 planned steps seen: 6 succeeded, 1 failed, 1 skipped');

    await writeLock({ lockfileVersion: 3, packages: { 'node_modules/only': { version: '1.0.0' } } });
    const one = await demo();
    expect(one.stdout).toContain('8 of 8 planned steps seen: 6 succeeded, 1 failed, 1 skipped');
  });

  it('takes the lock file that npm keeps in node_modules when there is no other', async () => {
    await rm(join(folder, 'package-lock.json'));
    await mkdir(join(folder, 'node_modules'));
    await writeFile(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify(LOCK));
    expect((await demo()).stdout).toContain('3 packages of node_modules/.package-lock.json');
  });

  it('shows names from the lock file without letting them act on the terminal', async () => {
    const evil = 'evil\x1b[2J';
    await writeLock({
      lockfileVersion: 3,
      packages: { 'node_modules/a': { name: evil, version: '1', license: evil } },
    });
    const { code, stdout } = await demo();
    expect(code).toBe(0);
    expect(stdout).not.toContain('\x1b');
    expect(stdout).toContain(String.raw`most evil\x1b[2J (1)`);
  });

  it.each([
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '0' }, false],
    [{ NO_COLOR: '1' }, false],
    [{}, false],
  ])('is coloured with %o: %s', async (env, colored) => {
    expect((await demo([], env)).stdout.includes('\x1b[')).toBe(colored);
  });
});

describe('sending it on', () => {
  it('sends the same trace to the endpoint in the environment and prints the link', async () => {
    const received: ReceivedSpan[] = [];
    await using backend = await startReceiver({ onSpans: (spans) => void received.push(...spans) });
    const { code, stdout, stderr } = await demo(['--json'], {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${backend.url}/`,
      // For the backend alone: the receiver in the process takes JSON.
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      ORCHESTRACE_JAEGER_URL: 'http://jaeger.test:1',
    });
    const { run } = JSON.parse(stdout) as JsonResult;
    const { trace_id: traceId } = run;
    expect(code).toBe(0);
    expect(stderr).toBe(`Sent to ${backend.url}/v1/traces: http://jaeger.test:1/trace/${traceId}\n`);
    expect(reconstruct(received)).toMatchObject([{ traceId, seenTools: 8, notes: [] }]);
  });

  it('sends the headers in the environment', async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    const { url, close } = await listen((request, response) => {
      ({ headers } = request);
      response.writeHead(415).end();
    });
    const { code, stdout } = await demo([], {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/custom`,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20abc=, x-team = a',
    });
    close();
    expect(headers).toMatchObject({ authorization: 'Basic abc=', 'x-team': 'a' });
    expect(code).toBe(0);
    expect(stdout).toContain(`\nCould not be sent to ${url}/custom: it answered 415: it takes no JSON\n`);
  });

  it.each([
    ['text/html; charset=utf-8', 'a web page'],
    ['text/plain', 'text/plain'],
  ])('does not take an answer of %s for a delivery', async (type, what) => {
    const { url, close } = await listen((request, response) => {
      request.resume();
      response.writeHead(200, { 'Content-Type': type }).end('<!doctype html>');
    });
    const { code, stdout } = await demo([], { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    close();
    expect(code).toBe(0);
    const why = `it answered with ${what}: is that the OTLP port (4318)?`;
    expect(stdout).toContain(`\nCould not be sent to ${url}/v1/traces: ${why}\n`);
  });

  it('says in one line that the endpoint is down, and shows the run all the same', async () => {
    const { url, close } = await listen(() => {});
    close();
    const { code, stdout, stderr } = await demo([], { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('8 of 8 planned steps seen');
    expect(stdout).toContain(`\nCould not be sent to ${url}/v1/traces: nothing listens there (ECONNREFUSED)\n`);
  });

  it('repeats no password of an address', async () => {
    await using backend = await startReceiver({ onSpans: () => {} });
    const env = { ORCHESTRACE_JAEGER_URL: 'http://me:topsecret@jaeger.test' };
    const sent = await demo([], { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: backend.url });
    expect(sent.stdout).toContain(
      `\nSent to ${backend.url}/v1/traces: ORCHESTRACE_JAEGER_URL: give name and password as --header`,
    );
    const refused = await demo([], { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:topsecret@127.0.0.1:9' });
    expect(refused.stdout).toContain(
      "\nCould not be sent to http://127.0.0.1:9/v1/traces: give name and password in OTEL_EXPORTER_OTLP_HEADERS, such as 'Authorization=Basic%20...'\n",
    );
    for (const { stdout, stderr } of [sent, refused]) expect(stdout + stderr).not.toContain('topsecret');
  });

  it('ends with 130 on Ctrl-C, at once', async () => {
    const { url, close } = await listen(() => {}); // never answers
    const startedAt = Date.now();
    let interruptedAt = 0;
    const { code, stderr } = await runMain(['demo'], {
      cwd: folder,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: url },
      onOutput: (child, stdout) => {
        if (!stdout.includes('Drawn from') || interruptedAt) return;
        interruptedAt = Date.now();
        child.kill('SIGINT');
      },
    });
    close();
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(interruptedAt).toBeGreaterThan(startedAt);
    expect(Date.now() - interruptedAt).toBeLessThan(4_000);
  });
});

describe('the page', () => {
  it('is where the demo ends when that is asked for, until Ctrl-C', async () => {
    let page: Promise<unknown> | undefined;
    const file = join(folder, 'traces.sqlite');
    const { code, stdout, stderr } = await runMain(['demo', '--page'], {
      cwd: folder,
      env: { ORCHESTRACE_STORE: file },
      onOutput: (child, stdout) => {
        const found = PAGE_OF_RUN.exec(stdout);
        if (!found || page) return;
        const [, inspector, traceId] = found;
        page = Promise.all([
          fetch(`${inspector}/run/${traceId}`).then(async (response) => response.text()),
          fetch(`${inspector}/api/run?trace=${traceId}`).then(async (response) => response.json()),
          fetch(`${inspector}/api/session`).then(async (response) => response.json()),
        ]).finally(() => child.kill('SIGINT'));
      },
    });
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(stdout).toMatch(/^See it in the Inspector: http:\S+ \(Ctrl-C ends it\)$/m);
    expect(await page).toEqual([
      expect.stringMatching(/^<!doctype html>/i),
      expect.objectContaining({ planName: 'package-audit', state: 'ended', outcome: 'failure' }),
      expect.objectContaining({ storeName: file }),
    ]);
  });

  it('is that of the Inspector which runs already: the demo ends', async () => {
    await using inspector = await startServing();
    const { code, stdout, stderr } = await demo(['--page'], { ORCHESTRACE_INSPECTOR_URL: inspector.url });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [, url, traceId] = PAGE_OF_RUN.exec(stdout)!;
    expect(url).toBe(inspector.url);
    expect(stdout).toContain(`See it in the Inspector: ${inspector.url}/run/${traceId}\n`);
    expect(jsonOf(await ask(inspector, `/api/run?trace=${traceId}`))).toMatchObject({
      state: 'ended',
      completeness: { planned: 8, seen: 8 },
    });
  });

  it.each([['--json'], ['--no-page']])('cannot be asked for with %s', async (flag) => {
    expect(await demo(['--page', flag])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'orchestrace: choose one of --page, --no-page and --json\n',
    });
  });
});

describe('what cannot be done is told in one line', () => {
  it.each([
    ['is not JSON', '{', 'package-lock.json is not JSON: make it anew with npm install'],
    [
      'is a list',
      '[]',
      'package-lock.json has no packages; one of version 2 or 3 is needed: npm install --package-lock-only makes it',
    ],
    [
      'is of version 1',
      '{"lockfileVersion":1,"dependencies":{}}',
      'package-lock.json is of version 1; one of version 2 or 3 is needed: npm install --package-lock-only makes it',
    ],
    [
      'is empty',
      '{"lockfileVersion":3,"packages":{"":{}}}',
      'package-lock.json has no packages: run the demo in a project that depends on some',
    ],
  ])('a lock file that %s', async (_, text, message) => {
    await writeFile(join(folder, 'package-lock.json'), text);
    expect(await demo()).toEqual({ code: 2, stdout: '', stderr: `orchestrace: ${message}\n` });
  });

  it('a folder without a lock file', async () => {
    await rm(join(folder, 'package-lock.json'));
    const { code, stdout, stderr } = await demo();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^orchestrace: no package-lock\.json in [^\n]+ npm install --package-lock-only\n$/);
  });

  it('a lock file that cannot be read', async () => {
    await rm(join(folder, 'package-lock.json'));
    await mkdir(join(folder, 'package-lock.json'));
    const { code, stderr } = await demo();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^orchestrace: cannot read \S+: it is a folder\n$/),
    });
  });

  it('a package that is not installed', async () => {
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ resolve(specifier, context, next) {
        if (specifier === '@opentelemetry/sdk-node') throw Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
        return next(specifier, context);
      } });`;
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
    expect(await runMain(['demo'], { cwd: folder, nodeArgs })).toEqual({
      code: 2,
      stdout: '',
      stderr: 'orchestrace: the demo needs packages that are not installed: npm install @opentelemetry/sdk-node\n',
    });
  });

  it('an SDK that is switched off', async () => {
    const { code, stderr } = await demo([], { OTEL_SDK_DISABLED: 'true' });
    expect(code).toBe(1);
    expect(stderr).toContain('orchestrace: no span of the run arrived');
  });
});

function demo(args: readonly string[] = [], env: Record<string, string> = {}): ReturnType<typeof runMain> {
  return runMain(['demo', ...args], { cwd: folder, env });
}

function writeLock(lock: object): Promise<void> {
  return writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock));
}

async function listen(handler: Parameters<typeof createServer>[1]): Promise<{ url: string; close: () => void }> {
  const server = createServer(handler as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The picture without what differs from run to run: durations, bars, ids, and whether a backend happens to be there. */
/** Without what differs from run to run; the verdict tells what took longest. */
function withoutTimes(text: string): string {
  return text
    .replace(/^Failed after \S+ m?s: advisory_audit failed (.+\n)+\n/m, 'VERDICT\n\n')
    .replaceAll(/\d+ ms {2,}.*$/gm, 'AXIS')
    .replaceAll(/[├─┤│█▏·]+/g, '~')
    .replaceAll(/<?\d+(\.\d+)? m?s\b/g, 'N ms')
    .replaceAll(/ {2,}(?=~|N ms)/g, ' ')
    .replaceAll(/[0-9a-f]{32}/g, 'TRACE')
    .replaceAll(/^(To see it|Sent to|Could not).*\n/gm, '');
}
