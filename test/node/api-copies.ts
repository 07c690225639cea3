import { cp, glob, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const INSTALLED = join(process.cwd(), 'node_modules', '@opentelemetry', 'api');

/**
 * Makes a folder for a program that has a copy of OpenTelemetry's API of its own, in another version than this package: what is installed,
 * with the version changed. Without a version it has the same copy.
 */
export async function makeProgramFolder(version?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrace-program-'));
  const scope = join(folder, 'node_modules', '@opentelemetry');
  await mkdir(scope, { recursive: true });
  if (version === undefined) {
    await symlink(INSTALLED, join(scope, 'api'));
    return folder;
  }
  const copy = join(scope, 'api');
  await cp(INSTALLED, copy, { recursive: true });
  const { version: installed } = JSON.parse(await readFile(join(INSTALLED, 'package.json'), 'utf8')) as {
    version: string;
  };
  for await (const file of glob('**/*.{cjs,mjs,js,json}', { cwd: copy })) {
    const text = await readFile(join(copy, file), 'utf8');
    if (text.includes(installed)) await writeFile(join(copy, file), text.replaceAll(installed, version));
  }
  return folder;
}

/** Registers a provider as an SDK does, and a context manager where it is wanted. */
export const REGISTER = `
import { AsyncLocalStorage } from 'node:async_hooks';
import { context, ProxyTracerProvider, ROOT_CONTEXT, trace } from '@opentelemetry/api';
const noop = new ProxyTracerProvider().getTracer('none');
export const registerProvider = () => trace.setGlobalTracerProvider({ getTracer: () => noop });
export const registerContextManager = () => {
  const storage = new AsyncLocalStorage();
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...args) => storage.run(active, () => work.apply(self, args)),
    bind: (active, target) => target,
    enable() { return this; },
    disable() { return this; },
  });
};
`;
