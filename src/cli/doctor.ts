import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Endpoint, headersFrom, resolveEndpoint } from '../node/diagnose/endpoint.ts';
import { type Diagnosis, diagnosisOf, type Finding } from '../node/diagnose/finding.ts';
import { probeEndpoint } from '../node/diagnose/probe-endpoint.ts';
import { describeType, isOtlpAnswer } from '../node/endpoint.ts';
import { parseFileAndFlags, usageError, type Command } from './command.ts';
import { diagnoseTrace } from './doctor/diagnose-trace.ts';
import { type Exchange, type ProcessReport, REPORT_FOLDER_VARIABLE } from './doctor/report.ts';
import { jsonText } from './json-text.ts';
import { describeSystemFault } from './system-fault.ts';
import { escapeText } from './terminal-text.ts';
import { SOURCE_ENVIRONMENT, SOURCE_FLAGS, SOURCE_HELP } from './trace-source.ts';

const HELP = `Finds out why no spans arrive, or what a trace lacks, and says what to do about it.

Usage: orchestrace doctor [--endpoint URL] [--protocol P] [--json]
       orchestrace doctor [--json] -- COMMAND
       orchestrace doctor TRACE [--json]

Without a command it asks the endpoint alone, with a request that holds no spans. With one it runs that command and looks
inside its Node processes: is a tracer provider registered, and by the same copy of @opentelemetry/api? Is there a context
manager? Where were spans sent, and what came back? The command's output and exit code are its own; the findings come after
it, on stderr.

With a trace (a trace id or its first digits, a file, - for stdin, or latest) it says whether all of it arrived: which
planned steps have no span, and why.

Options:
  --endpoint URL   ask this one instead of that of the environment
  --protocol P     http/json, http/protobuf or grpc
  --json           the findings as JSON on stdout; what the command writes there goes to stderr
  --help           this text

Options for a trace:
${SOURCE_HELP}

Examples:
  orchestrace doctor
  orchestrace doctor --endpoint https://otlp.example.test --protocol http/protobuf
  orchestrace doctor -- node app.js
  orchestrace doctor --json -- npm start
  orchestrace doctor latest
  orchestrace doctor 0af7651916cd43dd8448eb211c80319c --jaeger http://127.0.0.1:16686

Environment:
  OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_EXPORTER_OTLP_HEADERS
${SOURCE_ENVIRONMENT}

Exit codes: that of the command where it is not 0; else 0 all is well, 1 something was found or the trace is not complete,
2 wrong use, or no such trace.
`;

const PROTOCOLS = ['http/json', 'http/protobuf', 'grpc'] as const;
const TIMEOUT_MS = 3000;

/** `orchestrace doctor [-- COMMAND]` and `orchestrace doctor TRACE`. */
export const runDoctor: Command = async (args, { signal }) => {
  const split = args.indexOf('--');
  const command = split === -1 ? undefined : args.slice(split + 1);
  const { file: given, flags } = parseFileAndFlags(
    split === -1 ? args : args.slice(0, split),
    {
      ...SOURCE_FLAGS,
      endpoint: { type: 'string' },
      protocol: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
    'a command comes after two dashes: orchestrace doctor -- node app.js',
  );
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const protocol = PROTOCOLS.find((one) => one === flags.protocol);
  if (flags.protocol !== undefined && !protocol)
    throw usageError(`--protocol must be one of ${PROTOCOLS.join(', ')}, got ${flags.protocol}`);
  if (given !== undefined || flags.plan !== undefined) {
    if (command !== undefined || flags.endpoint !== undefined || protocol)
      throw usageError('a trace is examined by itself: leave out --endpoint, --protocol and the command');
    return diagnoseTrace(given, flags, signal);
  }
  if (flags.store !== undefined || flags.jaeger !== undefined || flags.header)
    throw usageError(
      '--store, --jaeger and --header say where to look for a trace: orchestrace doctor latest --store FILE',
    );
  if (command === undefined) {
    const endpoint = resolveEndpoint({ endpoint: flags.endpoint, protocol }, process.env);
    const diagnosis = diagnosisOf(await examineEndpoint(endpoint));
    process.stdout.write(flags.json ? jsonText(diagnosis) : `${describe(diagnosis, praiseOf(endpoint))}\n`);
    return diagnosis.ok ? 0 : 1;
  }
  if (flags.endpoint !== undefined || protocol)
    throw usageError('with a command, its environment says the endpoint: leave out --endpoint and --protocol');
  const { reports, code } = await runWatched(command, flags.json === true);
  const diagnosis = diagnosisOf(await judge(reports));
  if (flags.json) process.stdout.write(jsonText(diagnosis));
  else process.stderr.write(`\n${describe(diagnosis, 'spans are recorded and sent')}\n`);
  return code === 0 && !diagnosis.ok ? 1 : code;
};

/** Runs a command with a look inside its Node processes. */
async function runWatched(
  [name, ...args]: readonly string[],
  keepsStdout: boolean,
): Promise<{ reports: readonly ProcessReport[]; code: number }> {
  if (!name) throw usageError('a command is missing after the two dashes: orchestrace doctor -- node app.js');
  const folder = await mkdtemp(join(tmpdir(), 'orchestrace-doctor-'));
  try {
    const source = new URL('./doctor/preload.ts', import.meta.url).href;
    const preload = source.slice(0, -2) + import.meta.url.slice(-2); // compiled, it is a .js like this file
    const env = {
      ...process.env,
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${preload}`.trim(),
      [REPORT_FOLDER_VARIABLE]: folder,
    };
    const child = spawn(name, args, { env, stdio: ['inherit', keepsStdout ? 2 : 'inherit', 'inherit'] });
    // On a terminal, Ctrl-C reaches the command by itself.
    if (!process.stdin.isTTY) process.once('SIGINT', (name) => child.kill(name));
    process.once('SIGTERM', (name) => child.kill(name));
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'ENOENT' ? 'there is no such command' : describeSystemFault(error);
        reject(usageError(`cannot run ${name}: ${why}`));
      });
      child.on('close', (exitCode, endedBy) => resolve(exitCode ?? 128 + (endedBy ? constants.signals[endedBy] : 0)));
    });
    const files = await readdir(folder);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    return { reports: texts.map((text) => JSON.parse(text) as ProcessReport), code };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts together what the processes of a command tell. One that starts others, such as npm, has no provider and does not count then. */
async function judge(reports: readonly ProcessReport[]): Promise<Finding[]> {
  if (reports.length === 0) {
    return [
      {
        code: 'NO_REPORT',
        message:
          'no Node process told anything: the command starts none, sets NODE_OPTIONS itself, or was killed at once',
        fix: 'run the program itself: orchestrace doctor -- node app.js',
      },
    ];
  }
  const tracing = reports.filter(({ hasProvider }) => hasProvider);
  const judged = tracing.length > 0 ? tracing : reports;
  const findings = await Promise.all(judged.map(async (report) => report.findings.concat(await judgeSending(report))));
  const all = [...new Map(findings.flat().map((finding) => [finding.code + finding.message, finding])).values()];
  return tracing.length === 0 || tracing.some(({ exchanges }) => exchanges.length > 0)
    ? all
    : [...all, ...judgeSilence(tracing, diagnosisOf(all).ok)];
}

/** What keeps spans from being sent; where nothing else was found, that none were. */
function judgeSilence(reports: readonly ProcessReport[], isUnexplained: boolean): Finding[] {
  const samplers = reports.flatMap(({ sampler }) => sampler ?? []);
  const dropping = samplers.find(({ dropsEverything }) => dropsEverything);
  if (dropping) {
    const message = `${dropping.text} drops every span: nothing was sent`;
    return [{ code: 'SAMPLED_OUT', message, fix: 'unset OTEL_TRACES_SAMPLER, or set it to parentbased_always_on' }];
  }
  if (!isUnexplained) return [];
  const perhaps = samplers[0] ? `; ${samplers[0].text} may have dropped them all` : '';
  return [
    {
      code: 'NOTHING_SENT',
      message: `a tracer provider is registered, and no span was seen to be sent${perhaps}`,
      fix: 'does the command trace anything, and flush before it ends (await tracing.shutdown())? Only OTLP over HTTP, and over gRPC with Node 24.1 or newer, is seen',
    },
  ];
}

/** What was really sent says most; else the environment says where spans would go. */
async function judgeSending({ hasProvider, exchanges, refused, endpoint }: ProcessReport): Promise<Finding[]> {
  if (exchanges.length > 0) {
    const failed = exchanges.filter(
      ({ status, contentType }) => status === undefined || status >= 300 || !isOtlpAnswer(contentType),
    );
    return (await Promise.all(failed.map(judgeExchange))).flat();
  }
  if ('code' in endpoint || endpoint.source !== undefined) return examineEndpoint(endpoint);
  if (!hasProvider) return [];
  if (refused.length === 0) return examineEndpoint(endpoint);
  return refused.map((target) => ({
    code: 'ENDPOINT_REFUSED',
    message: `nothing listens at ${target}, to which the program could not connect (ECONNREFUSED)`,
    fix: 'if spans go there, start a Collector (docker compose up), or name another endpoint in OTEL_EXPORTER_OTLP_ENDPOINT',
  }));
}

async function judgeExchange({ url, protocol, status, contentType }: Exchange): Promise<Finding[]> {
  const found = await examineEndpoint({ url, protocol, source: 'exporter' });
  if (found.length > 0) return found;
  const answered = isOtlpAnswer(contentType) ? `answered ${status}` : `answered with ${describeType(contentType)}`;
  const message = `${url} ${status === undefined ? 'broke the connection' : answered} when spans were sent, and takes them now`;
  return [{ code: 'ENDPOINT_FAILS', message, fix: 'was it starting, or overloaded? Run the command again' }];
}

async function examineEndpoint(endpoint: Endpoint | Finding): Promise<Finding[]> {
  if ('code' in endpoint) return [endpoint];
  const finding = await probeEndpoint(endpoint, { headers: headersFrom(process.env), timeoutMs: TIMEOUT_MS });
  return finding ? [finding] : [];
}

function praiseOf(endpoint: Endpoint | Finding): string {
  return 'url' in endpoint ? `${endpoint.url} takes spans (${endpoint.protocol})` : '';
}

function describe({ ok, findings }: Diagnosis, praise: string): string {
  const lines = findings.map(({ code, message, fix }) => `${code}: ${escapeText(message)}\n  fix: ${escapeText(fix)}`);
  return [...(ok ? [`ok: ${escapeText(praise)}`] : []), ...lines].join('\n');
}
