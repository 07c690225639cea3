import { count } from '../explain/format.ts';
import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { openStore } from '../inspector/open-store.ts';
import { type Receiver, startReceiver } from '../inspector/receive.ts';
import type { TraceStore } from '../inspector/store.ts';
import { parseFlags, usageError, type Command } from './command.ts';
import { defaultStoreFile } from './default-store.ts';
import { RunAnnouncer } from './inspect/announce-runs.ts';
import { messageOf, sayFault } from './say-fault.ts';
import { readTraceFile } from './source/read-trace-file.ts';
import { escapeText } from './terminal-text.ts';

const DEFAULT_PORT = 4319;
/** Where exporters send by default. */
const OTLP_PORT = 4318;
const MAX_PORT = 65_535;

const HELP = `Receives traces over OTLP/HTTP, keeps them, and says in a line how each run went.

Usage: orchestrace inspect [--port N] [--store FILE | --memory] [--file F]...

It listens on 127.0.0.1:${DEFAULT_PORT}, and on ${OTLP_PORT}, where exporters send by default, when that is free. It takes protobuf and
JSON. A run is told of when no more came of its trace for a second. What it keeps can be read while it runs and after it:
orchestrace report latest.

Options:
  --port N       listen on this port alone
  --store FILE   keep the traces in this file
  --memory       keep them until it ends, and in no file
  --file F       take the traces of a file first; may be repeated
  --help         this text

Examples:
  orchestrace inspect
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${DEFAULT_PORT} node app.js
  orchestrace inspect --store traces.sqlite --file yesterday.jsonl

Environment:
  ORCHESTRACE_STORE   where traces are kept, or off (~/.local/state/orchestrace/traces.sqlite)

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
      help: { type: 'boolean' },
    },
    ': give a file of traces as --file FILE',
  );
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (flags.memory && flags.store !== undefined) throw usageError('choose one of --store and --memory');
  const port = flags.port === undefined ? undefined : parsePort(flags.port);
  const { store, name } = flags.memory ? openMemory() : open(flags.store);
  await using _ = store;
  for (const file of flags.file ?? []) await takeFile(store, file, signal);
  using runs = new RunAnnouncer(
    (traceId) => store.trace(traceId),
    (line) => process.stdout.write(`${line}\n`),
  );
  const onSpans = takeInto(store, runs);
  await using receivers = await listen(port, onSpans);
  const urls = receivers.all.map(({ url }) => url).join(' and ');
  process.stdout.write(`${escapeText(`Receives OTLP/HTTP at ${urls}; keeps traces in ${name}. Ctrl-C ends it.`)}\n`);
  if (receivers.hint !== undefined) process.stdout.write(receivers.hint);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  return 0;
};

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

/** Refuses what cannot be kept, so that its sender tries again; says so once, until it can be kept again. */
function takeInto(store: TraceStore, runs: RunAnnouncer): (spans: readonly ReceivedSpan[]) => void {
  let fault: string | undefined;
  return (spans) => {
    try {
      store.add(spans);
      fault = undefined;
    } catch (error) {
      if (fault !== messageOf(error)) sayFault(error);
      fault = messageOf(error);
      throw error;
    }
    runs.take(spans);
  };
}

interface Receivers extends AsyncDisposable {
  readonly all: readonly Receiver[];
  /** What to do where the port of exporters is taken. */
  readonly hint: string | undefined;
}

async function listen(port: number | undefined, onSpans: (spans: readonly ReceivedSpan[]) => void): Promise<Receivers> {
  const first = await startReceiver({ port: port ?? DEFAULT_PORT, onSpans });
  // Who names a port wants that one.
  const second =
    port === undefined ? await startReceiver({ port: OTLP_PORT, onSpans }).catch(() => undefined) : undefined;
  const all = second ? [first, second] : [first];
  return {
    all,
    hint: port === undefined && !second ? hintFor(first.url) : undefined,
    [Symbol.asyncDispose]: async () => void (await Promise.all(all.map((receiver) => receiver.close()))),
  };
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
