import { readFileSync, realpathSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { context, createContextKey, ProxyTracerProvider, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Finding } from './finding.ts';

/** Where every copy of the API keeps what is registered (api/src/internal/global-utils.ts). */
export const API_KEY: unique symbol = Symbol.for('opentelemetry.js.api.1') as never;
const API = '@opentelemetry/api';

interface GlobalApi {
  readonly version?: string;
  readonly trace?: unknown;
}

interface Copy {
  readonly folder: string;
  readonly version: string;
}

/** Whether any copy of the API has a tracer provider, be it one that this package cannot see. */
export function hasProvider(): boolean {
  return globalApi()?.trace !== undefined;
}

/** Looks at what is registered with OpenTelemetry's API in this process. Takes no time, changes nothing. */
export function examineApi(): Finding[] {
  const own = copyFor(import.meta.url);
  const programs = process.argv[1] === undefined ? undefined : copyFor(pathToFileURL(process.argv[1]).href);
  if (!isProviderSeen()) return [hasProvider() ? tooOld(own, programs) : noProvider(), ...copies(own, programs, false)];
  return [...(isContextKept() ? [] : [noContextManager()]), ...copies(own, programs, true)];
}

function noProvider(): Finding {
  if (process.env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') {
    return {
      code: 'SDK_DISABLED',
      message: 'OTEL_SDK_DISABLED=true switches OpenTelemetry off: nothing is recorded',
      fix: 'unset OTEL_SDK_DISABLED',
    };
  }
  return {
    code: 'NO_PROVIDER',
    message: 'no tracer provider is registered: nothing is recorded',
    fix: 'call `await startTracing()` of orchestrace/node before the first run, or start the SDK that you have',
  };
}

function tooOld(own: Copy | undefined, programs: Copy | undefined): Finding {
  const version = globalApi()?.version ?? 'unknown';
  const at = programs?.version === version ? ` in ${programs.folder}` : '';
  return {
    code: 'API_TOO_OLD',
    message:
      `a tracer provider is registered with ${API} ${version}${at}, which a newer copy cannot see: ` +
      `orchestrace has ${describeCopy(own)}, so nothing of it is recorded`,
    fix: `install one copy for both: npm install ${API}@${minorOf(own?.version)}, then npm ls ${API}; with an SDK 2, which needs ${API} below 1.10, npm install ${API}@~1.9`,
  };
}

function copies(own: Copy | undefined, programs: Copy | undefined, works: boolean): Finding[] {
  if (!own || !programs || own.folder === programs.folder || (!works && hasProvider())) return [];
  return [
    {
      code: 'API_COPIES',
      message: `there are two copies of ${API}: the program has ${describeCopy(programs)}, orchestrace has ${describeCopy(own)}; spans are lost where the one that registers is the older`,
      fix: `make them one: npm dedupe, then npm ls ${API}`,
    },
  ];
}

function noContextManager(): Finding {
  return {
    code: 'NO_CONTEXT_MANAGER',
    message: 'no context manager is registered: spans are recorded, but do not nest, and steps do not find their run',
    fix: 'context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()) of @opentelemetry/context-async-hooks, with the same copy of the API; NodeSDK does it by itself',
  };
}

function globalApi(): GlobalApi | undefined {
  return (globalThis as { [API_KEY]?: GlobalApi })[API_KEY];
}

function isProviderSeen(): boolean {
  const provider = trace.getTracerProvider();
  return (
    !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== new ProxyTracerProvider().getDelegate()
  );
}

function isContextKept(): boolean {
  const key = createContextKey('orchestrace diagnose');
  return context.with(ROOT_CONTEXT.setValue(key, true), () => context.active().getValue(key) === true);
}

/** The copy of the API that a file gets when it imports it. */
function copyFor(file: string): Copy | undefined {
  try {
    const path = findPackageJSON(API, file);
    if (path === undefined) return undefined;
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
    return { folder: realpathSync(dirname(path)), version };
  } catch {
    return undefined; // it has none
  }
}

function describeCopy(copy: Copy | undefined): string {
  return copy ? `${copy.version} in ${copy.folder}` : 'one of its own';
}

function minorOf(version: string | undefined): string {
  return version === undefined ? 'latest' : `^${version.replace(/\.\d+(-.*)?$/, '.0')}`;
}
