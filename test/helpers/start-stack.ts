import { GenericContainer, Network, Wait, type StartedNetwork, type StartedTestContainer } from 'testcontainers';
import type { TestProject } from 'vitest/node';
import { fileOf, imageOf, whyNoStack } from './stack.ts';

/**
 * Starts Jaeger and the Collector once for all end-to-end tests of a run of vitest. Without a Docker engine or the images these tests are skipped and one
 * line says so; with ORCHESTRACE_REQUIRE_E2E=1 that is a failure.
 */
export default async function startStack(project: TestProject): Promise<() => Promise<void>> {
  const why = await whyNoStack();
  if (why !== undefined) {
    if (process.env['ORCHESTRACE_REQUIRE_E2E'] === '1')
      throw new Error(`ORCHESTRACE_REQUIRE_E2E=1, but the end-to-end tests cannot run: ${why}`);
    project.provide('stack', undefined);
    return async () => sayWhatDidNotRun(project, why);
  }

  const network = await new Network().start();
  const jaeger = await startJaeger(network);
  const collector = await startCollector(network);
  project.provide('stack', {
    otlpUrl: `http://127.0.0.1:${collector.getMappedPort(4318)}`,
    grpcUrl: `http://127.0.0.1:${collector.getMappedPort(4317)}`,
    jaegerUrl: `http://127.0.0.1:${jaeger.getMappedPort(16686)}`,
  });
  return async () => {
    await Promise.all([collector.stop(), jaeger.stop()]);
    await network.stop();
  };
}

function startJaeger(network: StartedNetwork): Promise<StartedTestContainer> {
  return new GenericContainer(imageOf('jaeger'))
    .withNetwork(network)
    .withNetworkAliases('jaeger') // the name in otel-collector.yaml
    .withEnvironment({ JAEGER_LISTEN_HOST: '0.0.0.0' })
    .withExposedPorts(16686, 13133)
    .withWaitStrategy(Wait.forHttp('/status', 13133))
    .start();
}

function startCollector(network: StartedNetwork): Promise<StartedTestContainer> {
  return new GenericContainer(imageOf('otel-collector'))
    .withNetwork(network)
    .withCopyFilesToContainer([
      { source: fileOf('otel-collector.yaml'), target: '/etc/otelcol-contrib/config.yaml', mode: 0o644 },
    ])
    .withTmpFs({ '/var/lib/otelcol': 'rw,uid=10001,gid=10001' })
    .withExposedPorts(4317, 4318, 13133)
    .withWaitStrategy(Wait.forHttp('/', 13133))
    .start();
}

function sayWhatDidNotRun(project: TestProject, why: string): void {
  const modules = project.vitest.state.getTestModules().filter((module) => module.project === project);
  const count = modules.flatMap((module) => [...module.children.allTests('skipped')]).length;
  process.stdout.write(`\n${count} end-to-end tests did not run: ${why}\n`);
}
