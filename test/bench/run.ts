import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Result } from './side-by-side.ts';

/** `npm run bench [-- NAME]`: every bench whose name has NAME in it, each in a process of its own, and a table of the ratios. */

const HELPERS = ['run.ts', 'side-by-side.ts'];
const RESULT = 'result: ';

const [filter = '', child] = process.argv.slice(2);

if (child) {
  const bench = (await import(child)) as { run(): Promise<Result[]> };
  console.log(RESULT + JSON.stringify(await bench.run()));
} else {
  const files = readdirSync(new URL('.', import.meta.url)).filter(
    (file) => file.endsWith('.ts') && !HELPERS.includes(file),
  );
  const results: Result[] = [];
  for (const file of files) {
    const bench = (await import(`./${file}`)) as { name: string };
    if (!`${file} ${bench.name}`.includes(filter)) continue;
    process.stderr.write(`${bench.name} ...\n`);
    const args = [...process.execArgv, fileURLToPath(import.meta.url), filter, `./${file}`];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
    const line = stdout.split('\n').find((text) => text.startsWith(RESULT));
    if (status !== 0 || line === undefined) {
      console.error(`${file} failed:\n${stderr}`);
      process.exitCode = 1;
      continue;
    }
    results.push(...(JSON.parse(line.slice(RESULT.length)) as Result[]));
  }
  print(results);
}

function print(results: readonly Result[]): void {
  if (results.length === 0) return console.log(`no bench has "${filter}" in its name`);
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}; ratio: ours / floor, median of interleaved rounds\n`,
  );
  console.log('| bench | size | ours | floor | ratio | goal |\n| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const { name, goal, rows } of results) {
    for (const { size, oursNs, floorNs, ratio } of rows) {
      console.log(`| ${name} | ${size} | ${time(oursNs)} | ${time(floorNs)} | ${ratio.toFixed(2)} | ${goal} |`);
    }
  }
}

function time(nanoseconds: number): string {
  return nanoseconds < 10_000 ? `${nanoseconds.toFixed(0)} ns` : `${(nanoseconds / 1000).toFixed(1)} us`;
}
