#!/usr/bin/env node
// Nothing is imported before the check: what an old Node cannot load would be an error that nobody understands.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`orchestrace: needs Node 22.15 or newer; this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  const { runCli } = await import('./run-cli.ts');
  await runCli(process.argv.slice(2));
}
