import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { COMPARED_FILES } from './compare-sample.ts';
import { runMain } from './run-node.ts';

vi.setConfig({ testTimeout: 60_000 });

const readme = readFileSync('README.md', 'utf8');
const section = readme.slice(readme.indexOf('\n## Command line'), readme.indexOf('\n## What to know'));
const [plan, tools] = ['json', 'js'].map(
  (language) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(section)?.[1],
);
const input = /`input\.json` is `(.*?)`/.exec(section)?.[1];
/** Commands with what the README says that they print. */
const samples = [...section.matchAll(/```sh\nnpx orchestrace ([^\n]*)\n```\n\n```\w+\n(.*?)```/gs)].map(
  ([, command = '', output = '']) => [command, output] as const,
);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrace-readme-'));
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  const files = { 'plan.json': plan, 'tools.mjs': tools, 'input.json': input, 'app.js': '', ...COMPARED_FILES };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text!)));
  await copyFile('test/fixtures/nightly.jsonl', join(folder, 'nightly.jsonl'));
});
afterAll(() => rm(folder, { recursive: true }));

it('has a sample of each command that takes a file or a command', () => {
  expect(samples.map(([command]) => command)).toEqual([
    'plan plan.json',
    'plan plan.json --mermaid',
    'run plan.json --tools tools.mjs --input input.json',
    'report nightly.jsonl',
    'compare before.jsonl after.jsonl',
    'doctor -- node app.js',
  ]);
});

it.each(samples)('%s prints what the README says', async (command, output) => {
  // `node` is the one that runs the tests; the width is that of the README.
  const env = {
    COLUMNS: '100',
    ORCHESTRACE_STORE: join(folder, 'traces.sqlite'),
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  };
  const { stdout, stderr } = await runMain(command.split(' '), { cwd: folder, env });
  const printed = command.startsWith('doctor') ? stderr : stdout;
  if (/^(compare|report)/.test(command)) expect(printed).toBe(output);
  expect(shapeOf(printed)).toBe(shapeOf(output));
});

it('names every field of the explanation as JSON', async () => {
  const { stdout } = await runMain(['report', 'nightly.jsonl', '--json'], { cwd: folder });
  const table = section.slice(section.indexOf('### A report'), section.indexOf('### Traces as they come'));
  // Maps of a run come from its plan, and are no part of the explanation.
  const { run: _, ...explanation } = JSON.parse(stdout) as Record<string, unknown>;
  const fields = new Set<string>();
  JSON.stringify(explanation, (key, value: unknown) => {
    if (/^[a-z_]+$/.test(key)) fields.add(key);
    return value;
  });
  for (const field of [...fields, 'run']) expect(table).toMatch(new RegExp(`\`${field}(\\[\\])?\``));
});

it('has every command in its table', async () => {
  const { stdout } = await runMain(['--help']);
  const commands = [...stdout.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name]) => name);
  expect(commands).toEqual(['plan', 'run', 'demo', 'inspect', 'report', 'compare', 'doctor']);
  for (const name of commands) expect(section).toContain(`| \`orchestrace ${name}`);
});

/** Without what differs from run to run: what took longest, times, bars, ids, and whether a backend happens to be there. */
function shapeOf(text: string): string {
  return (
    text
      .replace(/^Succeeded in (.+\n)+\n/, 'VERDICT\n')
      // The tests run the sources.
      .replace(/npx node \S+main\.ts/, 'npx orchestrace')
      .replaceAll(/[0-9a-f]{32}/g, 'ID')
      .replaceAll(/^(To see it|Sent to|Could not).*$/gm, '')
      .replaceAll(/[├┤─█▏│]+/g, '')
      .replaceAll(/<?[\d.]+ (ms|s)\b/g, '0')
      .replaceAll(/\s+/g, ' ')
      .trim()
  );
}
