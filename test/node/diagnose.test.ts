import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { startReceiver } from '../../src/inspector/receive.ts';
import { type Diagnosis, diagnose, type Protocol } from '../../src/node/index.ts';
import { makeProgramFolder, REGISTER } from './api-copies.ts';
import {
  CERTIFICATE,
  type FaultServer,
  findFreePort,
  startAnswering,
  startGrpc,
  startHangingUp,
  startHttp,
  startSilent,
  startTaking,
  startTls,
} from './fault-servers.ts';

vi.setConfig({ testTimeout: 60_000 });

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

describe('a receiver that takes spans has no finding', () => {
  it('over HTTP as JSON', async () => {
    await using receiver = await startReceiver({ onSpans: () => {} });
    expect(await askEndpoint(receiver.url)).toBe('ok');
  });

  it('over HTTP as protobuf', async () => {
    await using server = await startTaking('application/x-protobuf');
    expect(await askEndpoint(urlOf(server), 'http/protobuf')).toBe('ok');
  });

  it('over gRPC', async () => {
    await using server = await startGrpc();
    expect(await askEndpoint(urlOf(server), 'grpc')).toBe('ok');
  });

  it('sends the headers that it is given', async () => {
    const seen: unknown[] = [];
    await using server = await startHttp(({ headers, method, url }, response) => {
      seen.push({ method, url, authorization: headers.authorization });
      response.writeHead(200).end();
    });
    await diagnose({ endpoint: urlOf(server), headers: { authorization: 'Bearer x' } });
    expect(seen).toEqual([{ method: 'POST', url: '/v1/traces', authorization: 'Bearer x' }]);
  });

  it('is looked for by what is not empty', async () => {
    const seen: unknown[] = [];
    await using server = await startHttp(({ headers }, response) => {
      seen.push(headers.authorization);
      response.writeHead(200).end();
    });
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_HEADERS', '');
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'authorization=Bearer%20y');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '');
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', urlOf(server));
    expect(await diagnose({ endpoint: '' })).toMatchObject({ findings: [{ code: 'NO_PROVIDER' }] });
    expect(seen).toEqual(['Bearer y']);
    vi.unstubAllEnvs();
  });
});

describe('a fault of the endpoint is named, with its fix', () => {
  it('nothing listens', async () => {
    expect(await askEndpoint(`http://127.0.0.1:${await findFreePort()}`)).toMatchInlineSnapshot(`
      "ENDPOINT_REFUSED: nothing listens at http://127.0.0.1:PORT/v1/traces (ECONNREFUSED)
        fix: start a Collector there (docker compose up), or name another endpoint in OTEL_EXPORTER_OTLP_ENDPOINT"
    `);
  });

  it('no such host', async () => {
    expect((await askEndpoint('http://nowhere.invalid:4318')).replace('EAI_AGAIN', 'ENOTFOUND')).toMatchInlineSnapshot(`
      "HOST_UNKNOWN: there is no host nowhere.invalid: http://nowhere.invalid:4318/v1/traces (ENOTFOUND)
        fix: correct the name of the host; inside a container, localhost is the container"
    `);
  });

  it('no answer', async () => {
    await using server = await startSilent();
    expect(await askEndpoint(urlOf(server))).toMatchInlineSnapshot(`
      "ENDPOINT_SILENT: http://127.0.0.1:PORT/v1/traces does not answer (within 500 ms)
        fix: is the host right, and does a firewall let this machine through?"
    `);
  });

  it('hangs up', async () => {
    await using server = await startHangingUp();
    expect(await askEndpoint(urlOf(server))).toMatchInlineSnapshot(`
      "ENDPOINT_FAILS: http://127.0.0.1:PORT/v1/traces breaks the connection (ECONNRESET)
        fix: look into the log of the receiver; is it a receiver of OTLP?"
    `);
  });

  it('a path that is not there', async () => {
    await using server = await startAnswering(404);
    expect(await askEndpoint(urlOf(server))).toMatchInlineSnapshot(`
      "WRONG_PATH: http://127.0.0.1:PORT/v1/traces answers 404: traces are not taken there
        fix: give the base URL of a Collector, to which /v1/traces is appended, such as http://127.0.0.1:4318; is this the port of a user interface?"
    `);
  });

  it('a path that was forgotten', async () => {
    await using receiver = await startReceiver({ onSpans: () => {} });
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', receiver.url);
    const said = await ask({});
    vi.unstubAllEnvs();
    expect(said).toMatchInlineSnapshot(`
      "WRONG_PATH: http://127.0.0.1:PORT answers 404: traces are not taken there
        fix: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, and the url of an exporter, are taken as they are: http://127.0.0.1:PORT/v1/traces"
    `);
  });

  it('a web page', async () => {
    await using server = await startAnswering(200, 'text/html; charset=utf-8', '<!doctype html>');
    expect(await askEndpoint(urlOf(server))).toMatchInlineSnapshot(`
      "WRONG_PATH: http://127.0.0.1:PORT/v1/traces answers with a web page: traces are not taken there
        fix: give the base URL of a Collector, to which /v1/traces is appended, such as http://127.0.0.1:4318; is this the port of a user interface?"
    `);
  });

  it('JSON refused', async () => {
    await using server = await startTaking('application/x-protobuf');
    expect(await askEndpoint(urlOf(server))).toMatchInlineSnapshot(`
      "WRONG_PROTOCOL: http://127.0.0.1:PORT/v1/traces does not take http/json: it takes no JSON (415)
        fix: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf (npm install @opentelemetry/exporter-trace-otlp-proto)"
    `);
  });

  it('HTTP at the port of gRPC', async () => {
    await using server = await startGrpc();
    expect(await askEndpoint(urlOf(server))).toMatchInlineSnapshot(`
      "WRONG_PROTOCOL: http://127.0.0.1:PORT/v1/traces does not take http/json: it speaks grpc, not http/json
        fix: set OTEL_EXPORTER_OTLP_PROTOCOL=grpc (npm install @opentelemetry/exporter-trace-otlp-grpc); or send to the port for HTTP, mostly 4318"
    `);
  });

  it('gRPC at the port of HTTP', async () => {
    await using receiver = await startReceiver({ onSpans: () => {} });
    expect(await askEndpoint(receiver.url, 'grpc')).toMatchInlineSnapshot(`
      "WRONG_PROTOCOL: http://127.0.0.1:PORT does not take grpc: it speaks http/protobuf, not grpc
        fix: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf (npm install @opentelemetry/exporter-trace-otlp-proto)"
    `);
  });

  it('gRPC without the service', async () => {
    await using server = await startGrpc(12);
    expect(await askEndpoint(urlOf(server), 'grpc')).toMatchInlineSnapshot(`
      "WRONG_PATH: http://127.0.0.1:PORT answers 404: traces are not taken there
        fix: name the port of a receiver of OTLP over gRPC, mostly 4317"
    `);
  });

  it('TLS where none was expected', async () => {
    await using server = await startTls();
    expect(await askEndpoint(urlOf(server))).toMatchInlineSnapshot(`
      "TLS_MISMATCH: http://127.0.0.1:PORT/v1/traces speaks TLS
        fix: begin the endpoint with https://"
    `);
  });

  it('no TLS where some was expected', async () => {
    await using receiver = await startReceiver({ onSpans: () => {} });
    expect(await askEndpoint(receiver.url.replace('http:', 'https:'))).toMatchInlineSnapshot(`
      "TLS_MISMATCH: https://127.0.0.1:PORT/v1/traces does not speak TLS
        fix: begin the endpoint with http://"
    `);
  });

  it('a certificate that is not trusted', async () => {
    await using server = await startTls();
    expect(await askEndpoint(urlOf(server, 'https'))).toMatchInlineSnapshot(`
      "TLS_CERTIFICATE: the certificate of https://127.0.0.1:PORT/v1/traces is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)
        fix: name the certificate of its authority: NODE_EXTRA_CA_CERTS=ca.pem; or use the name that it is made out to"
    `);
  });

  it('nobody let in', async () => {
    await using server = await startAnswering(401);
    expect(await askEndpoint(urlOf(server))).toMatchInlineSnapshot(`
      "UNAUTHORIZED: http://127.0.0.1:PORT/v1/traces does not let this sender in (401)
        fix: give it what it wants to see: OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20..."
    `);
  });

  it('an error of the receiver', async () => {
    await using server = await startAnswering(503);
    expect(await askEndpoint(urlOf(server))).toMatchInlineSnapshot(`
      "ENDPOINT_FAILS: http://127.0.0.1:PORT/v1/traces answers 503
        fix: look into the log of the receiver; is it a receiver of OTLP?"
    `);
  });

  it('no URL', async () => {
    expect(await askEndpoint('localhost:4318')).toMatchInlineSnapshot(`
      "ENDPOINT_INVALID: endpoint is not a URL: "localhost:4318"
        fix: give a base URL with http:// or https://, such as http://127.0.0.1:4318"
    `);
  });
});

describe('a fault in the process is named, with its fix', () => {
  it('nothing registered', async () => {
    expect(await diagnoseIn(undefined, '')).toMatchInlineSnapshot(`
      "NO_PROVIDER: no tracer provider is registered: nothing is recorded
        fix: call \`await startTracing()\` of orchestrace/node before the first run, or start the SDK that you have"
    `);
  });

  it('the SDK switched off', async () => {
    const program = `
      import { startTracing } from '${new URL('../../src/node/index.ts', import.meta.url).href}';
      await startTracing({ endpoint: process.env.ENDPOINT });`;
    expect(await diagnoseIn(undefined, program, { OTEL_SDK_DISABLED: 'true' })).toMatchInlineSnapshot(`
      "SDK_DISABLED: OTEL_SDK_DISABLED=true switches OpenTelemetry off: nothing is recorded
        fix: unset OTEL_SDK_DISABLED"
    `);
  });

  it('a provider of an older copy of the API', async () => {
    expect(await diagnoseIn('1.9.1', 'registerProvider(); registerContextManager();')).toMatchInlineSnapshot(`
      "API_TOO_OLD: a tracer provider is registered with @opentelemetry/api 1.9.1 in APP/node_modules/@opentelemetry/api, which a newer copy cannot see: orchestrace has 1.10.0 in HERE/node_modules/@opentelemetry/api, so nothing of it is recorded
        fix: install one copy for both: npm install @opentelemetry/api@^1.10.0, then npm ls @opentelemetry/api; with an SDK 2, which needs @opentelemetry/api below 1.10, npm install @opentelemetry/api@~1.9"
    `);
  });

  it('a provider of a newer copy, which works', async () => {
    expect(await diagnoseIn('1.11.0', 'registerProvider(); registerContextManager();')).toMatchInlineSnapshot(`
      "ok
      API_COPIES: there are two copies of @opentelemetry/api: the program has 1.11.0 in APP/node_modules/@opentelemetry/api, orchestrace has 1.10.0 in HERE/node_modules/@opentelemetry/api; spans are lost where the one that registers is the older
        fix: make them one: npm dedupe, then npm ls @opentelemetry/api"
    `);
  });

  it('no context manager', async () => {
    expect(await diagnoseIn(undefined, 'registerProvider();')).toMatchInlineSnapshot(`
      "NO_CONTEXT_MANAGER: no context manager is registered: spans are recorded, but do not nest, and steps do not find their run
        fix: context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()) of @opentelemetry/context-async-hooks, with the same copy of the API; NodeSDK does it by itself"
    `);
  });

  it('none where startTracing was called, and TLS with a certificate that is trusted', async () => {
    await using server = await startTls();
    const folder = await programFolder();
    await writeFile(join(folder, 'ca.pem'), CERTIFICATE);
    const program = `
      import { startTracing } from '${new URL('../../src/node/index.ts', import.meta.url).href}';
      await startTracing({ endpoint: process.env.ENDPOINT });`;
    const env = { ENDPOINT: urlOf(server, 'https'), NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
    expect(await diagnoseIn(undefined, program, env)).toBe('ok');
  });
});

function urlOf({ port }: FaultServer, scheme: 'http' | 'https' = 'http'): string {
  return `${scheme}://127.0.0.1:${port}`;
}

/** What is said of the endpoint; in the process of the tests nothing is registered. */
async function ask(options: Parameters<typeof diagnose>[0]): Promise<string> {
  const { findings } = await diagnose({ timeoutMs: 500, ...options });
  expect(findings[0]?.code).toBe('NO_PROVIDER');
  return draw({ ok: findings.length === 1, findings: findings.slice(1) });
}

function askEndpoint(endpoint: string, protocol?: Protocol): Promise<string> {
  return ask({ endpoint, protocol });
}

async function programFolder(version?: string): Promise<string> {
  const folder = await makeProgramFolder(version);
  folders.push(folder);
  await writeFile(join(folder, 'register.mjs'), REGISTER);
  return folder;
}

/** Diagnoses a program that has the API in this version, with a receiver that takes everything. */
async function diagnoseIn(
  version: string | undefined,
  program: string,
  env: Record<string, string> = {},
): Promise<string> {
  const folder = await programFolder(version);
  await using receiver = await startReceiver({ onSpans: () => {} });
  await writeFile(
    join(folder, 'app.mjs'),
    `import { registerContextManager, registerProvider } from './register.mjs';
    import { diagnose } from '${new URL('../../src/node/index.ts', import.meta.url).href}';
    ${program}
    console.log(JSON.stringify(await diagnose({ endpoint: process.env.ENDPOINT })));
    process.exit();`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'app.mjs')], {
    env: { PATH: process.env['PATH'], ENDPOINT: receiver.url, ...env },
  });
  return draw(JSON.parse(stdout) as Diagnosis)
    .replaceAll(folder, 'APP')
    .replaceAll(process.cwd(), 'HERE');
}

function draw({ ok, findings }: Diagnosis): string {
  const lines = findings.map(({ code, message, fix }) => `${code}: ${message}\n  fix: ${fix}`);
  return [...(ok ? ['ok'] : []), ...lines]
    .join('\n')
    .replaceAll(/:\d{4,5}\b/g, (port) => (port === ':4318' ? port : ':PORT'));
}
