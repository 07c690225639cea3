/* oxlint-disable typescript/unbound-method, no-underscore-dangle -- methods are what is looked at here, by whatever name */
import { diag, DiagLogLevel, context, createContextKey } from '@opentelemetry/api';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ExecutorOptions, PlanInput } from '../../src/index.ts';
import { throwing } from '../helpers/hostile.ts';
import { attribute, deferred, record, settled, useContextManager, type Recording } from '../helpers/spans.ts';

beforeAll(useContextManager);
afterEach(() => {
  diag.disable();
  vi.restoreAllMocks();
});

interface Node {
  readonly id: string;
  readonly needs?: readonly string[];
  readonly work?: () => unknown;
}

interface Dag {
  readonly name: string;
  readonly nodes: readonly Node[];
}

/** An executor as people write them: it calls its own methods, and keeps what it knows in private fields. */
class DagExecutor {
  readonly #log: string[] = [];

  async runDag(dag: Dag): Promise<Map<string, unknown>> {
    const results = new Map<string, unknown>();
    for (const node of dag.nodes) results.set(node.id, await this.runNode(node));
    return results;
  }

  async runNode(node: Node): Promise<unknown> {
    this.#log.push(node.id);
    return node.work?.();
  }

  get log(): readonly string[] {
    return this.#log;
  }
}

const planOf = ({ name, nodes }: Dag): PlanInput => ({
  name,
  tools: nodes.map(({ id, needs = [] }) => ({ tool_id: id, depends_on: [...needs] })),
});

const options: ExecutorOptions<DagExecutor, 'runDag', 'runNode'> = {
  run: 'runDag',
  step: 'runNode',
  plan: planOf,
  tool: (node) => node.id,
};

const etl: Dag = {
  name: 'etl',
  nodes: [
    { id: 'load', work: () => 1 },
    { id: 'clean', needs: ['load'], work: () => 2 },
  ],
};

function warnings(): unknown[][] {
  const warn = vi.fn();
  const nothing = (): void => {};
  diag.setLogger({ error: nothing, warn, info: nothing, debug: nothing, verbose: nothing }, DiagLogLevel.WARN);
  return warn.mock.calls;
}

describe('an instrumented executor', () => {
  it('is the very same object, whose runs and steps are recorded', async () => {
    const recording = record();
    const executor = new DagExecutor();
    expect(recording.instrumentExecutor(executor, options)).toBe(executor);
    expect([...(await executor.runDag(etl))]).toEqual([
      ['load', 1],
      ['clean', 2],
    ]);
    expect(executor.log).toEqual(['load', 'clean']);
    expect(recording.tree('plan.source', 'tool_type', 'blocked_by')).toMatchInlineSnapshot(`
      "orchestration etl serial [success] plan.source=declared
        plan etl
        group 0 serial [success]
          step load [success] tool_type=unknown
        group 1 serial [success]
          step clean [success] tool_type=unknown blocked_by=load"
    `);
    expect(recording.open()).toEqual([]);
  });

  it('names the planned tools that were never called', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), {
      ...options,
      plan: () => planOf({ ...etl, nodes: [...etl.nodes, { id: 'write', needs: ['clean'] }] }),
    });
    await executor.runDag(etl);
    expect(attribute(recording.span('orchestration etl serial'), 'not_started')).toEqual(['write']);
  });

  it('has a run id and attributes of its own for each run, and redacts them', async () => {
    const recording = record({ redact: (text) => text.replaceAll('secret', '***') });
    const executor = recording.instrumentExecutor(new DagExecutor(), {
      ...options,
      runId: (dag) => `run of ${dag.name}`,
      attributes: (dag) => ({ tenant: 'secret tenant', tags: ['a', 'secret'], nodes: dag.nodes.length }),
    });
    await executor.runDag(etl);
    const { attributes } = recording.span('orchestration etl serial');
    expect([attributes['orchestration.run.id'], attributes['tenant'], attributes['tags'], attributes['nodes']]).toEqual(
      ['run of etl', '*** tenant', ['a', '***'], 2],
    );
  });

  it('takes the options of recording as well', async () => {
    const recording = record();
    const { instrumentExecutor } = recording;
    const executor = instrumentExecutor(new DagExecutor(), {
      ...options,
      recordOutputs: true,
      attributes: { team: 'reports' },
      announcePlan: false,
    });
    await executor.runDag(etl);
    expect(recording.tree('output')).toMatchInlineSnapshot(`
      "orchestration etl serial [success]
        group 0 serial [success]
          step load [success] output=1
        group 1 serial [success]
          step clean [success] output=2"
    `);
    expect(recording.span('orchestration etl serial').attributes['team']).toBe('reports');
  });

  it('may be sync, and a function', () => {
    const recording = record();
    const executor = Object.assign(() => 'called', {
      all: (ids: string[]): number[] => ids.map((id) => executor.one(id)),
      one: (id: string): number => id.length,
    });
    using traced = recording.instrumentExecutor(executor, {
      run: 'all',
      step: 'one',
      plan: () => undefined,
      tool: (id) => ({ toolId: id, toolType: 'length' }),
    });
    expect([traced(), traced.all(['a', 'bcd'])]).toEqual(['called', [1, 3]]);
    expect(recording.tree('plan.source', 'tool_type')).toMatchInlineSnapshot(`
      "orchestration [success] plan.source=none
        group 0 serial [success]
          step a [success] tool_type=length
        group 1 serial [success]
          step bcd [success] tool_type=length"
    `);
  });

  it('may have methods that TypeScript calls private, and results that say how they ended', async () => {
    const recording = record();
    class Private {
      async go(): Promise<string[]> {
        return [await this._one('ok'), await this._one('later'), await this._one('odd')];
      }
      private async _one(id: string): Promise<string> {
        return id;
      }
    }
    const executor = recording.instrumentExecutor(new Private(), {
      run: 'go',
      step: '_one',
      plan: () => undefined,
      tool: (id) => id,
      outcome: (result, id) => (result === 'later' ? 'skip' : id === 'odd' ? 'error' : undefined),
    });
    expect(await executor.go()).toEqual(['ok', 'later', 'odd']);
    expect(recording.tree('skipped', 'failed')).toMatchInlineSnapshot(`
      "orchestration [success] skipped=later failed=odd
        group 0 serial [success]
          step ok [success]
        group 1 serial [skip]
          step later [skip]
        group 2 serial [failure]
          step odd [error]"
    `);
  });

  it('is recorded by isFailure where outcome does not say', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), options);
    const nodes = [{ id: 'a', work: () => ({ success: false, error: 'no rows' }) }, { id: 'b' }];
    await executor.runDag({ name: 'p', nodes });
    expect(recording.span('step a').status).toEqual({ code: 2, message: 'no rows' });
    expect(recording.tree('failed')).toContain('step b [success]');
  });

  it('keeps subclasses, private fields, and calls by way of super', async () => {
    const recording = record();
    class Careful extends DagExecutor {
      #checked = 0;
      override async runNode(node: Node): Promise<unknown> {
        this.#checked++;
        return super.runNode(node);
      }
      get checked(): number {
        return this.#checked;
      }
    }
    const executor = recording.instrumentExecutor(new Careful(), options);
    await executor.runDag(etl);
    expect([executor.checked, executor.log]).toEqual([2, ['load', 'clean']]);
    expect(recording.ofType('step').map(({ name }) => name)).toEqual(['step load', 'step clean']);
  });

  it('is one of its class: another instance is not recorded, or by itself', async () => {
    const [first, second] = [record(), record()];
    const executors = [new DagExecutor(), new DagExecutor(), new DagExecutor()];
    first.instrumentExecutor(executors[0]!, options);
    second.instrumentExecutor(executors[1]!, options);
    for (const executor of executors) await executor.runDag(etl);
    expect([first.ofType('run').length, second.ofType('run').length]).toEqual([1, 1]);
    expect([first.ofType('step').length, second.ofType('step').length]).toEqual([2, 2]);
  });

  it('keeps generators: the run ends when they do', async () => {
    const recording = record();
    class Streaming {
      async *run(ids: readonly string[]): AsyncGenerator<string> {
        for (const id of ids) yield* this.one(id);
      }
      *one(id: string): Generator<string> {
        yield `${id} 1`;
        yield `${id} 2`;
      }
    }
    const executor = recording.instrumentExecutor(new Streaming(), {
      run: 'run',
      step: 'one',
      plan: () => undefined,
      tool: (id) => id,
    });
    const seen: string[] = [];
    for await (const item of executor.run(['a', 'b'])) seen.push(item);
    expect(seen).toEqual(['a 1', 'a 2', 'b 1', 'b 2']);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [success]
          step a [success]
        group 1 serial [success]
          step b [success]"
    `);
  });
});

describe('the run of a step', () => {
  it('is the one around it: runs at once never mix', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), { ...options, runId: (dag) => dag.name });
    const dagOf = (name: string): Dag => ({
      name,
      nodes: ['a', 'b', 'c'].map((id) => ({ id: `${name} ${id}`, work: () => settled() })),
    });
    const names = Array.from({ length: 50 }, (_, index) => `run${index}`);
    await Promise.all(names.map((name) => executor.runDag(dagOf(name))));
    for (const name of names) {
      const { traceId } = recording.span(`orchestration ${name} parallel`).spanContext();
      const steps = recording.ofType('step').filter((step) => step.spanContext().traceId === traceId);
      expect(steps.map((step) => step.name).toSorted()).toEqual(['a', 'b', 'c'].map((id) => `step ${name} ${id}`));
    }
  });

  it('is the inner one where an executor runs another, or itself', async () => {
    const recording = record();
    const outer = recording.instrumentExecutor(new DagExecutor(), options);
    const inner = recording.instrumentExecutor(new DagExecutor(), options);
    const leaf: Dag = { name: 'leaf', nodes: [{ id: 'c' }] };
    const middle: Dag = { name: 'middle', nodes: [{ id: 'b', work: () => outer.runDag(leaf) }] };
    await outer.runDag({ name: 'top', nodes: [{ id: 'a', work: () => inner.runDag(middle) }] });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration top parallel [success]
        plan top
        group 0 serial [success]
          step a [success]
            orchestration middle parallel [success]
              plan middle
              group 0 serial [success]
                step b [success]
                  orchestration leaf parallel [success]
                    plan leaf
                    group 0 serial [success]
                      step c [success]"
    `);
  });

  it('is a run that is not of this executor, where that is around it', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), options);
    await recording.traceOrchestration(planOf(etl), () => executor.runNode(etl.nodes[0]!));
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration etl serial [success]
        plan etl
        group 0 serial [success]
          step load [success]"
    `);
  });

  it('does not decide how the step is recorded, where the executor has options of its own', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), { ...options, recordOutputs: true });
    const plain = recording.instrumentExecutor(new DagExecutor(), options);
    await recording.traceOrchestration(undefined, async () => {
      await executor.runNode({ id: 'a', work: () => 1 });
      await plain.runNode({ id: 'b', work: () => 1 });
    });
    expect(['a', 'b'].map((id) => attribute(recording.span(`step ${id}`), 'output'))).toEqual(['1', undefined]);
  });

  it('is the one that goes on, where nothing is around it', async () => {
    const recording = record();
    const pool = recording.instrumentExecutor(new WorkerPool(), poolOptions);
    pool.start(); // its loop is in no context
    await pool.run(['a', 'b']);
    await pool.run(['c']);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [success]
          step a [success]
        group 1 serial [success]
          step b [success]
      orchestration [success]
        group 0 serial [success]
          step c [success]"
    `);
    pool.stop();
  });

  it('is none where several go on: the step stands on its own', async () => {
    const recording = record();
    const pool = recording.instrumentExecutor(new WorkerPool(), poolOptions);
    pool.start();
    await Promise.all([pool.run(['a']), pool.run(['b'])]);
    expect(recording.tree().split('\n').toSorted()).toEqual([
      'orchestration [success]',
      'orchestration [success]',
      'step a [success]',
      'step b [success]',
    ]);
    pool.stop();
  });

  it('is the one that goes on, where the workers were started in a run that is over', async () => {
    const recording = record();
    const pool = recording.instrumentExecutor(new WorkerPool(), poolOptions);
    recording.traceOrchestration({ name: 'boot', tools: [] }, () => pool.start());
    await pool.run(['a']);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration boot parallel [success]
        plan boot
      orchestration [success]
        group 0 serial [success]
          step a [success]"
    `);
    pool.stop();
  });

  it('is the one that goes on, where the workers were started in a run around it', async () => {
    const recording = record();
    const pool = recording.instrumentExecutor(new WorkerPool(), poolOptions);
    await recording.traceOrchestration({ name: 'around', tools: [] }, async () => {
      pool.start();
      await pool.run(['a']);
    });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration around parallel [success]
        plan around
        orchestration [success]
          group 0 serial [success]
            step a [success]"
    `);
    pool.stop();
  });

  it('is the inner one where a step opens a run by hand and calls back', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), options);
    const callBack = (): unknown =>
      recording.traceOrchestration({ name: 'inner', tools: [] }, () => executor.runNode({ id: 'back' }));
    await executor.runDag({ name: 'outer', nodes: [{ id: 'a', work: callBack }] });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration outer parallel [success]
        plan outer
        group 0 serial [success]
          step a [success]
            orchestration inner parallel [success]
              plan inner
              group 0 serial [success]
                step back [success]"
    `);
  });

  it('is none outside of any run, below what is active', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), options);
    await recording.provider
      .getTracer('host')
      .startActiveSpan('request', (span) => executor.runNode({ id: 'a' }).finally(() => span.end()));
    expect(recording.tree()).toMatchInlineSnapshot(`
      "request
        step a [success]"
    `);
  });

  it('leaves the host what its own context carries', async () => {
    const recording = record();
    const key = createContextKey('tenant');
    const seen: unknown[] = [];
    const work = (): void => void seen.push(context.active().getValue(key));
    const executor = recording.instrumentExecutor(new DagExecutor(), options);
    const go = deferred();
    const run = executor.runDag({ name: 'p', nodes: [{ id: 'a', work: () => go.promise }] });
    await context.with(context.active().setValue(key, 'joined'), () => executor.runNode({ id: 'b', work }));
    go.resolve();
    await run;
    expect(seen).toEqual(['joined']);
    expect(recording.below('orchestration p parallel')).toContain('step b');
  });

  class WorkerPool {
    readonly #queue: { id: string; done: () => void }[] = [];
    #wake = deferred();
    #isStopped = false;
    async run(ids: readonly string[]): Promise<void> {
      const jobs = ids.map((id) => {
        const { promise, resolve } = deferred();
        this.#queue.push({ id, done: resolve });
        return promise;
      });
      this.#wake.resolve();
      await Promise.all(jobs);
    }
    start(): void {
      void this.#loop();
    }
    stop(): void {
      this.#isStopped = true;
      this.#wake.resolve();
    }
    async runJob(_id: string): Promise<void> {
      await settled();
    }
    async #loop(): Promise<void> {
      while (!this.#isStopped) {
        const job = this.#queue.shift();
        if (job) {
          await this.runJob(job.id);
          job.done();
        } else {
          await this.#wake.promise;
          this.#wake = deferred();
        }
      }
    }
  }

  const poolOptions: ExecutorOptions<WorkerPool, 'run', 'runJob'> = {
    run: 'run',
    step: 'runJob',
    plan: () => undefined,
    tool: (id) => id,
  };
});

describe('disposal', () => {
  const stateOf = (object: object): unknown => [Reflect.ownKeys(object), Object.getOwnPropertyDescriptors(object)];

  it('leaves a class instance as it was', async () => {
    const recording = record();
    const executor = new DagExecutor();
    const before = stateOf(executor);
    {
      using traced = recording.instrumentExecutor(executor, options);
      expect(Object.keys(traced)).toEqual([]);
      expect(Reflect.ownKeys(traced)).toEqual(['runDag', 'runNode', Symbol.dispose]);
    }
    expect(stateOf(executor)).toEqual(before);
    expect(executor.runDag).toBe(DagExecutor.prototype.runDag);
    await executor.runDag(etl);
    expect(recording.spans()).toEqual([]);
  });

  it('leaves own properties as they were, with their place and flags', () => {
    const { instrumentExecutor } = record();
    const executor = { first: 1, all: () => 1, one: () => 2, last: 3 };
    Object.defineProperty(executor, 'one', { writable: false, enumerable: false });
    const before = stateOf(executor);
    const traced = instrumentExecutor(executor, { run: 'all', step: 'one', plan: () => undefined, tool: () => 'a' });
    expect(Object.keys(traced)).toEqual(['first', 'all', 'last']);
    traced[Symbol.dispose]();
    expect(stateOf(executor)).toEqual(before);
  });

  it('silences methods that were taken out before', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), options);
    const { runDag } = executor;
    executor[Symbol.dispose]();
    await runDag.call(executor, etl);
    expect(recording.spans()).toEqual([]);
  });

  it('leaves what somebody else has put in place of ours, and stays silent below it', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), options);
    const ours = executor.runNode;
    const theirs = (node: Node): Promise<unknown> => ours.call(executor, node);
    executor.runNode = theirs;
    executor[Symbol.dispose]();
    expect(executor.runNode).toBe(theirs);
    expect(await executor.runNode({ id: 'a', work: () => 1 })).toBe(1);
    expect(recording.spans()).toEqual([]);
  });

  it('records once when somebody else has put a method before ours, and it is instrumented again', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), options);
    const ours = executor.runDag;
    executor.runDag = (dag) => ours.call(executor, dag);
    recording.instrumentExecutor(executor, options);
    await executor.runDag(etl);
    expect([recording.ofType('run').length, recording.ofType('step').length]).toEqual([1, 2]);
  });

  it('takes two where it was instrumented twice, which records once', async () => {
    const recording = record();
    const executor = new DagExecutor();
    const before = stateOf(executor);
    using outer = recording.instrumentExecutor(executor, options);
    {
      using inner = recording.instrumentExecutor(executor, { ...options, plan: () => undefined });
      await inner.runDag(etl);
      expect([recording.ofType('run').length, recording.ofType('step').length]).toEqual([1, 2]);
    }
    await outer.runDag(etl);
    expect(recording.ofType('run').map(({ name }) => name)).toEqual(Array(2).fill('orchestration etl serial'));
    outer[Symbol.dispose]();
    expect(stateOf(executor)).toEqual(before);
  });

  it('lets two run methods share a step method', async () => {
    const recording = record();
    class Both extends DagExecutor {
      async runFirst(dag: Dag): Promise<unknown> {
        return this.runNode(dag.nodes[0]!);
      }
    }
    const executor = new Both();
    recording.instrumentExecutor(executor, options);
    const again = recording.instrumentExecutor(executor, { ...options, run: 'runFirst' });
    await executor.runDag(etl);
    await executor.runFirst(etl);
    expect([recording.ofType('run').length, recording.ofType('step').length]).toEqual([2, 3]);
    again[Symbol.dispose]();
    await executor.runFirst(etl);
    await executor.runDag(etl);
    expect([recording.ofType('run').length, recording.ofType('step').length]).toEqual([3, 6]);
  });

  it('still disposes of an executor that can be disposed of itself', () => {
    const { instrumentExecutor } = record();
    class Pool extends DagExecutor implements Disposable {
      closed = 0;
      [Symbol.dispose](): void {
        this.closed++;
      }
    }
    const pool = new Pool();
    {
      using traced = instrumentExecutor(pool, options);
      expect(traced.closed).toBe(0);
    }
    expect([pool.closed, Object.hasOwn(pool, Symbol.dispose), Object.hasOwn(pool, 'runDag')]).toEqual([
      1,
      false,
      false,
    ]);
    pool[Symbol.dispose]();
    expect(pool.closed).toBe(2);
  });
});

describe('an executor that cannot be changed', () => {
  const cases: Record<string, () => DagExecutor> = {
    frozen: () => Object.freeze(new DagExecutor()) as DagExecutor,
    sealed: () => Object.seal(new DagExecutor()),
    'with a step method that cannot be redefined': () =>
      Object.defineProperty(new DagExecutor(), 'runNode', { value: async () => 'fixed' }),
    'with a step method that is a getter': () =>
      Object.defineProperty(new DagExecutor(), 'runNode', { configurable: true, get: () => async () => 'fixed' }),
    'with a [Symbol.dispose] that cannot be redefined': () =>
      Object.defineProperty(new DagExecutor(), Symbol.dispose, { value: () => {} }),
  };

  it.each(Object.entries(cases))('is left as it is: %s', async (_name, make) => {
    const recording = record();
    const executor = make();
    const before = Object.getOwnPropertyDescriptors(executor);
    expect(recording.instrumentExecutor(executor, options)).toBe(executor);
    expect(Object.getOwnPropertyDescriptors(executor)).toEqual(before);
    await executor.runDag(etl);
    expect(recording.spans()).toEqual([]);
  });

  it('costs one warning', () => {
    const warned = warnings();
    const { instrumentExecutor } = record();
    const executor = Object.freeze({ runAll: () => 1, runOne: () => 2 });
    for (let time = 0; time < 3; time++)
      instrumentExecutor(executor, { run: 'runAll', step: 'runOne', plan: () => undefined, tool: () => 'a' });
    expect(warned).toEqual([
      ['orchestrace', 'the executor with "runAll" and "runOne" cannot be changed; its runs are not recorded'],
    ]);
  });

  it('may be behind a proxy that throws', () => {
    const { instrumentExecutor } = record();
    const traps = { getOwnPropertyDescriptor: throwing('trap'), defineProperty: throwing('trap') };
    const executor = new Proxy(new DagExecutor(), traps);
    expect(instrumentExecutor(executor, options)).toBe(executor);
  });
});

describe('wrong use', () => {
  it.each([
    [null, options, 'executor must be an object, got null'],
    ['text', options, 'executor must be an object, got "text"'],
    [new DagExecutor(), undefined, 'options must be an object with run, step, plan and tool, got nothing'],
    [new DagExecutor(), { ...options, run: 'runDagg' }, 'option run: the executor has no method "runDagg"'],
    [new DagExecutor(), { ...options, step: 7 }, 'option step must be the name of a method, got 7'],
    [
      new DagExecutor(),
      { ...options, step: 'runDag' },
      'options run and step must be two methods, got "runDag" for both',
    ],
    [new DagExecutor(), { ...options, plan: undefined }, 'option plan must be a function, got nothing'],
    [new DagExecutor(), { ...options, outcome: 'failure' }, 'option outcome must be a function, got "failure"'],
    [
      new DagExecutor(),
      { ...options, attributes: null },
      'option attributes must be an object, or a function that gives one, got null',
    ],
    [new DagExecutor(), { ...options, metrics: 'no' }, 'option metrics must be true or false, got "no"'],
  ])('is refused at once: %#', (executor, given, message) => {
    expect(() => record().instrumentExecutor(executor as DagExecutor, given as typeof options)).toThrow(
      new TypeError(message),
    );
  });
});

describe('a callback that fails', () => {
  const error = new Error('callback');
  const fail = (): never => {
    throw error;
  };
  const rejects = (async () => fail()) as never;
  const nonsense = (value: unknown) => (() => value) as never;
  type Callback = 'plan' | 'tool' | 'outcome' | 'runId' | 'attributes';
  const cases: [Callback, () => unknown, string, string][] = [
    ['plan', fail, 'the run is recorded without a plan', 'Error: callback'],
    ['plan', rejects, 'the run is recorded without a plan', 'TypeError: it must give a plan, and gave a promise'],
    ['plan', nonsense('x'), 'the run is recorded without a plan', 'TypeError: it must give a plan, and gave "x"'],
    ['tool', fail, 'the call is not recorded', 'Error: callback'],
    [
      'tool',
      nonsense(undefined),
      'the call is not recorded',
      'TypeError: it must give a tool id, or { toolId }, and gave nothing',
    ],
    [
      'tool',
      nonsense({ toolId: 1 }),
      'the call is not recorded',
      'TypeError: it must give a text that is not empty, and gave 1',
    ],
    [
      'tool',
      nonsense({ toolId: 'a', attempt: 0 }),
      'left it out',
      'TypeError: it must give attempt and iteration as integers from 1, and gave 0',
    ],
    ['outcome', fail, 'isFailure decides', 'Error: callback'],
    [
      'outcome',
      nonsense('fine'),
      'isFailure decides',
      'TypeError: it must give one of success, failure, error, timeout, cancellation, skip, and gave "fine"',
    ],
    ['runId', nonsense(1), 'the run has a random id', 'TypeError: it must give a text that is not empty, and gave 1'],
    ['attributes', fail, 'the run has none of them', 'Error: callback'],
    ['attributes', nonsense(1), 'the run has none of them', 'TypeError: it must give an object, and gave 1'],
  ];

  it.each(cases)('costs one warning and nothing else: %s, %#', async (name, callback, instead, detail) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const warned = warnings();
    const recording = record();
    const executor = recording.instrumentExecutor(new DagExecutor(), { ...options, [name]: callback });
    for (let time = 0; time < 2; time++) expect([...(await executor.runDag(etl)).values()]).toEqual([1, 2]);
    await settled();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(warned).toEqual([
      ['orchestrace', `the ${name} callback of an instrumented executor failed; ${instead}`, detail],
    ]);
    expect(recording.ofType('run').length).toBe(2);
    expect(recording.ofType('step').length).toBe(instead === 'the call is not recorded' ? 0 : 4);
    expect(recording.open()).toEqual([]);
  });
});

describe('without an SDK', () => {
  it('only the methods of the host run', async () => {
    const { instrumentExecutor } = record({ tracer: undefined });
    const callback = vi.fn();
    const executor = new DagExecutor();
    const promise = Promise.resolve(new Map());
    executor.runDag = () => promise;
    instrumentExecutor(executor, {
      ...options,
      plan: callback,
      tool: callback,
      outcome: callback,
      runId: callback,
      attributes: callback,
    });
    expect(executor.runDag(etl)).toBe(promise);
    await executor.runNode({ id: 'a' });
    expect(callback).not.toHaveBeenCalled();
  });
});

describe('attempts', () => {
  /** Tries each job until it succeeds, `limit` times at most. */
  class Retrying {
    readonly limit: number;
    constructor(limit = 3) {
      this.limit = limit;
    }
    async runAll(jobs: Record<string, (attempt: number) => unknown>): Promise<unknown[]> {
      const results: unknown[] = [];
      for (const [id, job] of Object.entries(jobs)) {
        for (let attempt = 1; attempt <= this.limit; attempt++) {
          const result = await this.runJob(id, job, attempt).catch((error: unknown) => error);
          if (result instanceof Error && attempt < this.limit) continue;
          results.push(result);
          break;
        }
      }
      return results;
    }
    async runJob(_id: string, job: (attempt: number) => unknown, attempt: number): Promise<unknown> {
      return job(attempt);
    }
  }

  const retrying: ExecutorOptions<Retrying, 'runAll', 'runJob'> = {
    run: 'runAll',
    step: 'runJob',
    plan: (jobs) => ({ name: 'jobs', strategy: 'dag', tools: Object.keys(jobs).map((tool_id) => ({ tool_id })) }),
    tool: (id, _job, attempt) => ({ toolId: id, attempt }),
  };
  const failUntil = (success: number) => (attempt: number) => {
    if (attempt < success) throw new Error(`no ${attempt}`);
    return `done at ${attempt}`;
  };
  /** The attempts by number, each with the number of the attempt that it is linked to. */
  const linksOf = (recording: Recording): [unknown, unknown][] =>
    recording.ofType('attempt').map((span) => {
      const [link] = span.links;
      const before = recording.spans().find((other) => other.spanContext().spanId === link?.context.spanId);
      expect(span.links.length).toBeLessThanOrEqual(1);
      if (link) expect(link.attributes).toEqual({ 'orchestration.link.type': 'retry_of' });
      return [attribute(span, 'attempt'), before && attribute(before, 'attempt')];
    });

  it('are one step where tool says so, each linked to the one before', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    expect(await executor.runAll({ a: failUntil(3), b: failUntil(1) })).toEqual(['done at 3', 'done at 1']);
    expect(recording.tree('attempt_count', 'iteration', 'failed')).toMatchInlineSnapshot(`
      "orchestration jobs dag [success]
        plan jobs
        group 0 parallel [success]
          step a [success] attempt_count=3
            attempt 1 [failure]
            attempt 2 [failure]
            attempt 3 [success]
          step b [success] attempt_count=1
            attempt 1 [success]"
    `);
    expect(linksOf(recording)).toEqual([
      [1, undefined],
      [2, 1],
      [3, 2],
      [1, undefined],
    ]);
  });

  it('are iterations where it does not', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), { ...retrying, tool: (id) => id });
    await executor.runAll({ a: failUntil(3) });
    expect(recording.tree('attempt_count', 'iteration', 'failed')).toMatchInlineSnapshot(`
      "orchestration jobs dag [success]
        plan jobs
        group 0 serial [failure]
          step a [failure] attempt_count=1
        group 0 serial [failure]
          step a [failure] attempt_count=1 iteration=2
        group 0 serial [success]
          step a [success] attempt_count=1 iteration=3"
    `);
  });

  it('all failed: the step ends with the run, at the time of its last attempt, as that did', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(2), retrying);
    const slow = async (): Promise<void> => void (await new Promise((resolve) => setTimeout(resolve, 30)));
    await executor.runAll({ a: failUntil(9), b: slow });
    expect(recording.tree('attempt_count', 'failed', 'root_cause')).toMatchInlineSnapshot(`
      "orchestration jobs dag [success] failed=a root_cause=a
        plan jobs
        group 0 parallel [failure]
          step a [failure] attempt_count=2
            attempt 1 [failure]
            attempt 2 [failure]
          step b [success] attempt_count=1
            attempt 1 [success]"
    `);
    const step = recording.span('step a');
    const last = recording.span('attempt 2');
    expect(step.endTime).toEqual(last.endTime);
    expect(step.status).toEqual({ code: 2, message: 'no 2' });
    expect(recording.spans().indexOf(step)).toBeGreaterThan(recording.spans().indexOf(recording.span('step b')));
    expect(recording.open()).toEqual([]);
  });

  it('say what waits for them: a step that failed has ended for what depends on it', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(1), {
      ...retrying,
      plan: () => ({ name: 'p', tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] }),
    });
    await executor.runAll({ a: failUntil(9), b: failUntil(1) });
    const b = recording.span('step b');
    expect(attribute(b, 'blocked_by')).toBe('a');
    expect(b.links.map(({ context }) => context.spanId)).toEqual([recording.span('step a').spanContext().spanId]);
  });

  it('name failed tools in the order in which they failed', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(2), {
      ...retrying,
      tool: (id, _job, attempt) => (id === 'b' ? id : { toolId: id, attempt }),
    });
    await executor.runAll({ a: failUntil(9), b: failUntil(9), c: failUntil(9) });
    const run = recording.span('orchestration jobs dag');
    expect(attribute(run, 'failed')).toEqual(['a', 'b', 'c']);
    expect(attribute(run, 'root_cause')).toBe('a');
  });

  it('start anew with attempt 1, as another iteration', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(2), retrying);
    await recording.traceOrchestration(undefined, async () => {
      for (let time = 0; time < 2; time++) {
        for (const attempt of [1, 2])
          await executor.runJob('a', failUntil(time === 0 ? 2 : 9), attempt).catch(() => {});
      }
    });
    expect(recording.tree('attempt_count', 'iteration')).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [success]
          step a [success] attempt_count=2
            attempt 1 [failure]
            attempt 2 [success]
        group 1 serial [failure]
          step a [failure] attempt_count=2 iteration=2
            attempt 1 [failure]
            attempt 2 [failure]"
    `);
  });

  it('of several iterations at once find their own step', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), {
      ...retrying,
      tool: (id, _job, attempt) => ({ toolId: 'page', iteration: Number(id), attempt }),
    });
    await recording.traceOrchestration(undefined, () =>
      Promise.all(
        ['1', '2', '3'].map(async (id) => {
          await executor.runJob(id, failUntil(2), 1).catch(() => {});
          await executor.runJob(id, failUntil(2), 2);
        }),
      ),
    );
    expect(recording.tree('attempt_count', 'iteration')).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 parallel [success]
          step page [success] attempt_count=2
            attempt 1 [failure]
            attempt 2 [success]
          step page [success] attempt_count=2 iteration=2
            attempt 1 [failure]
            attempt 2 [success]
          step page [success] attempt_count=2 iteration=3
            attempt 1 [failure]
            attempt 2 [success]"
    `);
  });

  it('of the same tool at once, which nothing tells apart, are all under a step of that tool', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    await recording.traceOrchestration(undefined, async () => {
      await Promise.all([1, 2].map(() => executor.runJob('a', failUntil(2), 1).catch(() => {})));
      await Promise.all([1, 2].map(() => executor.runJob('a', failUntil(2), 2)));
    });
    expect(recording.tree('attempt_count', 'iteration')).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 parallel [success]
          step a [success] attempt_count=2
            attempt 1 [failure]
            attempt 2 [success]
          step a [success] attempt_count=2 iteration=2
            attempt 1 [failure]
            attempt 2 [success]"
    `);
  });

  it('that were given up while they went on have failed, and what they give later is dropped', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    const late = deferred<string>();
    await recording.traceOrchestration(undefined, async () => {
      const first = executor.runJob('a', () => late.promise, 1); // timed out by its caller, say
      await executor.runJob('a', () => 'in time', 2);
      late.resolve('late');
      expect(await first).toBe('late');
    });
    expect(recording.tree('attempt_count')).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [success]
          step a [success] attempt_count=2
            attempt 1 [failure]
            attempt 2 [success]"
    `);
    expect(recording.span('attempt 1').status.message).toBe('the next attempt started before this one ended');
  });

  it('may be made by the attempt before', async () => {
    const recording = record();
    class Recursive {
      async run(): Promise<string> {
        return this.one('a', 1);
      }
      async one(id: string, attempt: number): Promise<string> {
        return attempt < 3 ? this.one(id, attempt + 1) : 'done';
      }
    }
    const executor = recording.instrumentExecutor(new Recursive(), {
      run: 'run',
      step: 'one',
      plan: () => ({ name: 'p', tools: [{ tool_id: 'a' }] }),
      tool: (toolId, attempt) => ({ toolId, attempt }),
    });
    expect(await executor.run()).toBe('done');
    expect(recording.tree('attempt_count')).toMatchInlineSnapshot(`
      "orchestration p parallel [success]
        plan p
        group 0 serial [success]
          step a [success] attempt_count=3
            attempt 1 [failure]
            attempt 2 [failure]
            attempt 3 [success]"
    `);
    expect(linksOf(recording)).toEqual([
      [1, undefined],
      [2, 1],
      [3, 2],
    ]);
  });

  it('made by the attempts before go to their own step, also when several do so at once', async () => {
    const recording = record();
    const tracer = recording.provider.getTracer('host');
    class Recursive {
      async run(ids: readonly string[]): Promise<string[]> {
        return Promise.all(ids.map((id) => this.one(id, 1)));
      }
      async one(id: string, attempt: number): Promise<string> {
        tracer.startSpan(id).end();
        if (id === 'slow') await settled();
        return attempt < 2 ? this.one(id, attempt + 1) : id;
      }
    }
    const executor = recording.instrumentExecutor(new Recursive(), {
      run: 'run',
      step: 'one',
      plan: () => ({ name: 'p', tools: [{ tool_id: 'page' }] }),
      tool: (_id, attempt) => ({ toolId: 'page', attempt }),
    });
    expect(await executor.run(['slow', 'quick'])).toEqual(['slow', 'quick']);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p parallel [success]
        plan p
        group 0 serial [success]
          step page [success]
            attempt 1 [failure]
              slow
            attempt 2 [success]
              slow
          step page [success]
            attempt 1 [failure]
              quick
            attempt 2 [success]
              quick"
    `);
  });

  it.each([
    [
      'find the step of their iteration',
      [
        [1, 1],
        [2, 1],
        [2, 2],
        [2, 3],
      ],
      ['1: 1', '2: 1 2 3'],
    ],
    [
      'find the step whose turn it is, where the iteration does not tell',
      [
        [1, 1],
        [2, 1],
        [2, 2],
        [0, 3],
      ],
      ['1: 1', '2: 1 2 3'],
    ],
    [
      'are of the same step also when a number is left out',
      [
        [0, 1],
        [0, 3],
      ],
      ['1: 1 3'],
    ],
    [
      'are of another step when a number comes again',
      [
        [0, 1],
        [0, 2],
        [0, 2],
      ],
      ['1: 1 2', '2: 2'],
    ],
  ])('that fail %s', async (_name, calls, expected) => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), {
      ...retrying,
      tool: (id, _job, attempt) => ({ toolId: 'page', attempt, iteration: id === '0' ? undefined : Number(id) }),
    });
    await recording.traceOrchestration(undefined, async () => {
      for (const [id, attempt] of calls) await executor.runJob(String(id), failUntil(9), attempt!).catch(() => {});
    });
    const steps = recording.ofType('step').map((step) => {
      const attempts = recording.ofType('attempt').filter(({ parentSpanContext }) => {
        return parentSpanContext?.spanId === step.spanContext().spanId;
      });
      const numbers = attempts.map((span) => attribute(span, 'attempt'));
      return `${(attribute(step, 'iteration') as number | undefined) ?? 1}: ${numbers.join(' ')}`;
    });
    expect(steps.toSorted()).toEqual(expected);
  });

  it.each([
    ['TimeoutError', 'timeout', 1],
    ['AbortError', 'cancellation', 1],
    ['skip', 'skip', 2],
  ])('that ended by %s are tried again, or not', async (name, outcome, steps) => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), {
      ...retrying,
      outcome: (result) => (result === 'skip' ? 'skip' : undefined),
    });
    const job = (attempt: number): unknown => {
      if (attempt === 2 || name === 'skip') return attempt === 2 ? 'done' : 'skip';
      throw new DOMException('no', name);
    };
    await recording.traceOrchestration(undefined, async () => {
      for (const attempt of [1, 2]) await executor.runJob('a', job, attempt).catch(() => {});
    });
    expect([attribute(recording.span('attempt 1'), 'outcome'), recording.ofType('step').length]).toEqual([
      outcome,
      steps,
    ]);
  });

  it('that were given up and end while the next goes on end nothing else', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    const [first, second] = [deferred<string>(), deferred<string>()];
    await recording.traceOrchestration(undefined, async () => {
      const late = executor.runJob('a', () => first.promise, 1);
      const next = executor.runJob('a', () => second.promise, 2);
      first.resolve('late');
      await late;
      expect(recording.open()).toContain('step a');
      second.reject(new Error('no'));
      await next.catch(() => {});
    });
    expect(attribute(recording.span('step a'), 'outcome')).toBe('failure');
  });

  it('keep their group open, although another step of it ends in between', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    const other = deferred();
    await recording.traceOrchestration(undefined, async (run) => {
      const b = run.step('b', () => other.promise);
      await executor.runJob('a', failUntil(2), 1).catch(() => {});
      other.resolve();
      await b;
      expect(recording.open()).toContain('group 0 serial');
      await executor.runJob('a', failUntil(3), 2).catch(() => {});
    });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 parallel [failure]
          step b [success]
          step a [failure]
            attempt 1 [failure]
            attempt 2 [failure]"
    `);
  });

  it('say how long was waited before them', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    await recording.traceOrchestration(undefined, async () => {
      await executor.runJob('a', failUntil(2), 1).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 40));
      await executor.runJob('a', failUntil(2), 2);
    });
    expect(attribute(recording.span('attempt 1'), 'backoff_ms')).toBe(0);
    expect(attribute(recording.span('attempt 2'), 'backoff_ms')).toBeGreaterThanOrEqual(35);
    expect(attribute(recording.span('attempt 2'), 'max_attempts')).toBeUndefined();
  });

  it('leave the host what its own context carries', async () => {
    const recording = record();
    const key = createContextKey('attempt');
    const seen: unknown[] = [];
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    const job = (attempt: number): void => {
      seen.push(context.active().getValue(key));
      if (attempt === 1) throw new Error('no');
    };
    await recording.traceOrchestration(undefined, async () => {
      for (const attempt of [1, 2]) {
        const active = context.active().setValue(key, attempt);
        await context.with(active, () => executor.runJob('a', job, attempt)).catch(() => {});
      }
    });
    expect(seen).toEqual([1, 2]);
    expect(recording.below('step a')).toEqual(['attempt 1', 'attempt 2']);
  });

  it('outside any run are steps of their own', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    await executor.runJob('a', failUntil(2), 1).catch(() => {});
    await executor.runJob('a', failUntil(2), 2);
    expect(recording.tree('attempt_count')).toMatchInlineSnapshot(`
      "step a [failure] attempt_count=1
        attempt 1 [failure]
      step a [success] attempt_count=2
        attempt 2 [success]"
    `);
  });

  it('that come when the run is over end at once', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    const go = deferred();
    let late: Promise<unknown> | undefined;
    await recording.traceOrchestration({ name: 'p', tools: [{ tool_id: 'a' }] }, async () => {
      late = go.promise.then(() => executor.runJob('a', failUntil(2), 1)).catch(() => {});
    });
    go.resolve();
    await late;
    expect(recording.open()).toEqual([]);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration p parallel [success]
        plan p
        step a [failure]
          attempt 1 [failure]"
    `);
  });

  it('keep a group open for them, but take nothing in that comes after', async () => {
    const recording = record();
    const executor = recording.instrumentExecutor(new Retrying(), retrying);
    await recording.traceOrchestration(undefined, async (run) => {
      await executor.runJob('a', failUntil(2), 1).catch(() => {});
      await run.step('b', () => settled());
      await executor.runJob('a', failUntil(2), 2);
    });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [success]
          step a [success]
            attempt 1 [failure]
            attempt 2 [success]
        group 1 serial [success]
          step b [success]"
    `);
    expect(recording.open()).toEqual([]);
  });

  it('that are generators end with the run when nobody consumes them', async () => {
    const recording = record();
    class Streaming {
      async run(): Promise<void> {
        this.one('a');
      }
      *one(id: string): Generator<string> {
        yield id;
      }
    }
    const executor = recording.instrumentExecutor(new Streaming(), {
      run: 'run',
      step: 'one',
      plan: () => undefined,
      tool: (toolId) => ({ toolId, attempt: 1 }),
    });
    await executor.run();
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 serial [cancellation]
          step a [cancellation]
            attempt 1 [cancellation]"
    `);
    expect(recording.open()).toEqual([]);
  });
});
