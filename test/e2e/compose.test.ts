import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { traceOrchestration } from '../../src/index.ts';
import { startTracing, type Tracing } from '../../src/node/index.ts';
import { readTrace } from '../helpers/jaeger.ts';
import { fileOf } from '../helpers/stack.ts';

const run = promisify(execFile);

/** The ports of the file may be taken, by this very file brought up by a person: here the system chooses them. */
const OVERRIDE = `
services:
  jaeger:
    ports: !override ['127.0.0.1::16686']
  otel-collector:
    ports: !override ['127.0.0.1::4317', '127.0.0.1::4318', '127.0.0.1::13133']
`;

describe.skipIf(!inject('stack'))('docker-compose.yml', () => {
  const project = `orchestrace-test-${process.pid}`;
  let directory: string;
  let tracing: Tracing;

  async function compose(...args: string[]): Promise<string> {
    const files = ['-f', fileOf('docker-compose.yml'), '-f', join(directory, 'ports.yml')];
    return (await run('docker', ['compose', '-p', project, ...files, ...args])).stdout.trim();
  }

  async function urlOf(service: string, port: number): Promise<string> {
    return `http://${await compose('port', service, String(port))}`;
  }

  /** Runs something of one step; gives its trace id once the Collector has its spans. */
  async function sendRun(): Promise<string> {
    const traceId = traceOrchestration({ name: 'one', tools: [{ tool_id: 'only' }] }, ({ step, traceId }) => {
      step('only', () => 1);
      return traceId!;
    });
    expect(await tracing.forceFlush()).toEqual({ ok: true, pending: 0, dropped: 0 });
    return traceId;
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orchestrace-compose-'));
    await writeFile(join(directory, 'ports.yml'), OVERRIDE);
    await compose('up', '--wait');
    tracing = await startTracing({ serviceName: 'compose', endpoint: await urlOf('otel-collector', 4318) });
  });

  afterAll(async () => {
    await tracing.shutdown();
    await compose('down', '--volumes', '--timeout', '1');
    await rm(directory, { recursive: true });
  });

  it('is open to this machine only, on the usual ports', async () => {
    const { stdout } = await run('docker', [
      'compose',
      '-f',
      fileOf('docker-compose.yml'),
      'config',
      '--format',
      'json',
    ]);
    const { services } = JSON.parse(stdout) as { services: Record<string, { ports?: PublishedPort[] }> };
    const ports = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(ports.map(({ host_ip, published, target }) => `${host_ip}:${published}:${target}`).toSorted()).toEqual([
      '127.0.0.1:13133:13133',
      '127.0.0.1:16686:16686',
      '127.0.0.1:4317:4317',
      '127.0.0.1:4318:4318',
    ]);
  });

  it('brings up a Collector and a Jaeger that answer', async () => {
    const answers = await Promise.all([
      fetch(`${await urlOf('otel-collector', 13133)}/`),
      fetch(`${await urlOf('jaeger', 16686)}/api/v3/services`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('lets a run through to Jaeger', async () => {
    const traceId = await sendRun();
    const spans = await readTrace(await urlOf('jaeger', 16686), traceId, 4);
    expect(spans.map(({ name }) => name).toSorted()).toEqual([
      'group 0 serial',
      'orchestration one parallel',
      'plan one',
      'step only',
    ]);
  });

  it('shows our attributes first and leads from a trace to the Inspector', async () => {
    expect(JSON.parse(await compose('exec', '-T', 'jaeger', 'cat', '/etc/jaeger/ui.json'))).toEqual({
      topTagPrefixes: ['orchestration.'],
      linkPatterns: [{ type: 'traces', url: 'http://127.0.0.1:4319/run/#{traceID}', text: 'Open in the Inspector' }],
    });
    expect(await compose('logs', '--no-log-prefix', 'jaeger')).toMatch(
      /Using UI configuration.*\/etc\/jaeger\/ui\.json/,
    );
  });

  it('keeps on disk what Jaeger cannot take, even when the Collector is killed', async () => {
    await compose('kill', 'jaeger');
    const traceId = await sendRun();
    await compose('kill', 'otel-collector');
    await compose('up', '--wait');
    expect(await readTrace(await urlOf('jaeger', 16686), traceId, 4)).toHaveLength(4);
  });
});

interface PublishedPort {
  readonly host_ip: string;
  readonly published: string;
  readonly target: number;
}
