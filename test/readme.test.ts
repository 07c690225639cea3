import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPTIONS } from '../src/options.ts';
import * as semconv from '../src/semconv.ts';

const readme = readFileSync('README.md', 'utf8');
const packageJson = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const blocks = [...readme.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, code]) => ({ language, code: code! }));
const programs = blocks.filter(({ language }) => language === 'ts').map(({ code }) => code);

/** What the first block leaves to the reader. */
const READERS_OWN = `
const loadOrders = async () => ({ rows: [1, 2] });
const loadStock = async () => ({ rows: [3] });
const writeReport = async (...parts: unknown[]) => parts.length;
`;

let receiver: Server;
const received: string[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => received.push(text));
    request.on('end', () => response.setHeader('Content-Type', 'application/json').end('{}'));
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});

afterAll(() => receiver.close());

/** Runs a block as a reader would: in a process of its own, with this package by its name. */
async function runProgram(code: string): Promise<string> {
  const { port } = receiver.address() as AddressInfo;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module-typescript', '--eval', code.includes('loadOrders') ? READERS_OWN + code : code],
    { env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } },
  );
  expect(stderr).toBe('');
  return stdout;
}

/** A drawing without what differs from run to run: times, lengths of bars, sizes, ids. */
function shapeOf(drawing: string): string {
  return drawing
    .replace(/[0-9a-f]{32}/g, 'ID')
    .replace(/[├┤─█▏│·]+/g, '')
    .replace(/<?[\d.]+( (ms|s|min)\b)?/g, '0')
    .replace(/\s+/g, ' ');
}

describe('README', () => {
  it('has programs', () => {
    expect(programs.length).toBeGreaterThanOrEqual(8);
  });

  it.for(programs.map((code, index) => [index + 1, code] as const))(
    'program %i runs and prints what it says',
    async ([, code]) => {
      const promised = [...code.matchAll(/console\.log\(.*\/\/ => (.*)$/gm)].map(([, text]) => text);
      const printed = (await runProgram(code)).split('\n').filter((line) => line !== '');
      if (promised.length > 0) expect(printed).toEqual(promised);
    },
  );

  it('shows what the demo really draws', async () => {
    const env = { ...process.env, COLUMNS: '100', ORCHESTRACE_STORE: 'off' };
    const { stdout } = await promisify(execFile)(process.execPath, ['src/cli/main.ts', 'demo'], { env });
    const picture = blocks.find(({ language }) => language === 'text')!.code;
    expect(shapeOf(stdout)).toContain(shapeOf(picture));
  });

  it('sends what its program sends', async () => {
    const before = received.length;
    await runProgram(programs.find((code) => code.includes('startTracing'))!);
    expect(received.slice(before).join('')).toContain('step hello');
  });

  it('shows the faults of a broken plan', async () => {
    const printed = await runProgram(programs.find((code) => code.includes('parsePlan('))!);
    expect(printed).toMatchInlineSnapshot(`
      "invalid plan, 2 faults:
        tools[0].depends_on[0]: cycle: "a" > "b" > "a"; take one of these dependencies out, or, if it is meant, name the edge in loops: { "from": "b", "to": "a" }
        tools[1].depends_on[1]: there is no tool "c"; add it to tools, or take it out
      "
    `);
  });

  it('names commands that exist', () => {
    const commands = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.split(/\n|&&/));
    for (const command of commands.map((text) => text.trim()).filter((text) => text !== '')) {
      const script = /^npm (?:run )?(demo|test|check|bench)$/.exec(command)?.[1];
      if (script) expect(packageJson.scripts).toHaveProperty(script);
      else if (command.startsWith('docker compose')) expect(existsSync('docker-compose.yml')).toBe(true);
      else
        expect(command).toMatch(
          /^npm install|^npx orchestrace (demo|--help)$|^npx orchestrace inspect$|^npx orchestrace (plan|run|report|compare|doctor) /,
        );
    }
  });

  it('lists every option with its default and environment variable', () => {
    for (const [option, { env, type, default: value }] of Object.entries(OPTIONS)) {
      const row = readme
        .split('\n')
        .find(
          (line) =>
            line.startsWith('| `') && line.split('|')[1]!.includes(`\`${option}\``) && line.split('|').length === 6,
        );
      expect(row, option).toBeDefined();
      if (env) expect(row).toContain(`\`${env}\``);
      if (type === 'boolean' || type === 'bytes') expect(row).toContain(`\`${String(value)}\``);
    }
  });

  it('lists every attribute of a span, and every metric', () => {
    const table = readme.slice(readme.indexOf('## Spans and attributes'), readme.indexOf('## Command line'));
    for (const [key, name] of Object.entries(semconv)) {
      if (key.startsWith('ATTR_ORCHESTRATION') || key.startsWith('METRIC_')) {
        expect(table).toContain(`\`${key.startsWith('METRIC_') ? name : name.replace('orchestration.', '')}\``);
      }
    }
  });
});
