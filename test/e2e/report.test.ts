import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runPlan } from '../../src/index.ts';
import { startTracing, type Tracing } from '../../src/node/index.ts';
import { runMain } from '../cli/run-node.ts';
import { readTrace } from '../helpers/jaeger.ts';

const stack = inject('stack')!;
let tracing: Tracing;

describe.skipIf(!stack)('a report of a run that was sent to Jaeger', () => {
  beforeAll(async () => {
    tracing = await startTracing({ serviceName: 'orchestrace-report', endpoint: stack.otlpUrl });
  });
  afterAll(() => tracing.shutdown());

  it('is made by trace id, by plan, and as the latest; doctor finds it complete', async () => {
    const name = `reported-${process.pid}`;
    const run = await runPlan(
      { name, tools: [{ tool_id: 'load' }, { tool_id: 'write', depends_on: ['load'] }] },
      {
        tools: {
          load: () => [1],
          write: () => {
            throw new Error('no disk');
          },
        },
      },
    );
    expect(await tracing.forceFlush()).toMatchObject({ ok: true });
    await readTrace(stack.jaegerUrl, run.traceId!, 6); // the run, its plan, two groups and their steps
    for (const trace of [[run.traceId!], ['--plan', name], ['latest', '--plan', name]]) {
      const { code, stdout, stderr } = await runMain(['report', ...trace, '--jaeger', stack.jaegerUrl]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Failed after \S+ m?s: write failed \(no disk\)\./);
      expect(stdout).toContain(`\ntrace ${run.traceId}\n2 of 2 planned steps seen: 1 succeeded, 1 failed\n`);
    }
    const { code, stdout } = await runMain(['doctor', run.traceId!, '--jaeger', stack.jaegerUrl]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `complete: trace ${run.traceId} of ${name}, 2 of 2 planned steps seen\n`,
    });
  });

  it('looks in the Jaeger of the environment when it answers', async () => {
    const env = { ORCHESTRACE_JAEGER_URL: stack.jaegerUrl };
    const { code, stdout } = await runMain(['report', '--plan', `reported-${process.pid}`, '--json'], { env });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ root_cause: 'write', completeness: { planned: 2, seen: 2 } });
  });
});
