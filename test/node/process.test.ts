import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { closedPort, startOtlpServer } from '../helpers/otlp-server.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  /** Lines of stdout. */
  readonly said: readonly string[];
  readonly stderr: string;
}

/** Runs a scenario of child.ts, with this endpoint in its environment. */
async function runChild(scenario: string, endpoint: string, ...args: string[]): Promise<Ended> {
  const clean = Object.entries(process.env).filter(([name]) => !/^(OTEL_|ORCHESTRACE_|VITEST|NODE_)/.test(name));
  const child: ChildProcess = spawn(process.execPath, [CHILD, scenario, ...args], {
    env: { ...Object.fromEntries(clean), OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]!.setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: output.stdout.trim().split('\n'), stderr: output.stderr };
}

describe('a host whose receiver is down', () => {
  it('does its work, hears of it in one line, and ends as ever', async () => {
    const port = await closedPort();
    const { code, said, stderr } = await runChild('a run and nothing else', `http://127.0.0.1:${port}`);
    expect({ code, said }).toEqual({ code: 0, said: ['result made', 'exit 0'] });
    expect(stderr).toMatch(
      /^orchestrace: spans cannot be sent to http:\/\/127\.0\.0\.1:\d+\/v1\/traces: ECONNREFUSED\..*\n$/,
    );
  });

  it('has its result before anybody asked for the receiver', async () => {
    const port = await closedPort();
    const { said } = await runChild('a run whose warnings are told', `http://127.0.0.1:${port}`);
    expect(said).toEqual(['result made', 'warning spans cannot be sent', 'exit 0']);
  });
});

describe('a host whose receiver never answers', () => {
  it('ends while its request is still waiting', async () => {
    let isOpen = true;
    await using server = await startOtlpServer({ answer: () => undefined });
    // The exporter itself gives up after ten seconds; a host that waits for that ends later than this.
    const givesUp = setTimeout(() => (isOpen = false), 8_000);
    const { code, said } = await runChild('a span and a shutdown', server.url);
    clearTimeout(givesUp);
    expect({ code, said }).toEqual({ code: 0, said: ['{"ok":false,"pending":1,"dropped":0}', 'exit 0'] });
    expect([server.requests.length, isOpen]).toEqual([1, true]);
  }, 20_000);
});

describe('a host that ends', () => {
  it('has everything sent when it runs out of work, without a shutdown', async () => {
    await using server = await startOtlpServer();
    const { code, stderr } = await runChild('many spans and no shutdown', server.url);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(server.spanNames()).toHaveLength(5_000);
    expect(new Set(server.spanNames()).size).toBe(5_000);
  });

  it('has a run sent that ended just before', async () => {
    await using server = await startOtlpServer();
    await runChild('a run and nothing else', server.url);
    expect(server.spanNames().toSorted()).toEqual(['group 0 serial', 'orchestration p parallel', 'plan p', 'step a']);
  });
});

describe('a host without an optional package', () => {
  it.each([
    '@opentelemetry/sdk-node',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/exporter-metrics-otlp-http',
  ])('is told how to install %s, and nothing is registered', async (name) => {
    const { code, said } = await runChild('a package that is missing', 'http://127.0.0.1:1', name);
    expect({ code, said }).toEqual({
      code: 0,
      said: [
        `OrchestraceError PEER_MISSING ${name} cannot be loaded; install it with: npm install ${name}`,
        'registered: false',
        'exit 0',
      ],
    });
  });
});
