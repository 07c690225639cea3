import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { runPlan, type PlanInput } from '../../src/index.ts';
import { RunExplainer } from '../../src/spans/run-explainer.ts';
import { attribute, deferred, record, settled, useContextManager } from '../helpers/spans.ts';

useContextManager();

const CHAIN: PlanInput = {
  name: 'nightly',
  tools: [
    { tool_id: 'load' },
    { tool_id: 'rank', depends_on: ['load'] },
    { tool_id: 'other' },
    { tool_id: 'write', depends_on: ['rank', 'other'] },
  ],
};

/** A verdict without its numbers. */
function shapeOf(verdict: unknown): string {
  return String(verdict).replaceAll(/<?[\d.]+ (ms|s|min)\b/g, 'T');
}

describe('the span of a run', () => {
  it('has the verdict, and the critical path with its length', async () => {
    const recording = record();
    const tools = { load: () => wait(20), rank: () => wait(10), other: () => 1, write: () => wait(5) };
    const { verdict } = await recording.runPlan(CHAIN, { tools });
    const [run] = recording.ofType('run');
    expect(attribute(run!, 'critical_path')).toEqual(['load', 'rank', 'write']);
    expect(attribute(run!, 'critical_path_ms')).toBeGreaterThanOrEqual(34); // timers may be early by a little
    expect(attribute(run!, 'verdict')).toBe(verdict);
    expect(shapeOf(verdict)).toMatch(/^Succeeded in T.* Critical path load > rank > write, T\.$/);
  });

  it('has them for an executor that was wrapped as well', async () => {
    const recording = record();
    class Executor {
      async run(ids: string[]): Promise<number> {
        for (const id of ids) await this.step(id);
        return ids.length;
      }
      async step(id: string): Promise<void> {
        if (id === 'write') throw new Error('disk full');
      }
    }
    const plan = (ids: string[]): PlanInput => ({
      name: 'export',
      strategy: 'serial',
      tools: ids.map((tool_id) => ({ tool_id })),
    });
    const executor = recording.instrumentExecutor(new Executor(), { run: 'run', step: 'step', plan, tool: (id) => id });
    await expect(executor.run(['load', 'write', 'publish'])).rejects.toThrow('disk full');
    const [run] = recording.ofType('run');
    expect(shapeOf(attribute(run!, 'verdict'))).toBe('Failed after T: write failed (disk full). publish did not run.');
    expect(attribute(run!, 'critical_path')).toEqual(['load', 'write']);
    expect(attribute(run!, 'root_cause')).toBe('write');
  });

  it('has no critical path without a plan, but a verdict', () => {
    const recording = record();
    recording.traceOrchestration(undefined, (run) => run.step('search', () => 1));
    const [run] = recording.ofType('run');
    expect(attribute(run!, 'verdict')).toMatch(/^Succeeded in /); // and more, where the machine is slow
    expect(run!.attributes).not.toHaveProperty('orchestration.critical_path');
  });

  it('says nothing of steps within steps, and nothing of tools that another process has', () => {
    const recording = record();
    recording.traceOrchestration({ tools: [{ tool_id: 'here' }, { tool_id: 'there' }] }, (run) => {
      run.carrier('there');
      run.step('here', () => run.step('inner', () => ({ success: false, error: 'made good' })));
      return 1;
    });
    expect(shapeOf(attribute(recording.ofType('run')[0]!, 'verdict'))).toBe(
      'Succeeded in T, although here failed (made good).',
    );
  });

  it('ends when the work ended, however long it takes to explain it', () => {
    const redact = (text: string): string => {
      if (text.startsWith('Succeeded')) for (const until = Date.now() + 300; Date.now() < until;);
      return text;
    };
    const recording = record({ redact });
    const before = Date.now();
    const endedAt = recording.traceOrchestration({ tools: [{ tool_id: 'a' }] }, (run) =>
      run.step('a', () => Date.now()),
    );
    expect(Date.now() - before).toBeGreaterThanOrEqual(300);
    const [seconds, nanoseconds] = recording.ofType('run')[0]!.endTime;
    expect(seconds * 1000 + nanoseconds / 1e6).toBeLessThan(endedAt + 200);
  });

  it.for([10_000, 10_001])('has no critical path where there are more than 10,000 steps: %i', (size) => {
    const recording = record();
    const tools = Array.from({ length: size }, (_, index) => ({ tool_id: `step-${index}` }));
    recording.traceOrchestration({ tools }, (run) => {
      for (const { tool_id } of tools) run.step(tool_id, () => 1);
    });
    const [run] = recording.ofType('run');
    expect(attribute(run!, 'verdict')).toMatch(/^Succeeded in /);
    const isWritten = ['critical_path', 'critical_path_ms'].map((name) => `orchestration.${name}` in run!.attributes);
    expect(isWritten).toEqual([size <= 10_000, size <= 10_000]);
  });

  it('hides what is redacted before it shortens anything', () => {
    const recording = record({ redact: (text) => text.replaceAll(/secret-\w+/g, '[hidden]') });
    const secret = `secret-${'x'.repeat(60)}`;
    expect(() =>
      recording.traceOrchestration({ tools: [{ tool_id: secret }, { tool_id: 'b' }] }, (run) =>
        run.step(secret, () => {
          throw new Error(`${'pad '.repeat(22)}${secret}`);
        }),
      ),
    ).toThrow();
    const verdict = String(attribute(recording.ofType('run')[0]!, 'verdict'));
    expect(verdict).toContain('[hidden] failed');
    expect(verdict).not.toMatch(/secret|xxx/);
  });

  it('ends as it would when explaining throws', async () => {
    vi.spyOn(RunExplainer.prototype, 'attributes').mockImplementation(() => {
      throw new Error('a fault of ours');
    });
    vi.spyOn(RunExplainer.prototype, 'verdict', 'get').mockImplementation(() => {
      throw new Error('a fault of ours');
    });
    try {
      const recording = record();
      const result = await recording.runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: () => 1 } });
      expect([result.success, result.finalOutput, result.verdict]).toEqual([true, [1], '']);
      const [run] = recording.ofType('run');
      expect([attribute(run!, 'outcome'), attribute(run!, 'verdict')]).toEqual(['success', undefined]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('is as it was when explaining fails', () => {
    const recording = record({
      redact: (text) => {
        if (text.startsWith('Succeeded')) throw new Error('no');
        return text;
      },
    });
    expect(recording.traceOrchestration({ tools: [{ tool_id: 'a' }] }, (run) => run.step('a', () => 1))).toBe(1);
    expect(attribute(recording.ofType('run')[0]!, 'verdict')).toBe('[REDACTED]');
    expect(attribute(recording.ofType('run')[0]!, 'outcome')).toBe('success');
  });
});

describe('wait_reason', () => {
  it('is the dependency where a step started at once when that had ended', async () => {
    // A busy machine may be late once, not every time.
    const reasons = new Set<unknown>();
    for (let time = 0; time < 20; time += 1) {
      const recording = record();
      await recording.runPlan(
        { tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] },
        { tools: { a: () => 1, b: () => 2 } },
      );
      reasons.add(attribute(recording.span('step b'), 'wait_reason'));
    }
    expect(reasons).toContain('dependency');
    expect([...reasons].filter((reason) => reason !== 'dependency' && reason !== 'unknown')).toEqual([]);
  });

  it('is the slot where no more might run', async () => {
    const recording = record();
    const gates = { a: deferred(), b: deferred(), c: deferred() };
    const tools = { a: () => gates.a.promise, b: () => gates.b.promise, c: () => gates.c.promise };
    const running = recording.runPlan(
      { tools: [{ tool_id: 'a' }, { tool_id: 'b' }, { tool_id: 'c' }] },
      { tools, maxConcurrency: 2 },
    );
    await wait(3); // longer than what is called no wait
    gates.a.resolve();
    await settled();
    gates.b.resolve();
    gates.c.resolve();
    const { verdict } = await running;
    expect(attribute(recording.span('step c'), 'wait_reason')).toBe('slot');
    expect(attribute(recording.span('step a'), 'wait_reason')).not.toBe('slot');
    expect(verdict).toMatch(/^Succeeded in /);
  });

  it('is the group where a step waited for the rest of the groups before its own', async () => {
    const recording = record();
    const slow = deferred();
    const plan: PlanInput = {
      strategy: 'dag',
      tools: [{ tool_id: 'a' }, { tool_id: 'slow' }, { tool_id: 'b', depends_on: ['a'] }],
    };
    const running = recording.runPlan(plan, {
      tools: { a: () => 1, slow: () => slow.promise, b: () => 2 },
      scheduling: 'group',
    });
    await wait(3);
    slow.resolve();
    await running;
    expect(attribute(recording.span('step b'), 'wait_reason')).toBe('group');
    expect(attribute(recording.span('step b'), 'blocked_by')).toBe('a');
  });

  it('is unknown where an executor that is none of ours lets a step wait', async () => {
    const recording = record();
    await recording.traceOrchestration(
      { tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] },
      async (run) => {
        run.step('a', () => 1);
        await wait(3);
        run.step('b', () => 1);
      },
    );
    expect(attribute(recording.span('step b'), 'wait_reason')).toBe('unknown');
  });
});

describe('what shouldRun takes', () => {
  const plan: PlanInput = {
    strategy: 'dag',
    tools: [{ tool_id: 'a' }, { tool_id: 'slow' }, { tool_id: 'b', depends_on: ['a'] }],
  };

  it('is no wait for groups, nor for a slot', async () => {
    const recording = record();
    const shouldRun = ({ tool_id }: { tool_id: string }): boolean | Promise<boolean> =>
      tool_id !== 'b' || wait(20).then(() => true);
    const tools = { a: () => 1, slow: () => 1, b: () => 1 };
    const { verdict } = await recording.runPlan(plan, { tools, shouldRun, scheduling: 'group', maxConcurrency: 1 });
    expect(attribute(recording.span('step b'), 'wait_reason')).toBe('unknown');
    expect(verdict).not.toMatch(/rest of the groups|ever ran at once/);
  });

  it('a slot that a tool waited for once is not what it waits for in the next pass', async () => {
    const recording = record();
    const gate = deferred();
    let passes = 0;
    const running = recording.runPlan(
      {
        tools: [{ tool_id: 'a' }, { tool_id: 'think' }, { tool_id: 'act', depends_on: ['think'] }],
        loops: [{ from: 'act', to: 'think' }],
      },
      {
        tools: { a: () => gate.promise, think: () => wait(2), act: () => wait(2) },
        maxConcurrency: 1,
        shouldRun: ({ tool_id }) => tool_id !== 'think' || passes++ < 3,
      },
    );
    await wait(3);
    gate.resolve();
    await running;
    const reasons = recording
      .spans()
      .filter(({ name }) => name === 'step think')
      .map((span) => attribute(span, 'wait_reason'));
    expect(reasons.length).toBeGreaterThan(1);
    expect(reasons[0]).toBe('slot');
    expect(reasons.slice(1)).not.toContain('slot');
  });
});

describe('the result of a plan that runs without a tracer', () => {
  it('has the verdict that it would have with one', async () => {
    const plan: PlanInput = {
      tools: [
        { tool_id: 'a', retry: { max_attempts: 3, backoff_ms: 1 } },
        { tool_id: 'b', depends_on: ['a'], output_mapping: { total: '{a.data.totl}' } },
      ],
    };
    const verdicts = [];
    for (const run of [record().runPlan, runPlan]) {
      for (const isBroken of [true, false]) {
        let calls = 0;
        const tools = {
          a: () => {
            if (++calls < 3) throw new Error('busy');
            return { total: 1, totl: isBroken ? undefined : 1 };
          },
          b: () => 1,
        };
        verdicts.push(shapeOf((await run(plan, { tools })).verdict));
      }
    }
    expect(verdicts[0]).toContain('b got nothing for total');
    expect(verdicts[1]).toMatch(/a needed 3 attempts \(busy\), the last began T after the first/);
    expect(verdicts.slice(2)).toEqual(verdicts.slice(0, 2));
  });
});

describe('a run that ends before its steps', () => {
  it('does not say of those that go on that they did not run', async () => {
    const recording = record();
    const gate = deferred();
    const steps: Promise<unknown>[] = [];
    const tools = [{ tool_id: 'a' }, { tool_id: 'b' }, { tool_id: 'c' }, { tool_id: 'd', depends_on: ['a'] }];
    const running = recording.traceOrchestration({ tools }, async (run) => {
      steps.push(
        run.step('b', () => gate.promise),
        run.step('c', () => run.step('inner', () => gate.promise)),
      );
      run.step('a', () => {
        throw new Error('boom');
      });
    });
    await expect(running).rejects.toThrow('boom');
    const [run] = recording.ofType('run');
    expect(shapeOf(attribute(run!, 'verdict'))).toBe(
      'Failed after T: a failed (boom); d did not run because of it. b and c still ran when it ended.',
    );
    expect(run!.attributes).not.toHaveProperty('orchestration.critical_path');
    gate.resolve();
    await Promise.all(steps);
  });
});

describe('texts that are too long to keep', () => {
  it('are redacted while they are whole', () => {
    const recording = record({ redact: (text) => text.replaceAll(/<key>.*?<\/key>/g, '[hidden]') });
    expect(() =>
      recording.traceOrchestration({ tools: [{ tool_id: 'a' }] }, (run) =>
        run.step('a', () => {
          throw new Error(`<key>${'topsecret'.repeat(200)}</key> was refused`);
        }),
      ),
    ).toThrow();
    expect(shapeOf(attribute(recording.ofType('run')[0]!, 'verdict'))).toBe(
      'Failed after T: a failed ([hidden] was refused).',
    );
  });
});

describe('a run of which another process has a part', () => {
  it('claims nothing of what it did not see where the other may have any tool', () => {
    const recording = record();
    const tools = [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }];
    recording.traceOrchestration({ tools }, (run) => {
      run.step('a', () => 1);
      run.carrier();
    });
    const [run] = recording.ofType('run');
    expect(shapeOf(attribute(run!, 'verdict'))).toBe(
      'Succeeded in T. What became of b in another process is not counted.',
    );
    expect(run!.attributes).not.toHaveProperty('orchestration.critical_path');
    expect(run!.attributes).not.toHaveProperty('orchestration.not_started');
  });

  it('says that another took part, where it saw every tool itself', () => {
    const recording = record();
    recording.traceOrchestration({ tools: [{ tool_id: 'a' }] }, (run) => {
      run.carrier();
      run.step('a', () => 1);
    });
    expect(shapeOf(attribute(recording.ofType('run')[0]!, 'verdict'))).toBe(
      'Succeeded in T. What another process did is not counted.',
    );
  });

  it('claims nothing that it did not see', async () => {
    const recording = record();
    const tools = [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }, { tool_id: 'c', depends_on: ['b'] }];
    await recording.traceOrchestration({ tools }, async (run) => {
      run.step('a', () => 1);
      run.carrier('b');
      await wait(20);
      run.step('c', () => 1);
    });
    const [run] = recording.ofType('run');
    expect(shapeOf(attribute(run!, 'verdict'))).toBe(
      'Succeeded in T. What became of b in another process is not counted.',
    );
    expect(run!.attributes).not.toHaveProperty('orchestration.critical_path');
  });

  it('notes no skip within a step as one of its own', () => {
    const recording = record();
    recording.traceOrchestration({ tools: [{ tool_id: 'a' }] }, (run) =>
      run.step('a', () => run.skip('inner', 'not needed')),
    );
    expect(attribute(recording.ofType('run')[0]!, 'verdict')).not.toContain('inner');
  });
});

describe('where nobody listens', () => {
  it('runPlan gives a verdict all the same', async () => {
    const { traceId, verdict } = await runPlan(CHAIN, {
      tools: {
        load: () => 1,
        rank: () => {
          throw new Error('no model');
        },
        other: () => 1,
        write: () => 1,
      },
    });
    expect(traceId).toBeUndefined();
    expect(shapeOf(verdict)).toBe('Failed after T: rank failed (no model); write did not run because of it.');
  });
});
