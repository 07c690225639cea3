import { diag, DiagLogLevel } from '@opentelemetry/api';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PlanInput, PlanToolInput, RunPlanOptions, RunResult, ToolContext } from '../../src/index.ts';
import { attribute, deferred, record, settled, useContextManager, type Deferred } from '../helpers/spans.ts';

beforeAll(useContextManager);
afterEach(() => diag.disable());

const shown = ({ results }: RunResult): Record<string, string> =>
  Object.fromEntries([...results].map(([id, { outcome, skipReason }]) => [id, skipReason ?? outcome]));

type Handler = (context: ToolContext, params: Record<string, unknown>) => unknown;

/** Notes every call as `id iteration`, and does what is said for the tool; else it gives that text. */
function logging(handlers: Record<string, Handler> = {}) {
  const log: string[] = [];
  const tool = (params: Record<string, unknown>, context: ToolContext): unknown => {
    const call = `${context.toolId}${context.iteration}`;
    log.push(call);
    return handlers[context.toolId]?.(context, params) ?? call;
  };
  return { log, tools: { tool } };
}

const t = (tool_id: string, depends_on: string[] = [], more: Partial<PlanToolInput> = {}): PlanToolInput => ({
  tool_id,
  tool_type: 'tool',
  depends_on,
  ...more,
});
/** Wanted for so many passes. */
const passes =
  (count: number, start = 'think'): RunPlanOptions['shouldRun'] =>
  ({ tool_id }, results) =>
    tool_id !== start || (results.get('act')?.data ?? 'act0') !== `act${count}`;

const agent: PlanInput = {
  name: 'agent',
  tools: [
    t('think', [], { output_mapping: { seen: '{act}' } }),
    t('act', ['think'], { output_mapping: { thought: '{think}' } }),
    t('answer', ['act'], { output_mapping: { last: '{act}' } }),
  ],
  loops: [{ from: 'act', to: 'think' }],
};
const SHAPES = [
  ['serial', { strategy: 'serial' }, {}],
  ['dag ready', { strategy: 'dag' }, { scheduling: 'ready' }],
  ['dag group', { strategy: 'dag' }, { scheduling: 'group' }],
] as const;

describe.each(SHAPES)('a loop, %s', (_name, strategy, options) => {
  const plan = { ...agent, ...strategy };

  it('starts over while the tool that it leads to is wanted; what is behind it runs once, with the last pass', async () => {
    const seen: unknown[] = [];
    const { log, tools } = logging({
      think: (_context, params) => void seen.push(params['seen']),
      answer: (_context, { last }) => last,
    });
    const recording = record();
    const result = await recording.runPlan(plan, { tools, ...options, shouldRun: passes(3) });
    expect(log).toEqual(['think1', 'act1', 'think2', 'act2', 'think3', 'act3', 'answer1']);
    expect([seen, result.finalOutput, result.success]).toEqual([[undefined, 'act1', 'act2'], 'act3', true]);
    expect([...result.results.keys()]).toEqual(['think', 'act', 'answer']);
    const iterations = recording.ofType('step').map((step) => [step.name, attribute(step, 'iteration')]);
    expect(iterations).toEqual([
      ['step think', undefined],
      ['step act', undefined],
      ['step think', 2],
      ['step act', 2],
      ['step think', 3],
      ['step act', 3],
      ['step answer', undefined],
    ]);
    expect(recording.open()).toEqual([]);
  });

  it('ends by the condition of the tool that it leads to', async () => {
    const condition = { ref: '{act.data.done}', op: '!=', value: true } as const;
    const tools = plan.tools.map((tool) => (tool.tool_id === 'think' ? { ...tool, condition } : tool));
    const { log, tools: functions } = logging({ act: ({ iteration }) => ({ done: iteration === 2 }) });
    const result = await record().runPlan({ ...plan, tools }, { tools: functions, ...options });
    expect(log).toEqual(['think1', 'act1', 'think2', 'act2', 'answer1']);
    expect(shown(result)).toEqual({ think: 'success', act: 'success', answer: 'success' });
  });

  it('ends at the limit, and says so', async () => {
    const said: string[] = [];
    const say = (_namespace: string, ...args: unknown[]): number => said.push(String(args[0]));
    diag.setLogger(
      { error: say, warn: say, info: say, debug: say, verbose: say },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
    for (const [maxIterations, expected] of [
      [1, 1],
      [4, 4],
      [undefined, 10],
    ] as const) {
      const { log, tools } = logging();
      const result = await record().runPlan(plan, { tools, ...options, maxIterations, shouldRun: () => true });
      expect([log.length, result.success, said.pop()]).toEqual([
        2 * expected + 1,
        true,
        `loop from "act" to "think" ended after ${expected} passes, the limit`,
      ]);
    }
    expect(said).toEqual([]);
  });

  it('ends by a condition inside it that does not hold', async () => {
    const condition = { ref: '{think.data}', op: '!=', value: 'enough' } as const;
    const tools = plan.tools.map((tool) => (tool.tool_id === 'act' ? { ...tool, condition } : tool));
    const { log, tools: functions } = logging({ think: ({ iteration }) => (iteration === 2 ? 'enough' : 'more') });
    const recording = record();
    const result = await recording.runPlan({ ...plan, tools }, { tools: functions, ...options, shouldRun: () => true });
    expect(log).toEqual(['think1', 'act1', 'think2']);
    expect(shown(result)).toEqual({
      think: 'success',
      act: 'condition not met',
      answer: 'dependency skipped: act',
    });
    expect([result.success, result.skippedSteps]).toEqual([true, ['act', 'answer']]);
  });

  it('ends with a failure in it', async () => {
    const { log, tools } = logging({
      act: ({ iteration }) => {
        if (iteration === 2) throw new Error('act failed');
      },
    });
    const result = await record().runPlan(plan, {
      tools,
      ...options,
      shouldRun: () => true,
      onFailure: 'skip-dependents',
    });
    expect(log).toEqual(['think1', 'act1', 'think2', 'act2']);
    expect([shown(result), result.failedSteps]).toEqual([
      { think: 'success', act: 'failure', answer: 'dependency failed: act' },
      ['act'],
    ]);
  });

  it('that a failure in an earlier pass did not end counts as its last pass went', async () => {
    const { log, tools } = logging({
      think: ({ iteration }) => {
        if (iteration === 1) throw new Error('think failed');
      },
    });
    const result = await record().runPlan(plan, { tools, ...options, shouldRun: passes(2), onFailure: 'continue' });
    expect(log).toEqual(['think1', 'act1', 'think2', 'act2', 'answer1']);
    expect([result.success, result.failedSteps]).toEqual([true, []]);
  });

  it('is not started over once the run stops', async () => {
    const gate = deferred();
    const wide = { ...plan, tools: [t('bad'), ...plan.tools] };
    const { log, tools } = logging({
      bad: () => {
        throw new Error('bad');
      },
      act: () => gate.promise,
    });
    const running = record().runPlan(wide, { tools, ...options, shouldRun: () => true, onFailure: 'stop' });
    await settled();
    gate.resolve();
    const result = await running;
    expect(log.filter((call) => call.startsWith('act'))).toEqual(log.includes('act1') ? ['act1'] : []);
    expect(log).not.toContain('think2');
    expect(shown(result)['answer']).toMatch(/^run stopped: bad failed|^dependency skipped/);
  });

  it.each(['think', 'act'])('that is cancelled while %s runs again ends there', async (id) => {
    const controller = new AbortController();
    const { log, tools } = logging({ [id]: ({ iteration }) => (iteration === 2 ? new Promise(() => {}) : 'go') });
    const recording = record();
    const running = recording.runPlan(plan, {
      tools,
      ...options,
      shouldRun: () => true,
      signal: controller.signal,
    });
    await settled();
    controller.abort();
    const result = await running;
    expect(log.at(-1)).toBe(`${id}2`);
    expect(shown(result)).toEqual({
      think: id === 'think' ? 'cancellation' : 'success',
      act: id === 'act' ? 'cancellation' : 'run cancelled',
      answer: 'run cancelled',
    });
    expect([result.success, recording.open()]).toEqual([false, []]);
  });

  it('whose end is still asked about when the run is cancelled ends there', async () => {
    const controller = new AbortController();
    const { log, tools } = logging();
    let asked = 0;
    const running = record().runPlan(plan, {
      tools,
      ...options,
      signal: controller.signal,
      shouldRun: ({ tool_id }) => (tool_id === 'think' && ++asked === 2 ? new Promise(() => {}) : true),
    });
    await settled();
    expect(log).toEqual(['think1', 'act1']);
    controller.abort();
    expect(shown(await running)).toEqual({ think: 'success', act: 'success', answer: 'run cancelled' });
  });

  it('asks by a promise whether it starts over, once a pass', async () => {
    const asked: string[] = [];
    const { log, tools } = logging();
    const result = await record().runPlan(plan, {
      tools,
      ...options,
      maxConcurrency: 1,
      shouldRun: async (tool, results) => {
        asked.push(tool.tool_id);
        return passes(2)!(tool, results);
      },
    });
    expect(log).toEqual(['think1', 'act1', 'think2', 'act2', 'answer1']);
    expect([asked, result.success]).toEqual([['think', 'act', 'think', 'act', 'think', 'answer'], true]);
  });

  it('ends where shouldRun fails, and what is behind it runs', async () => {
    for (const fail of [() => Promise.reject(new Error('own')), thrower]) {
      let asked = 0;
      const { log, tools } = logging();
      const result = await record().runPlan(plan, {
        tools,
        ...options,
        shouldRun: ({ tool_id }) => (tool_id === 'think' && ++asked === 2 ? fail() : true),
      });
      expect([log, result.success]).toEqual([['think1', 'act1', 'answer1'], true]);
    }
  });

  it('of one tool repeats that', async () => {
    const { log, tools } = logging();
    const poll: PlanInput = {
      ...strategy,
      tools: [t('poll', ['poll']), t('after', ['poll'])],
      loops: [{ from: 'poll', to: 'poll' }],
    };
    await record().runPlan(poll, {
      tools,
      ...options,
      shouldRun: ({ tool_id }, results) => tool_id !== 'poll' || results.get('poll')?.data !== 'poll3',
    });
    expect(log).toEqual(['poll1', 'poll2', 'poll3', 'after1']);
  });

  it('within a loop starts anew, with a limit of its own, in each pass of the outer one', async () => {
    const nested: PlanInput = {
      ...strategy,
      tools: [t('a'), t('b', ['a']), t('c', ['b']), t('d', ['c']), t('e', ['d'])],
      loops: [
        { from: 'd', to: 'a' },
        { from: 'c', to: 'b' },
      ],
    };
    const { log, tools } = logging();
    await record().runPlan(nested, { tools, ...options, shouldRun: () => true, maxIterations: 2 });
    expect(log.map((call) => call.replace(/\d/, '')).join('')).toBe('abcbcdabcbcde');
    expect(log.filter((call) => call.startsWith('b'))).toEqual(['b1', 'b2', 'b3', 'b4']);
  });

  it('and another that end with the same tool: the inner one first', async () => {
    const both: PlanInput = {
      ...strategy,
      tools: [t('a'), t('b', ['a']), t('c', ['b']), t('d', ['c'])],
      loops: [
        { from: 'c', to: 'a' },
        { from: 'c', to: 'b' },
        { from: 'c', to: 'b' },
      ],
    };
    const { log, tools } = logging();
    await record().runPlan(both, { tools, ...options, shouldRun: () => true, maxIterations: 2 });
    expect(log.map((call) => call.replace(/\d/, '')).join('')).toBe('abcbcabcbcd');
  });
});

describe.each(SHAPES.slice(1))('loops side by side, %s', (_name, strategy, options) => {
  it('repeat each for itself, and what reads both waits for both', async () => {
    const plan: PlanInput = {
      ...strategy,
      tools: [
        t('a1'),
        t('a2', ['a1']),
        t('b1'),
        t('b2', ['b1']),
        t('both', ['a2', 'b2']),
        t('reads a1', ['a1'], { output_mapping: { seen: '{a1}' } }),
        t('after reader', ['reads a1']),
      ],
      loops: [
        { from: 'a2', to: 'a1' },
        { from: 'b2', to: 'b1' },
      ],
    };
    const { log, tools } = logging({ 'reads a1': (_context, { seen }) => seen });
    const result = await record().runPlan(plan, {
      tools,
      ...options,
      shouldRun: ({ tool_id }, results) =>
        (tool_id !== 'a1' || results.get('a2')?.data !== 'a22') &&
        (tool_id !== 'b1' || results.get('b2')?.data !== 'b23'),
    });
    for (const [id, count] of Object.entries({ a1: 2, a2: 2, b1: 3, b2: 3, both: 1, 'reads a1': 1 }))
      expect([id, log.filter((call) => call.replace(/\d$/, '') === id).length]).toEqual([id, count]);
    expect(result.results.get('reads a1')?.data).toBe('a12');
    expect(log.indexOf('reads a11')).toBeGreaterThan(log.lastIndexOf('a22'));
    expect(log.indexOf('both1')).toBeGreaterThan(log.lastIndexOf('b23'));
    expect(shown(result)['after reader']).toBe('success');
  });
});

describe.each(SHAPES.slice(1))('loops that overlap, %s', (_name, strategy, options) => {
  const run = async (tools: PlanToolInput[], loops: [string, string][], limits: Record<string, number> = {}) => {
    const { log, tools: functions } = logging();
    const plan = { ...strategy, tools, loops: loops.map(([from, to]) => ({ from, to })) };
    const result = await record().runPlan(plan, {
      tools: functions,
      ...options,
      maxIterations: 3,
      shouldRun: ({ tool_id }, results) =>
        !results.get(tool_id)?.data ||
        log.filter((call) => call.startsWith(tool_id)).length < (limits[tool_id] ?? Infinity),
    });
    expect(result.success).toBe(true);
    return log.map((call) => call.replace(/\d/, '')).join('');
  };

  it('and lead to the same tool come again together', async () => {
    const tools = [t('a'), t('b', ['a']), t('c', ['a']), t('d', ['b', 'c'])];
    const loops: [string, string][] = [
      ['b', 'a'],
      ['c', 'a'],
    ];
    expect(await run(tools, loops, { a: 2 })).toBe('abcabcd');
  });

  it('in a row: each repeats what comes after its start', async () => {
    const tools = [t('a'), t('b', ['a']), t('c', ['b']), t('d', ['c']), t('e', ['d'])];
    const loops: [string, string][] = [
      ['c', 'a'],
      ['d', 'b'],
    ];
    expect(await run(tools, loops, { a: 1, b: 3 })).toBe('abcdbcdbcde');
    expect(await run(tools, loops, { a: 3, b: 3 })).toBe('abcdabcdabcde');
  });

  it('because they read each other, without sharing a tool, do not wait for each other for ever', async () => {
    const tools = [t('a'), t('b'), t('c', ['a', 'b']), t('d', ['b', 'a']), t('e', ['c', 'd'])];
    const loops: [string, string][] = [
      ['c', 'a'],
      ['d', 'b'],
    ];
    expect(await run(tools, loops, { a: 2, b: 1 })).toBe('abcdacde');
  });

  it('three of which wait for each other in a ring end as well', async () => {
    const tools = [
      ...['a', 'b', 'c'].map((id) => t(id)),
      t('x', ['a', 'c']),
      t('y', ['b', 'a']),
      t('z', ['c', 'b']),
      t('end', ['x', 'y', 'z']),
    ];
    const loops: [string, string][] = [
      ['x', 'a'],
      ['y', 'b'],
      ['z', 'c'],
    ];
    const calls = await run(tools, loops, { a: 1, b: 1, c: 1 });
    expect(calls.slice(0, 6).split('').toSorted().join('')).toBe('abcxyz');
    expect(calls.slice(6)).toBe('end');
  });
});

describe('an edge that does not go back', () => {
  it('is refused before anything runs', async () => {
    const plan = { tools: [t('a'), t('b', ['a']), t('c', ['b'])], loops: [{ from: 'a', to: 'c' }] };
    const { log, tools } = logging();
    await expect(record().runPlan(plan, { tools, shouldRun: () => true })).rejects.toThrow(
      'loops[0]: "a" comes before "c", so this edge does not go back; swap the two',
    );
    const parallel = { strategy: 'parallel', tools: [t('a'), t('b')], loops: [{ from: 'a', to: 'b' }] } as const;
    await expect(record().runPlan(parallel, { tools, shouldRun: () => true })).rejects.toThrow('use serial or dag');
    expect(log).toEqual([]);
  });
});

describe('a loop with a join: any in it', () => {
  it('waits for what still runs of a pass before it starts over', async () => {
    const gates: Deferred<void>[] = [];
    const plan: PlanInput = {
      strategy: 'dag',
      tools: [t('start'), t('quick', ['start']), t('slow', ['start']), t('end', ['quick', 'slow'], { join: 'any' })],
      loops: [{ from: 'end', to: 'start' }],
    };
    const { log, tools } = logging({
      slow: () => {
        gates.push(deferred());
        return gates.at(-1)!.promise;
      },
    });
    const running = record().runPlan(plan, { tools, shouldRun: () => true, maxIterations: 2 });
    await settled();
    expect(log).toEqual(['start1', 'quick1', 'slow1', 'end1']);
    gates[0]!.resolve();
    await settled();
    expect(log.slice(4)).toEqual(['start2', 'quick2', 'slow2', 'end2']);
    gates[1]!.resolve();
    expect((await running).success).toBe(true);
  });

  it('behind it starts with what is outside, before the loop has ended', async () => {
    const gate = deferred();
    const plan: PlanInput = {
      strategy: 'dag',
      tools: [t('think'), t('act', ['think']), t('cache'), t('either', ['act', 'cache'], { join: 'any' })],
      loops: [{ from: 'act', to: 'think' }],
    };
    const { log, tools } = logging({ act: () => gate.promise });
    const running = record().runPlan(plan, { tools, shouldRun: () => true, maxIterations: 2 });
    await settled();
    expect(log).toContain('either1');
    gate.resolve();
    const result = await running;
    expect(log.filter((call) => call.startsWith('either'))).toEqual(['either1']);
    expect(result.success).toBe(true);
  });

  it('and a slow one outside it: a late failure there does not disturb a later pass', async () => {
    const outside = deferred();
    const second = deferred();
    const plan: PlanInput = {
      strategy: 'dag',
      tools: [t('start'), t('slow'), t('end', ['start', 'slow'], { join: 'any' })],
      loops: [{ from: 'end', to: 'start' }],
    };
    const { log, tools } = logging({
      slow: () => outside.promise,
      start: ({ iteration }) => (iteration === 2 ? second.promise : undefined),
    });
    const running = record().runPlan(plan, { tools, shouldRun: () => true, maxIterations: 2 });
    await settled();
    expect(log).toEqual(['start1', 'slow1', 'end1', 'start2']);
    outside.reject(new Error('late'));
    await settled();
    expect(log.length).toBe(4);
    second.resolve();
    expect(shown(await running)).toEqual({ start: 'success', slow: 'failure', end: 'success' });
  });
});

describe('a loop', () => {
  it('does not exceed maxConcurrency', async () => {
    let [now, most] = [0, 0];
    const tools: PlanToolInput[] = [];
    const loops = [];
    for (let lane = 0; lane < 5; lane++) {
      tools.push(t(`s${lane}`), t(`m${lane}`, [`s${lane}`]), t(`n${lane}`, [`s${lane}`]));
      tools.push(t(`e${lane}`, [`m${lane}`, `n${lane}`]));
      loops.push({ from: `e${lane}`, to: `s${lane}` });
    }
    let calls = 0;
    const tool = async (): Promise<void> => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      calls++;
      now--;
    };
    const shouldRun = async (): Promise<boolean> => true;
    const options = { tools: { tool }, maxConcurrency: 3, maxIterations: 3, shouldRun };
    const { success } = await record().runPlan({ strategy: 'dag', tools, loops }, options);
    expect([success, calls, most]).toEqual([true, 60, 3]);
  });

  it('of 2,000 passes of functions that return at once does not pile up the stack', async () => {
    const { log, tools } = logging();
    const options = { tools, maxIterations: 2000, shouldRun: () => true };
    expect((await record().runPlan({ ...agent, strategy: 'dag' }, options)).success).toBe(true);
    expect(log.length).toBe(4001);
  });

  it('is drawn with its passes', async () => {
    const recording = record();
    await recording.runPlan({ ...agent, strategy: 'serial' }, { tools: logging().tools, shouldRun: passes(2) });
    expect(recording.tree('iteration')).toMatchInlineSnapshot(`
      "orchestration agent serial [success]
        plan agent
        group 0 serial [success]
          step think [success]
        group 1 serial [success]
          step act [success]
        group 0 serial [success]
          step think [success] iteration=2
        group 1 serial [success]
          step act [success] iteration=2
        group 2 serial [success]
          step answer [success]"
    `);
  });
});

function thrower(): never {
  throw new Error('own');
}
