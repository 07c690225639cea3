import { beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/index.ts';
import { attribute, deferred, record, settled, useContextManager, type Recording } from '../helpers/spans.ts';

beforeAll(useContextManager);

const twoLevels = {
  name: 'p',
  tools: [
    { tool_id: 'a' },
    { tool_id: 'b' },
    { tool_id: 'c', depends_on: ['a'] },
    { tool_id: 'd', depends_on: ['c', 'b'] },
  ],
};
const open = (recording: Recording): string[] => recording.open().filter((name) => name.startsWith('group'));

describe('a group of a plan', () => {
  it('opens with its first step and ends when all its tools have settled', () => {
    const recording = record();
    const seen: string[][] = [];
    const step = (run: Run, id: string): void => {
      run.step(id, () => seen.push(open(recording)));
      seen.push(open(recording));
    };
    recording.traceOrchestration(twoLevels, (run) => {
      seen.push(open(recording));
      step(run, 'a');
      step(run, 'b');
      step(run, 'c');
    });
    expect(seen).toEqual([
      [],
      ['group 0 parallel'],
      ['group 0 parallel'],
      ['group 0 parallel'],
      [],
      ['group 1 serial'],
      [],
    ]);
  });

  it('that never opens has no span', () => {
    const recording = record();
    recording.traceOrchestration(twoLevels, (run) => run.step('c', () => {}));
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p dag [success]
        plan p
        group 1 serial [success]
          step c [success]"
    `);
  });

  it('whose tools do not all come ends with the run, at the time of its last step', async () => {
    const recording = record();
    await recording.traceOrchestration(twoLevels, async (run) => {
      run.step('a', () => {});
      await settled();
      run.step('c', () => {});
    });
    const [a, group, run] = ['step a', 'group 0 parallel', 'orchestration p dag'].map((name) => recording.span(name));
    expect(group!.endTime).toEqual(a!.endTime);
    expect(run!.endTime).not.toEqual(a!.endTime);
    expect(recording.spans().at(-2)).toBe(group);
  });

  it('a tool that is skipped without a span settles it too', () => {
    const recording = record({ skippedSpans: false });
    recording.traceOrchestration(twoLevels, (run) => {
      run.step('a', () => {});
      run.skip('b', 'not needed');
      expect(open(recording)).toEqual([]);
    });
    expect(recording.below('group 0 parallel')).toEqual(['step a']);
  });

  it('overlaps with others where steps do', async () => {
    const recording = record();
    const slow = deferred();
    const tools = {
      a: () => {},
      b: () => slow.promise,
      c: () => expect(open(recording)).toEqual(['group 0 parallel', 'group 1 serial']),
      d: () => {},
    };
    const running = recording.runPlan(twoLevels, { tools });
    await settled();
    expect(open(recording)).toEqual(['group 0 parallel']);
    slow.resolve();
    await running;
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p dag [success]
        plan p
        group 0 parallel [success]
          step a [success]
          step b [success]
        group 1 serial [success]
          step c [success]
        group 2 serial [success]
          step d [success]"
    `);
  });

  it('opens again in a loop', () => {
    const recording = record();
    const loop = {
      name: 'loop',
      tools: [{ tool_id: 'think' }, { tool_id: 'act', depends_on: ['think'] }],
      loops: [{ from: 'act', to: 'think' }],
    };
    recording.traceOrchestration(loop, (run) => {
      for (let turn = 0; turn < 2; turn++) {
        run.step('think', () => {});
        run.step('act', () => {});
      }
    });
    expect(recording.tree('iteration', 'execution_order')).toMatchInlineSnapshot(`
      "orchestration loop serial [success]
        plan loop
        group 0 serial [success]
          step think [success] execution_order=0
        group 1 serial [success]
          step act [success] execution_order=0
        group 0 serial [success]
          step think [success] iteration=2 execution_order=0
        group 1 serial [success]
          step act [success] iteration=2 execution_order=0"
    `);
  });

  it('fails when a tool in it does, and names it', () => {
    const recording = record();
    recording.traceOrchestration(twoLevels, (run) => {
      expect(() =>
        run.step('a', () => {
          throw new Error('boom');
        }),
      ).toThrow('boom');
      run.step('b', () => {});
    });
    const { status } = recording.span('group 0 parallel');
    expect([status, attribute(recording.span('group 0 parallel'), 'outcome')]).toEqual([
      { code: 2, message: 'failed: a' },
      'failure',
    ]);
  });

  it('is skipped when all its tools are, cancelled when one is', () => {
    const recording = record();
    const abort = new DOMException('stop', 'AbortError');
    recording.traceOrchestration(twoLevels, (run) => {
      run.skip('a', 'no need');
      run.skip('b', 'no need');
      expect(() =>
        run.step('c', () => {
          throw abort;
        }),
      ).toThrow(abort);
    });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p dag [success]
        plan p
        group 0 parallel [skip]
          step a [skip]
          step b [skip]
        group 1 serial [cancellation]
          step c [cancellation]"
    `);
  });

  it.each([-3_600_000, 3_600_000])('ends after it started, when the clock is set by %i ms meanwhile', async (shift) => {
    const recording = record();
    const { now } = Date;
    try {
      await recording.traceOrchestration(twoLevels, async (run) => {
        await run.step('a', async () => {
          Date.now = () => now() + shift;
        });
        run.step('b', () => {});
        run.step('c', () => {});
      });
    } finally {
      Date.now = now;
    }
    expect(recording.open()).toEqual([]);
    for (const { name, duration } of recording.spans()) expect(duration[0], name).toBeGreaterThanOrEqual(0);
    for (const step of recording.ofType('step')) expect(attribute(step, 'wait_ms')).toBeLessThan(3_600_000);
  });

  it('does not take a step in that comes after the run', async () => {
    const recording = record();
    const late = deferred();
    let run!: Run;
    recording.traceOrchestration(twoLevels, (given) => {
      run = given;
      void run.step('a', () => late.promise);
    });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p dag [success]
        plan p
        group 0 parallel [cancellation]"
    `);
    run.step('b', () => {});
    late.resolve();
    await settled();
    expect(recording.open()).toEqual([]);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p dag [success]
        plan p
        group 0 parallel [cancellation]
          step a [success]
        step b [success]"
    `);
  });
});

describe('a group without a plan', () => {
  it('takes steps in while one runs, else comes the next', async () => {
    const recording = record();
    await recording.traceOrchestration(undefined, async (run) => {
      const [first, second] = [deferred(), deferred()];
      const running = [run.step('a', () => first.promise), run.step('b', () => second.promise)];
      first.resolve();
      await running[0];
      running.push(run.step('c', async () => {}));
      second.resolve();
      await Promise.all(running);
      run.step('d', () => {});
    });
    expect(recording.tree('execution_order', 'group_index', 'tool_ids', 'parallel_execution')).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 parallel [success] group_index=0 tool_ids=a,b,c parallel_execution=true
          step a [success] execution_order=0 group_index=0
          step b [success] execution_order=1 group_index=0
          step c [success] execution_order=2 group_index=0
        group 1 serial [success] group_index=1 tool_ids=d parallel_execution=false
          step d [success] execution_order=0 group_index=1"
    `);
  });

  it('is made by hand', async () => {
    const recording = record();
    await recording.traceOrchestration(undefined, async (run) => {
      const result = await run.group(async () => {
        await run.step('a', async () => {});
        expect(open(recording)).toEqual(['group 0 serial']);
        await run.step('b', async () => {});
        return 'result';
      });
      expect([result, open(recording)]).toEqual(['result', []]);
      expect(() =>
        run.group(() => {
          run.step('c', () => {});
          throw new Error('own');
        }),
      ).toThrow('own');
      run.step('d', () => {});
    });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 parallel [success]
          step a [success]
          step b [success]
        group 1 serial [success]
          step c [success]
        group 2 serial [success]
          step d [success]"
    `);
  });

  it('made by hand changes nothing in a run whose plan has the groups', () => {
    const recording = record();
    recording.traceOrchestration(twoLevels, (run) => run.group(() => run.step('c', () => {})));
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p dag [success]
        plan p
        group 1 serial [success]
          step c [success]"
    `);
  });

  it('made by hand does not take in what starts outside of it', async () => {
    const recording = record();
    await recording.traceOrchestration(undefined, async (run) => {
      const inside = deferred();
      const group = run.group(() => run.step('inside', () => inside.promise));
      run.step('outside', () => {});
      inside.resolve();
      await group;
    });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [success]
          step inside [success]
        group 1 serial [success]
          step outside [success]"
    `);
  });
});
