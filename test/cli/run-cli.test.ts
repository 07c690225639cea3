import { exec } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { MAIN, runMain } from './run-node.ts';

/** Each test starts a process; a busy machine is slow at that. */
vi.setConfig({ testTimeout: 60_000 });

describe('help and version', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']]])('%j shows the commands', async (args) => {
    const { code, stdout, stderr } = await runMain(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatchInlineSnapshot(`
      "Traces tool orchestration with OpenTelemetry: the plan, its groups and every step in one trace.

      Usage: orchestrace <command> [options]

      Commands:
        plan      checks a plan and shows what runs when: text, --json, --mermaid, --dot
        run       runs a plan with tools of yours and draws the trace
        demo      runs real tools on the packages of this folder and draws the trace
        inspect   shows runs in the browser as they go, and keeps the traces that it receives
        report    explains a run from its trace: what went wrong, what took time, what to change
        compare   compares a run with one before it, or with many, and fails by rules of yours
        doctor    finds out why no spans arrive, or what a trace lacks

      Options:
        --help      this text; after a command, its own
        --version   0.1.0
      "
    `);
  });

  it.each(['--version', '-v'])('%s prints the version of package.json', async (flag) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await runMain([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('demo --help says what it needs from the environment', async () => {
    const { code, stdout } = await runMain(['demo', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
  });
});

describe('wrong use is told in one line, with exit code 2', () => {
  it.each([
    [['dmeo'], 'unknown command dmeo; did you mean demo?'],
    [['dem'], 'unknown command dem; did you mean demo?'],
    [['zzz'], 'unknown command zzz; there is plan, run, demo, inspect, report, compare, doctor, help'],
    [
      ['\x1b[2Jevil\n'],
      String.raw`unknown command \x1b[2Jevil ; there is plan, run, demo, inspect, report, compare, doctor, help`,
    ],
    [
      ['x'.repeat(100_000)],
      /^unknown command x{300}…; there is plan, run, demo, inspect, report, compare, doctor, help$/,
    ],
    [['--versoin'], 'unknown option --versoin; did you mean --version?'],
    [['-x'], 'unknown option -x; there is --help, --version'],
    [['demo', '--jsno'], 'unknown option --jsno; did you mean --json?'],
    [['demo', '-q'], 'unknown option -q; there is --page, --no-page, --json, --help'],
    [['demo', '--json=3'], "option '--json' does not take an argument"],
    [['demo', 'extra'], 'unexpected argument extra: this command takes none'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await runMain(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^orchestrace: [^\n]*\n$/);
    const said = stderr.slice('orchestrace: '.length, -1);
    if (typeof message === 'string') expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  it('tells an old Node so', async () => {
    const pretend = 'Object.defineProperty(process.versions, "node", { value: "22.14.0" })';
    expect(await runMain(['--help'], { nodeArgs: ['--import', `data:text/javascript,${pretend}`] })).toEqual({
      code: 2,
      stdout: '',
      stderr: 'orchestrace: needs Node 22.15 or newer; this is 22.14.0\n',
    });
  });
});

it('ends quietly when the reader of stdout has gone', async () => {
  // `true` reads nothing and is gone before anything is written.
  const script = `(sleep 0.3; "${process.execPath}" "${MAIN}" --help; echo "code $?" >&2) | true`;
  const { stderr } = await promisify(exec)(script, { shell: '/bin/bash' });
  expect(stderr).toBe('code 0\n');
});
