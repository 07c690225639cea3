import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { OrchestraceError } from '../../errors.ts';
import type { Tool, ToolEntry, ToolRegistry } from '../../run/types.ts';
import { usageError } from '../command.ts';
import { describeSystemFault } from '../system-fault.ts';

/** Most exports that a message names. */
const MAX_NAMED = 10;

/**
 * Loads the tools that a module exports: its named exports, and the entries of an object that is its default export. ESM, CommonJS, or
 * TypeScript where Node strips types.
 *
 * @throws {OrchestraceError} code `USAGE_INVALID`: it cannot be loaded, or exports no tool; the message says why
 */
export async function loadTools(file: string): Promise<ToolRegistry> {
  await checkFile(file);
  const { exported, byDefault } = await readExports(file);
  const tools = Object.entries(exported).filter(isTool);
  if (tools.length > 0) return Object.fromEntries(tools);
  const others = Object.entries(exported).map(([name, value]) => `${name} (${kindOf(value)})`);
  const instead =
    typeof byDefault === 'function' ? 'a default export without a name' : others.slice(0, MAX_NAMED).join(', ');
  throw usageError(
    `${file} exports no tools${instead && `, only ${instead}`}; ` +
      'export functions by tool_type or tool_id, e.g. export function primary(params) {}',
  );
}

async function checkFile(file: string): Promise<void> {
  const stats = await stat(file).catch((error: unknown) => {
    throw usageError(`cannot read the tools ${file}: ${describeSystemFault(error)}`);
  });
  if (stats.isDirectory()) throw usageError(`${file} is a folder; name the module with the tools`);
  if (/\.[cm]?ts$/.test(file) && !process.features.typescript) {
    throw usageError(
      `${file} is TypeScript, which Node ${process.versions.node} does not run by itself; ` +
        'set NODE_OPTIONS=--experimental-strip-types, or use Node 22.18 or newer',
    );
  }
}

async function readExports(file: string): Promise<{ exported: Record<string, unknown>; byDefault: unknown }> {
  let giveUp: (() => void) | undefined;
  const stalled = new Promise<never>((_, reject) => {
    giveUp = () =>
      reject(usageError(`${file} cannot be loaded: it waits at its top level for something that never comes`));
    process.once('beforeExit', giveUp);
  });
  try {
    const module = import(pathToFileURL(resolve(file)).href) as Promise<Record<string, unknown>>;
    const { default: byDefault, ...named } = await Promise.race([module, stalled]);
    return { exported: { ...entriesOf(byDefault), ...entriesOf(named) }, byDefault };
  } catch (error) {
    if (OrchestraceError.isInstance(error)) throw error;
    throw usageError(`${file} cannot be loaded: ${messageOf(error)}${placeOf(error)}`);
  } finally {
    if (giveUp) process.off('beforeExit', giveUp);
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `it throws ${kindOf(error)}${typeof error === 'string' ? `: ${error}` : ''}`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return `${error.message}; Node only strips types: compile it, or leave out enums, namespaces and parameter properties`;
  }
  // Node keeps the place of an error of syntax to itself.
  if (error instanceof SyntaxError && placeOf(error) === '') return `${error.message}; node --check shows where`;
  return error.message || error.name;
}

/** Where it was thrown, by its stack: ` (tools.mjs:3)`. Node's own files are left out. */
export function placeOf(error: unknown): string {
  const stack = error instanceof Error ? error.stack : undefined;
  const [, url, line] = /(?:^|[\s(])((?:file:\/\/)?\/[^\s:()]+):(\d+)/m.exec(stack ?? '') ?? [];
  if (url === undefined) return '';
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const near = relative(process.cwd(), path);
  return ` (${near.startsWith('..') ? path : near}:${line})`;
}

/** Own entries of an object. What CommonJS adds is left out; compiled TypeScript keeps its default export in a default export. */
function entriesOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  const { default: inner, __esModule: isCompiled, 'module.exports': _, ...entries } = value as Record<string, unknown>;
  return isCompiled === true ? { ...entriesOf(inner), ...entries } : entries;
}

function isTool(entry: [string, unknown]): entry is [string, Tool | ToolEntry] {
  const [, value] = entry;
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && typeof (value as Partial<ToolEntry>).execute === 'function';
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
