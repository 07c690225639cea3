import { count } from '../explain/format.ts';
import { JaegerClient } from '../inspector/jaeger.ts';
import { jaegerAddress, withoutPassword } from '../inspector/jaeger-http.ts';
import { openStore } from '../inspector/open-store.ts';
import { startReceiver } from '../inspector/receive.ts';
import type { PageLink } from '../inspector/routes.ts';
import { startInspector } from '../inspector/serve.ts';
import type { TraceStore } from '../inspector/store.ts';
import { parseFlags, usageError, type Command } from './command.ts';
import { defaultStoreFile } from './default-store.ts';
import { INSPECTOR_PORT, isInspector } from './find-inspector.ts';
import { describeInterrupted, RunAnnouncer } from './inspect/announce-runs.ts';
import { messageOf, sayFault } from './say-fault.ts';
import { answers, defaultJaegerUrl, parseHeaders } from './source/jaeger-place.ts';
import { readTraceFile } from './source/read-trace-file.ts';
import { escapeText } from './terminal-text.ts';
import { untilAborted } from './until-aborted.ts';

/** Where exporters send by default. */
const OTLP_PORT = 4318;
const MAX_PORT = 65_535;

const HELP = `Shows runs in the browser, and takes them as OTLP/HTTP.

Usage: orchestrace inspect [--port N] [--store FILE | --memory] [--file F]... [--jaeger URL] [--link NAME=URL]...

The page and the receiver are at http://127.0.0.1:${INSPECTOR_PORT}; the receiver is on ${OTLP_PORT} as well, where exporters send by default, when that
is free. It takes protobuf and JSON. One line is printed for each run, a second after the last of its spans arrived, or after its
process was seen to die. What is kept can be read at any time, also after the Inspector has ended: orchestrace report latest.

Options:
  --port N        listen on this port only
  --store FILE    keep the traces in this file
  --memory        keep them in memory only, until it ends
  --file F        load the traces of a file first; may be repeated
  --jaeger URL    show the runs of a Jaeger as well, and link to it
  --header 'N: V' send a header to that Jaeger; may be repeated
  --link NAME=URL link each run to another tool; the URL may hold {trace_id}, {start_ms} and {end_ms}; may be repeated
  --help          this text

Examples:
  orchestrace inspect
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${INSPECTOR_PORT} node app.js
  orchestrace inspect --memory --file yesterday.jsonl
  orchestrace inspect --link 'Logs=https://logs.example/?trace={trace_id}'

Environment:
  ORCHESTRACE_STORE        where traces are kept, or off (~/.local/state/orchestrace/traces.sqlite)
  ORCHESTRACE_JAEGER_URL   the Jaeger that runs link to when it answers (http://127.0.0.1:16686)

Exit codes: 2 wrong use, such as a port that is in use; 130 ended by Ctrl-C, 143 by SIGTERM.
`;

/** `orchestrace inspect`. Goes on until Ctrl-C. */
export const runInspect: Command = async (args, { signal }) => {
  const flags = parseFlags(
    args,
    {
      port: { type: 'string' },
      store: { type: 'string' },
      memory: { type: 'boolean' },
      file: { type: 'string', multiple: true },
      jaeger: { type: 'string' },
      header: { type: 'string', multiple: true },
      link: { type: 'string', multiple: true },
      help: { type: 'boolean' },
    },
    ': give a file of traces as --file FILE',
  );
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (flags.memory && flags.store !== undefined) throw usageError('choose one of --store and --memory');
  if (flags.header && flags.jaeger === undefined) throw usageError('--header is for the Jaeger of --jaeger URL');
  const port = flags.port === undefined ? undefined : parsePort(flags.port);
  const given = (flags.link ?? []).map(parseLink);
  const jaeger = flags.jaeger === undefined ? undefined : connectJaeger(flags.jaeger, flags.header ?? []);
  const { store, name } = flags.memory ? openMemory() : open(flags.store);
  await using _ = store;
  for (const file of flags.file ?? []) await takeFile(store, file, signal);
  using runs = new RunAnnouncer((traceId) => store.trace(traceId), say);
  const links = [...(await jaegerLinks(flags.jaeger, signal)), ...given];
  await using inspector = await startInspector({
    store,
    storeName: name,
    port: port ?? INSPECTOR_PORT,
    jaeger,
    links,
    onSpans: (spans) => runs.take(spans),
    onInterrupted: (run) => say(describeInterrupted(run)),
    onStoreFault: sayStoreFaults(),
  }).catch(async (error: unknown) => {
    throw isInUse(error) ? await inUse(port ?? INSPECTOR_PORT) : error;
  });
  // Who names a port wants that one.
  await using second =
    port === undefined
      ? await startReceiver({ port: OTLP_PORT, onSpans: (spans) => inspector.take(spans) }).catch(() => undefined)
      : undefined;
  const urls = [inspector.url, ...(second ? [second.url] : [])].join(' and ');
  process.stdout.write(`The Inspector is at ${inspector.url}/\n`);
  process.stdout.write(`${escapeText(`Receives OTLP/HTTP at ${urls}; keeps traces in ${name}. Ctrl-C ends it.`)}\n`);
  if (port === undefined && !second) process.stdout.write(hintFor(inspector.url));
  await untilAborted(signal);
  return 0;
};

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function isInUse(error: unknown): boolean {
  return (error as { cause?: { code?: unknown } | undefined }).cause?.code === 'EADDRINUSE';
}

/** What to do where something has the port already. */
async function inUse(port: number): Promise<Error> {
  const other = 'another with --port N';
  const advice = (await isInspector(port))
    ? `an Inspector is there already: open http://127.0.0.1:${port}/, or choose ${other}`
    : `choose ${other}`;
  return usageError(`port ${port} is in use; ${advice}`);
}

interface Opened {
  readonly store: TraceStore;
  readonly name: string;
}

function openMemory(): Opened {
  return { store: openStore(), name: 'memory' };
}

/** The default store may fail: then traces are kept in memory, and that is said. */
function open(named: string | undefined): Opened {
  try {
    const file = named ?? defaultStoreFile(process.env);
    return file === undefined
      ? openMemory()
      : { store: openStore({ file, createFolder: named === undefined }), name: file };
  } catch (error) {
    if (named !== undefined) throw error;
    sayFault(`${messageOf(error)}; traces are kept in memory until this ends`);
    return openMemory();
  }
}

async function takeFile(store: TraceStore, file: string, signal: AbortSignal): Promise<void> {
  const { spans, faults } = await readTraceFile(file, signal);
  const name = file === '-' ? 'stdin' : file;
  for (const fault of faults) sayFault(`${name}: ${fault}`);
  store.add(spans);
  process.stdout.write(`${escapeText(`Took ${count(spans.length, 'span')} of ${name}.`)}\n`);
}

/** Says what cannot be kept, once, until it can be kept again. The request is refused, so that its sender tries again. */
function sayStoreFaults(): (error: unknown) => void {
  let said: string | undefined;
  return (error) => {
    const message = error === undefined ? undefined : messageOf(error);
    if (message !== undefined && message !== said) sayFault(error);
    said = message;
  };
}

function connectJaeger(url: string, headers: readonly string[]): JaegerClient {
  return new JaegerClient(url, { headers: parseHeaders(headers), onWarning: sayFault });
}

/** The Jaeger that was named, else the usual one if it answers. */
async function jaegerLinks(named: string | undefined, signal: AbortSignal): Promise<PageLink[]> {
  try {
    const url = named === undefined ? defaultJaegerUrl(process.env) : jaegerAddress(named);
    if (named === undefined && !(await answers(url, signal))) return [];
    return [{ name: 'Jaeger', url: `${withoutPassword(url)}/trace/{trace_id}` }];
  } catch (error) {
    if (named !== undefined) throw error;
    sayFault(error);
    return [];
  }
}

function parseLink(text: string): PageLink {
  const equals = text.indexOf('=');
  const [name, url] = [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
  // Nothing else is followed from a page: a URL may hold a script.
  if (equals > 0 && name !== '' && /^https?:\/\//i.test(url) && URL.canParse(url)) return { name, url };
  throw usageError(
    `--link must be NAME=URL with a URL of http or https, such as 'Logs=https://logs.example/?trace={trace_id}', got ${text}`,
  );
}

function hintFor(url: string): string {
  return `Port ${OTLP_PORT} is in use. Set OTEL_EXPORTER_OTLP_ENDPOINT=${url}; or have the Collector that is there, if it is one on this
machine and in no container, send traces here as well:

exporters:
  otlp_http/inspector:
    endpoint: ${url}
service:
  pipelines:
    traces:
      exporters: [otlp_http/inspector] # beside those that are there

`;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw usageError(`--port must be a whole number from 0 to ${MAX_PORT}, got ${text}; 0 is any that is free`);
}
