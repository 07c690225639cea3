import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';

const exec = promisify(execFile);
const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '../..');
const LINES = ['1', '2', '3'] as const;
type Line = (typeof LINES)[number];

interface RecordedSpan {
  readonly name: string;
  /** Place in the list; -1 for a root. */
  readonly parent: number;
  readonly scope: readonly [string, string];
  readonly status: { readonly code: string; readonly message?: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly to: number; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly ended: boolean;
}

interface RecordedMetric {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly string[];
}

/** What scenario.mjs prints. */
interface Recorded {
  readonly spans: readonly RecordedSpan[];
  readonly metrics: readonly RecordedMetric[];
  readonly exported: number;
  readonly sees: Readonly<Record<string, unknown>>;
  readonly complaints: readonly string[];
}

let folder: string;
/** Why the lines could not be installed; undefined when they are. */
let absence: string | undefined;

/** Packs what was built, and installs it beside the SDK of every line, as an application would. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-sdk-'));
  const packed = await npm(ROOT, 'pack', '--json', '--pack-destination', folder);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  try {
    await Promise.all(LINES.map((line) => install(line, join(folder, filename))));
  } catch (error) {
    absence = whyUnreachable(error);
    if (absence === undefined || process.env['ORCHESTRACE_REQUIRE_SDK'] === '1') throw error;
    console.warn(`test/sdk: the SDK lines 1, 2 and 3 were not tested: the npm registry cannot be reached (${absence})`);
  }
}, 240_000);

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

async function install(line: Line, tarball: string): Promise<void> {
  const target = join(folder, line);
  await cp(join(HERE, line), target, { recursive: true, filter: (path) => !path.includes('node_modules') });
  for (const program of ['scenario.mjs', 'live.mjs']) await cp(join(HERE, program), join(target, program));
  await npm(target, 'ci');
  await npm(target, 'install', '--no-save', '--no-package-lock', tarball);
}

async function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const quick = ['--prefer-offline', '--fetch-retry-mintimeout=1000', '--fetch-timeout=60000'];
  // An outer `npm test` hands its own folder down by environment.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|config_local)/.test(name)),
  );
  const { stdout } = await exec('npm', [...args, ...quiet, ...quick], {
    cwd,
    env,
    shell: process.platform === 'win32',
  });
  return stdout;
}

function whyUnreachable(error: unknown): string | undefined {
  const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
  if (code === 'ENOENT') return 'npm is not installed';
  return /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|E\w*TIMEDOUT|\w*TIMEOUT|ENOTCACHED)\b/.exec(
    stderr,
  )?.[1];
}

function needsLines({ skip }: TestContext): void {
  skip(absence !== undefined, `the npm registry cannot be reached (${absence})`);
}

const runs = new Map<Line, Promise<Recorded>>();

/** Runs the scenario on a line, once. */
function record(line: Line): Promise<Recorded> {
  const run = async (): Promise<Recorded> => {
    const { stdout } = await exec(process.execPath, ['scenario.mjs'], { cwd: join(folder, line), env: {} });
    return JSON.parse(stdout) as Recorded;
  };
  const recorded = runs.get(line) ?? run();
  runs.set(line, recorded);
  return recorded;
}

describe('the packed package on SDK 1.30, 2.12 and 3.1', { timeout: 60_000 }, () => {
  it('is installed beside the versions that are pinned, and brings no second api', async (test) => {
    needsLines(test);
    const versions = await Promise.all(LINES.map((line) => installedVersions(line)));
    expect(versions).toMatchInlineSnapshot(`
      [
        "api 1.9.1, sdk-trace-base 1.30.1",
        "api 1.9.1, sdk-trace-base 2.12.1, sdk-trace 2.12.1",
        "api 1.10.0, sdk-trace 3.1.1",
      ]
    `);
  });

  it('draws this tree', async (test) => {
    needsLines(test);
    expect(drawTree((await record('3')).spans)).toMatchInlineSnapshot(`
      "orchestration inventory dag [failure] ERROR: no such table: licences
        plan inventory
        group 0 parallel [failure] ERROR: failed: licences
          step primary [success]
            step enrich [success]
          step licences [failure] ERROR: no such table: licences
        group 1 serial [success]
          step aggregate [success] <- data: step primary
        group 2 serial [skip]
          step audit [skip] <- depends_on: step licences <- depends_on: step aggregate
        group 3 serial [skip]
          step report [skip] <- depends_on: step audit
      orchestration handover dag [success]
        plan handover
        group 0 parallel [success]
          step fetch [success]
            attempt 1 [failure] ERROR: refused
            attempt 2 [success] <- retry_of: attempt 1
          step notify [skip]
        group 1 serial
          step store [failure] ERROR: disk full <- depends_on: step fetch
      orchestration ad hoc [success]
        group 0 parallel [success]
          step enrich [success]
          step other [success]
      step enrich [success]
      request
        step enrich [success]"
    `);
  });

  it('writes every attribute with its type', async (test) => {
    needsLines(test);
    expect(attributeTypes((await record('3')).spans)).toMatchInlineSnapshot(`
      {
        "error.type": "string",
        "orchestration.attempt": "number",
        "orchestration.attempt_count": "number",
        "orchestration.backoff_ms": "number",
        "orchestration.blast_radius": "number",
        "orchestration.blocked_by": "string",
        "orchestration.critical_path": "string[]",
        "orchestration.critical_path_ms": "number",
        "orchestration.dependency_groups": "empty[] or number[]",
        "orchestration.depends_on": "empty[] or string[]",
        "orchestration.execution_order": "number",
        "orchestration.execution_plan": "string",
        "orchestration.failed": "string[]",
        "orchestration.group_index": "number",
        "orchestration.input": "string",
        "orchestration.mappings": "string",
        "orchestration.max_attempts": "number",
        "orchestration.outcome": "string",
        "orchestration.output": "string",
        "orchestration.output_mapping": "string",
        "orchestration.parallel_execution": "boolean",
        "orchestration.plan.hash": "string",
        "orchestration.plan.name": "string",
        "orchestration.plan.source": "string",
        "orchestration.planned": "boolean",
        "orchestration.root_cause": "string",
        "orchestration.run.id": "string",
        "orchestration.skip_reason": "string",
        "orchestration.skipped": "string[]",
        "orchestration.span.type": "string",
        "orchestration.strategy": "string",
        "orchestration.tool_id": "string",
        "orchestration.tool_ids": "string[]",
        "orchestration.tool_type": "string",
        "orchestration.total_groups": "number",
        "orchestration.total_tools": "number",
        "orchestration.verdict": "string",
        "orchestration.wait_ms": "number",
        "rows": "number",
        "team.name": "string",
        "team.sizes": "number[]",
      }
    `);
  });

  it('counts and measures this', async (test) => {
    needsLines(test);
    const { metrics } = await record('3');
    const lines = metrics.flatMap(({ name, unit, points }) => [
      `${name} (${unit})`,
      ...points.map((point) => `  ${point}`),
    ]);
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "orchestration.run.duration (s)
        orchestration.strategy=dag orchestration.outcome=failure error.type=RangeError: 1 times
        orchestration.strategy=dag orchestration.outcome=success: 1 times
        orchestration.outcome=success: 1 times
      orchestration.step.duration (s)
        orchestration.strategy=dag orchestration.tool_type=broken orchestration.outcome=failure error.type=RangeError: 1 times
        orchestration.strategy=dag orchestration.tool_type=helper orchestration.outcome=success: 1 times
        orchestration.strategy=dag orchestration.tool_type=lookup orchestration.outcome=success: 1 times
        orchestration.strategy=dag orchestration.tool_type=count orchestration.outcome=success: 1 times
        orchestration.strategy=dag orchestration.tool_type=unknown orchestration.outcome=success: 1 times
        orchestration.strategy=dag orchestration.tool_type=unknown orchestration.outcome=failure error.type=_OTHER: 1 times
        orchestration.tool_type=helper orchestration.outcome=success: 3 times
        orchestration.tool_type=unknown orchestration.outcome=success: 1 times
      orchestration.step.wait (s)
        orchestration.strategy=dag orchestration.tool_type=lookup: 1 times
        orchestration.strategy=dag orchestration.tool_type=broken: 1 times
        orchestration.strategy=dag orchestration.tool_type=count: 1 times
        orchestration.strategy=dag orchestration.tool_type=unknown: 1 times
      orchestration.active_runs ({run})
        orchestration.strategy=dag: 0
        : 0"
    `);
  });

  it.for(LINES)(
    'gives the same on line %s: names, nesting, attributes, links, events, status and metrics',
    async (line, test) => {
      needsLines(test);
      expect(await record(line)).toEqual(await record('3'));
    },
  );

  it.for(LINES)('ends and exports every span on line %s, without a complaint from the SDK', async (line, test) => {
    needsLines(test);
    const { spans, exported, complaints, sees } = await record(line);
    expect(spans.filter((span) => !span.ended)).toEqual([]);
    expect(exported).toBe(spans.length);
    expect(complaints).toEqual([]);
    expect(sees).toEqual({ before: 'no trace', traceId: true, error: true, carried: ['orchestration', 'traceparent'] });
  });

  it.for(LINES)('shows a run as it goes on line %s', async (line, test) => {
    needsLines(test);
    const { stdout } = await exec(process.execPath, ['live.mjs'], { cwd: join(folder, line), env: {} });
    const of = (name: string, parent: string, state: string): string =>
      `${name} < ${parent}: kind 1, scope 1.2.3, nodejs, ${state}`;
    expect(JSON.parse(stdout)).toEqual({
      started: [
        of('orchestration live parallel', '', 'open'),
        of('group 0 serial', 'orchestration live parallel', 'open'),
        of('step watched', 'group 0 serial', 'open'),
      ],
      ended: [
        of('plan live', 'orchestration live parallel', 'ended'),
        of('step watched', 'group 0 serial', 'ended'),
        of('group 0 serial', 'orchestration live parallel', 'ended'),
        of('orchestration live parallel', '', 'ended'),
      ],
      warnings: [],
    });
  });

  it('needs no type that is newer than api 1.9', async (test) => {
    needsLines(test);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const checked = await exec(process.execPath, [tsc, '-p', join(folder, '2')]).catch((error: unknown) => error);
    expect(checked).toMatchObject({ stdout: '' });
  });
});

async function installedVersions(line: Line): Promise<string> {
  const modules = join(folder, line, 'node_modules');
  const files = await readdir(modules, { recursive: true });
  const manifests = files.filter((file) =>
    /(^|node_modules\/)@opentelemetry\/(api|sdk-trace(-base)?)\/package\.json$/.test(file),
  );
  const versions = manifests.toSorted().map(async (file) => {
    const { name, version } = JSON.parse(await readFile(join(modules, file), 'utf8')) as {
      name: string;
      version: string;
    };
    return `${name.slice('@opentelemetry/'.length)} ${version}`;
  });
  return (await Promise.all(versions)).join(', ');
}

/** One line a span: name, outcome, status, and what it is linked to. */
function drawTree(spans: readonly RecordedSpan[]): string {
  const draw = (parent: number, indent: string): string[] =>
    spans.flatMap((span, index) => {
      if (span.parent !== parent) return [];
      const outcome = span.attributes['orchestration.outcome'];
      const details = [
        typeof outcome === 'string' ? ` [${outcome}]` : '',
        span.status.code === 'UNSET' ? '' : ` ${span.status.code}: ${span.status.message}`,
        ...span.links.map(
          ({ to, attributes }) => ` <- ${String(attributes['orchestration.link.type'])}: ${spans[to]?.name}`,
        ),
      ];
      return [`${indent}${span.name}${details.join('')}`, ...draw(index, `${indent}  `)];
    });
  return draw(-1, '').join('\n');
}

function attributeTypes(spans: readonly RecordedSpan[]): Record<string, string> {
  const types = new Map<string, Set<string>>();
  for (const { attributes } of spans) {
    for (const [key, value] of Object.entries(attributes))
      types.set(key, (types.get(key) ?? new Set()).add(typeOf(value)));
  }
  return Object.fromEntries([...types].map(([key, found]) => [key, [...found].toSorted().join(' or ')]));
}

function typeOf(value: unknown): string {
  return Array.isArray(value)
    ? `${[...new Set(value.map((item) => typeof item))].join('|') || 'empty'}[]`
    : typeof value;
}
