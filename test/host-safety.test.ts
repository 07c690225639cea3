import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import {
  diag,
  DiagLogLevel,
  ProxyTracer,
  ProxyTracerProvider,
  type Meter,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { SimpleSpanProcessor, type Sampler, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createOrchestrace, type Orchestrace, type Run } from '../src/index.ts';
import { hostileErrors, hostileValues, throwing } from './helpers/hostile.ts';
import { attribute, record, settled, useContextManager, type RecordOptions } from './helpers/spans.ts';

beforeAll(useContextManager);
afterEach(() => {
  diag.disable();
  vi.restoreAllMocks();
});

// oxlint-disable-next-line typescript/no-explicit-any -- any function at all
type AnyFunction = (this: any, ...args: any[]) => any;
type Wrap = <F extends AnyFunction>(tool: F) => F;

const plain: Wrap = (tool) => tool;
const traced = (orchestrace: Orchestrace): Wrap => {
  return (tool) => orchestrace.traceTool('tool', tool);
};
/** A function as a method of an executor that is instrumented, as a run or as a step, and taken out of it. */
const asMethod = (orchestrace: Orchestrace, method: 'run' | 'step', attempt?: number): Wrap => {
  return <F extends AnyFunction>(tool: F) => {
    const executor = { run: () => {}, step: () => {}, [method]: tool };
    orchestrace.instrumentExecutor(executor, {
      run: 'run',
      step: 'step',
      plan: () => ({ tools: [{ tool_id: 'tool' }] }),
      tool: () => (attempt === undefined ? 'tool' : { toolId: 'tool', attempt }),
    });
    return executor[method] as unknown as F;
  };
};

/** What a call gave: its value or what it threw, and whether it was there at once. */
async function outcomeOf(call: () => unknown): Promise<unknown[]> {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    return ['threw', error];
  }
  if (!(result instanceof Promise)) return ['returned', result];
  return result.then(
    (value) => ['fulfilled', value],
    (error: unknown) => ['rejected', error],
  );
}

function expectSame(actual: unknown[], expected: unknown[]): void {
  expect(actual[0]).toBe(expected[0]);
  expect(Object.is(actual[1], expected[1])).toBe(true);
}

describe('telemetry that fails', () => {
  const processor = (hooks: Partial<Record<keyof SpanProcessor, () => never>>): SpanProcessor => ({
    onStart: () => {},
    onEnd: () => {},
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
    ...hooks,
  });
  const sampler = (shouldSample: () => unknown): Sampler => ({ shouldSample }) as Sampler;
  const spanOf = (values: object): Tracer => ({ startSpan: () => values }) as unknown as Tracer;
  const throwingSpan = new Proxy({} as Span, { get: (_, key) => throwing(String(key)) });
  let isLoggerThrowing = false; // the api logs that it takes and leaves a logger, too
  const log = (): void => {
    if (isLoggerThrowing) throw new Error('logger throws');
  };
  const throwingLogger = { error: log, warn: log, info: log, debug: log, verbose: log };
  afterEach(() => {
    isLoggerThrowing = false;
  });
  const meterOf = (part: object): Meter => part as Meter;
  const instrument = { record: throwing('record'), add: throwing('add') };
  const useThrowingLogger = (): void => {
    diag.setLogger(throwingLogger, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
    isLoggerThrowing = true;
  };

  const faults: Record<string, () => RecordOptions> = {
    'a processor that throws in onStart': () => ({ spanProcessors: [processor({ onStart: throwing('onStart') })] }),
    'a processor that throws in onEnding': () => ({ spanProcessors: [processor({ onEnding: throwing('onEnding') })] }),
    'a processor that throws in onEnd': () => ({ spanProcessors: [processor({ onEnd: throwing('onEnd') })] }),
    'a sampler that throws': () => ({ sampler: sampler(throwing('sampler')) }),
    'a sampler that gives nothing': () => ({ sampler: sampler(() => undefined) }),
    'an exporter that throws': () => ({
      spanProcessors: [
        new SimpleSpanProcessor({
          exporter: { export: throwing('export'), shutdown: throwing('shutdown'), forceFlush: throwing('forceFlush') },
        }),
      ],
    }),
    'a tracer that throws': () => ({ tracer: { startSpan: throwing('startSpan') } as unknown as Tracer }),
    'a tracer that gives nothing': () => ({ tracer: { startSpan: () => undefined } as unknown as Tracer }),
    'a tracer that gives no span': () => ({ tracer: spanOf({}) }),
    'a span that throws in every method': () => ({ tracer: spanOf(throwingSpan) }),
    'a meter that throws': () => ({
      metrics: true,
      meter: meterOf({
        createHistogram: throwing('createHistogram'),
        createUpDownCounter: throwing('createUpDownCounter'),
      }),
    }),
    'instruments that throw': () => ({
      metrics: true,
      meter: meterOf({ createHistogram: () => instrument, createUpDownCounter: () => instrument }),
    }),
    'a logger that throws': () => {
      useThrowingLogger();
      return {};
    },
    'a logger that throws beside a processor that throws': () => {
      useThrowingLogger();
      return { spanProcessors: [processor({ onStart: throwing('onStart'), onEnd: throwing('onEnd') })] };
    },
    'a redactor that throws': () => ({ redact: throwing('redact') }),
    'a redactor that gives no text': () => ({ redact: (() => 42) as unknown as () => string }),
    'a spanName that throws': () => ({ spanName: throwing('spanName') }),
    'an isFailure that throws': () => ({ isFailure: throwing('isFailure') }),
    'attributes with a getter that throws': () => ({
      attributes: Object.defineProperty({}, 'boom', { enumerable: true, get: throwing('attribute') }),
    }),
  };

  /** Everything that a host does with this package, with what it sees of it. */
  async function host({
    traceTools,
    traceOrchestration,
    continueOrchestration,
    instrumentExecutor,
    runPlan,
  }: Orchestrace) {
    const log: unknown[] = [];
    const error = new Error('own');
    const tools = traceTools({
      sync: (a: number) => a + 1,
      fails: () => {
        throw error;
      },
      object: { execute: (text: string) => text.toUpperCase(), method: 'kept' },
      *generator() {
        yield 1;
        return 2;
      },
      async *stream() {
        yield 1;
      },
    });
    log.push(tools.sync(1), tools.object.execute('a'), await outcomeOf(tools.fails), [...tools.generator()]);
    for await (const item of tools.stream()) log.push(item);
    const work = async (run: Run): Promise<unknown> => {
      log.push(
        run.step('a', () => 1),
        await run.step('b', () => Promise.resolve(2)),
      );
      log.push(await outcomeOf(() => run.step('c', () => Promise.reject(error))));
      log.push(
        run.step('d', (step) => step.attempt(() => 4, { maxAttempts: 2 })),
        tools.sync(41),
      );
      log.push(run.group(() => run.step('e', () => 5)));
      run.skip('f', 'not needed');
      log.push(typeof run.carrier('a'), typeof run.runId, typeof run.orchestrationTrace);
      void run.traceId;
      return 'work';
    };
    const plan = { name: 'p', tools: ['a', 'b', 'c', 'd'].map((tool_id) => ({ tool_id })) };
    log.push(await traceOrchestration(plan, work), await traceOrchestration(undefined, work));
    log.push(await outcomeOf(() => traceOrchestration(plan, throwing('host'))).then(([how]) => how));
    log.push(continueOrchestration({ traceparent: 'x', orchestration: '{' }, (run) => run.step('z', () => 'z')));
    class Executor {
      readonly #seen: string[] = [];
      async runAll(ids: readonly string[]): Promise<unknown[]> {
        const results: unknown[] = [];
        for (const id of ids) {
          for (const attempt of [1, 2]) results.push(await outcomeOf(() => this.runOne(id, attempt)));
        }
        return [...results, ...this.#seen];
      }
      runOne(id: string, attempt: number): unknown {
        this.#seen.push(id);
        if (id === 'fails' && attempt === 1) throw error;
        return id === 'a' ? attempt : Promise.resolve({ success: id !== 'reports' });
      }
    }
    const executor = instrumentExecutor(new Executor(), {
      run: 'runAll',
      step: 'runOne',
      plan: (ids) => ({ name: 'executor', tools: ids.map((tool_id) => ({ tool_id })) }),
      tool: (id, attempt) => (id === 'a' ? id : { toolId: id, attempt }),
    });
    log.push(await executor.runAll(['a', 'b', 'fails', 'reports']), await outcomeOf(() => executor.runOne('a', 1)));
    executor[Symbol.dispose]();
    log.push(Reflect.ownKeys(executor));
    const chain = {
      name: 'chain',
      strategy: 'dag' as const,
      tools: [{ tool_id: 'a' }, { tool_id: 'fails' }, { tool_id: 'b', depends_on: ['fails'] }],
    };
    const result = await runPlan(chain, { tools: { a: () => 1, b: () => 2, fails: tools.fails } });
    log.push(
      [...result.results.values()].map(({ outcome, data, error }) => [outcome, data, error]),
      result.failedSteps,
    );
    return log;
  }

  it.each(Object.entries(faults))('changes nothing for the host: %s', async (_name, fault) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const expected = await host(createOrchestrace());
    const actual = await host(record(fault()));
    await settled();
    process.off('unhandledRejection', unhandled);
    expect(actual).toEqual(expected);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('still records the run when only the metrics fail', async () => {
    const recording = record(faults['a meter that throws']!());
    await recording.runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: () => 1 } });
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration parallel [success]
        plan
        group 0 serial [success]
          step a [success]"
    `);
    expect(recording.open()).toEqual([]);
  });

  it('says so once through diag, and by no other way', () => {
    const warn = vi.fn();
    const nothing = (): void => {};
    diag.setLogger({ error: nothing, warn, info: nothing, debug: nothing, verbose: nothing }, DiagLogLevel.WARN);
    const { traceTool } = record(faults['a tracer that throws']!());
    traceTool('tool', () => 1)();
    expect(warn.mock.calls).toEqual([['orchestrace', 'could not start a span', 'Error: startSpan throws']]);
  });
});

describe('values that cannot be serialised', () => {
  const everything = { recordInputs: true, recordOutputs: true };

  it.each(Object.entries(hostileValues()))('passes on as argument and result, the very same: %s', (_name, value) => {
    const recording = record(everything);
    const given: unknown[] = [];
    const tool = recording.traceTool('tool', (argument: unknown) => {
      given.push(argument);
      return argument;
    });
    expect(Object.is(tool(value), value)).toBe(true);
    expect(given.length === 1 && Object.is(given[0], value)).toBe(true);
    for (const method of ['run', 'step'] as const) {
      const passOn = asMethod(recording, method, 1)((argument: unknown) => argument);
      expect(Object.is(passOn(value), value)).toBe(true);
    }
    const [step] = recording.spans();
    for (const key of ['input', 'output']) {
      const json = attribute(step!, key);
      expect(typeof json).toBe('string');
      expect(Buffer.byteLength(String(json))).toBeLessThanOrEqual(8192);
      expect(() => void JSON.parse(String(json))).not.toThrow();
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(Object.entries(hostileErrors()))('passes on what is thrown, the very same: %s', async (_name, thrown) => {
    const recording = record(everything);
    const sync = (): never => {
      throw thrown;
    };
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- that is the test
    const rejecting = (): Promise<never> => Promise.reject(thrown);
    expectSame(await outcomeOf(recording.traceTool('sync', sync)), ['threw', thrown]);
    expectSame(await outcomeOf(recording.traceTool('async', rejecting)), ['rejected', thrown]);
    for (const wrap of [asMethod(recording, 'run'), asMethod(recording, 'step'), asMethod(recording, 'step', 1)]) {
      expectSame(await outcomeOf(wrap(sync)), ['threw', thrown]);
      expectSame(await outcomeOf(wrap(rejecting)), ['rejected', thrown]);
    }
    expectSame(await outcomeOf(() => recording.traceOrchestration(undefined, sync)), ['threw', thrown]);
    expectSame(await outcomeOf(() => recording.traceOrchestration(undefined, rejecting)), ['rejected', thrown]);
    expectSame(await outcomeOf(() => recording.traceOrchestration(undefined, (run) => run.step('s', sync))), [
      'threw',
      thrown,
    ]);
    expectSame(
      await outcomeOf(() =>
        recording.traceOrchestration(undefined, (run) => run.step('s', (step) => step.attempt(rejecting))),
      ),
      ['rejected', thrown],
    );
    const result = await recording.runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: sync } });
    expect(Object.is(result.results.get('a')?.error, thrown)).toBe(true);
    for (const step of recording.ofType('step')) {
      expect([step.name, attribute(step, 'outcome'), step.status.code]).toEqual([step.name, 'failure', 2]);
      expect(typeof step.attributes['error.type']).toBe('string');
      expect(Buffer.byteLength(step.status.message ?? '')).toBeLessThanOrEqual(8192);
    }
    expect(recording.open()).toEqual([]);
  });
});

describe('a wrapped function', () => {
  it('is called exactly once, with the same this and arguments', () => {
    const { traceTool } = record();
    const calls: unknown[] = [];
    const owner = {
      run: traceTool('tool', function (this: unknown, ...args: unknown[]) {
        calls.push(this, args);
        return 'result';
      }),
    };
    expect(owner.run(1, undefined, owner)).toBe('result');
    expect(calls).toEqual([owner, [1, undefined, owner]]);
  });

  it('keeps name, length, own properties and what else can be seen of it', () => {
    const { traceTool } = record();
    const key = Symbol('key');
    const add = (_a: number, _b: number): number => 1;
    const tool = Object.assign(add, { schema: { type: 'object' }, [key]: 1 });
    const wrapped = traceTool('tool', tool);
    expect([wrapped.name, wrapped.length, wrapped.schema, wrapped[key]]).toEqual(['add', 2, tool.schema, 1]);
    expect(Reflect.ownKeys(wrapped)).toEqual(Reflect.ownKeys(tool));
    expect(Object.getPrototypeOf(wrapped)).toBe(Object.getPrototypeOf(tool));
    wrapped.schema = { type: 'changed' };
    expect(tool.schema).toEqual({ type: 'changed' });
  });

  it('stays a class: new, instanceof, private fields, static and inherited methods', () => {
    const recording = record();
    class Counter {
      #count = 0;
      static create(): Counter {
        return new this();
      }
      increase(): number {
        return ++this.#count;
      }
    }
    const Wrapped = recording.traceTool('tool', Counter as unknown as () => void) as unknown as typeof Counter;
    const counter = new Wrapped();
    expect([counter.increase(), counter.increase(), Wrapped.create().increase()]).toEqual([1, 2, 1]);
    expect(counter instanceof Wrapped && counter instanceof Counter).toBe(true);
    class Derived extends Wrapped {}
    expect([new Derived().increase(), new Derived() instanceof Counter]).toEqual([1, true]);
    expect(recording.spans()).toEqual([]);
  });

  it('can be wrapped when it is frozen, and stays so', () => {
    const { traceTool } = record();
    const tool = Object.freeze(Object.assign(() => 1, { own: 1 }));
    const wrapped = traceTool('tool', tool);
    expect([wrapped(), wrapped.own, Object.isFrozen(wrapped)]).toEqual([1, 1, true]);
  });

  it('is wrapped once however often it is wrapped', () => {
    const recording = record();
    const tool = (): number => 1;
    const once = recording.traceTool('tool', tool);
    const twice = recording.traceTool('tool', once);
    expect(twice).toBe(once);
    twice();
    expect(recording.tree()).toBe('step tool [success]');
  });

  it('is one step under the latest id when it is wrapped under two', () => {
    const recording = record();
    const { traceTool } = recording;
    traceTool(
      'second',
      traceTool('first', () => 1),
    )();
    expect(recording.tree()).toBe('step second [success]');
  });
});

describe('a native promise', () => {
  it('keeps what was put on it, as execFile and cancellable requests do', async () => {
    const { traceTool } = record();
    const child = { pid: 1 };
    const tool = traceTool('tool', () => Object.assign(Promise.resolve(1), { child, cancel: () => 'cancelled' }));
    const promise = tool();
    expect([promise.child, promise.cancel(), await promise]).toEqual([child, 'cancelled', 1]);
  });

  it('may be frozen', async () => {
    const recording = record();
    expect(await recording.traceTool('tool', () => Object.freeze(Promise.resolve(1)))()).toBe(1);
    expect(recording.tree()).toBe('step tool [success]');
  });
});

describe('traceTools', () => {
  it('copies plain objects and leaves the ones that were given', () => {
    const recording = record();
    const given = {
      a: { execute: () => 1, description: 'first' },
      b: () => 2,
      c: 'no tool',
      d: { no: 'method' },
      e: null,
    };
    const before = { ...given.a };
    const tools = recording.traceTools(given);
    expect([tools.a.execute(), tools.b(), tools.c, tools.d, tools.e]).toEqual([1, 2, 'no tool', given.d, null]);
    expect(tools.a.description).toBe('first');
    expect(Object.keys(tools.a)).toEqual(Object.keys(given.a));
    expect({ ...given.a }).toEqual(before);
    expect(recording.spans().map(({ name }) => name)).toEqual(['step a', 'step b']);
  });

  it('keeps class instances with private fields themselves', () => {
    const recording = record();
    class Lookup {
      readonly #rows = ['row'];
      execute(): readonly string[] {
        return this.#rows;
      }
      again(): readonly string[] {
        return this.execute();
      }
    }
    const lookup = new Lookup();
    const tools = recording.traceTools({ lookup });
    expect(tools.lookup).toBe(lookup);
    expect(tools.lookup.again()).toEqual(['row']);
    expect(Object.keys(lookup)).toEqual([]);
    expect(recording.tree()).toBe('step lookup [success]');
  });

  it('traces a frozen plain object on a frozen copy', () => {
    const recording = record();
    const given = Object.freeze({ execute: () => 1, schema: Object.freeze({}) });
    const { tool } = recording.traceTools({ tool: given });
    expect([tool.execute(), tool.schema, Object.isFrozen(tool)]).toEqual([1, given.schema, true]);
    expect(recording.tree()).toBe('step tool [success]');
  });

  it('leaves a frozen instance as it is, with one warning', () => {
    const warn = vi.fn();
    const nothing = (): void => {};
    diag.setLogger({ error: nothing, warn, info: nothing, debug: nothing, verbose: nothing }, DiagLogLevel.WARN);
    const recording = record();
    class Tool {
      execute(): number {
        return 1;
      }
    }
    const frozen = Object.freeze(new Tool());
    for (let time = 0; time < 2; time++) {
      const { instance } = recording.traceTools({ instance: frozen });
      expect([instance === frozen, instance.execute()]).toEqual([true, 1]);
    }
    expect(recording.spans()).toEqual([]);
    expect(warn.mock.calls).toEqual([['orchestrace', 'tool "instance" cannot be changed; it is not traced']]);
  });

  it('traces another method by name, and names that objects inherit', () => {
    const recording = record();
    const tools = recording.traceTools(
      JSON.parse('{"__proto__":{"x":1},"constructor":{"x":2}}') as Record<string, { x: number; run(): number }>,
      { method: 'run' },
    );
    expect(Object.keys(tools)).toEqual(['__proto__', 'constructor']);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('generators and thenables', () => {
  it.each(['full', 'early break', 'throw inside', 'throw outside', 'throw at the break'] as const)(
    'a generator that is consumed: %s',
    (how) => {
      const recording = record();
      const boom = new Error('boom');
      function* numbers(): Generator<number, string, unknown> {
        try {
          yield 1;
          if (how === 'throw inside') throw boom;
          yield 2;
          return 'done';
        } finally {
          // oxlint-disable-next-line no-unsafe-finally -- as cleaning up may
          if (how === 'throw at the break') throw boom;
        }
      }
      const consume = (wrap: Wrap): unknown[] => {
        const seen: unknown[] = [];
        const generator = wrap(numbers)();
        try {
          if (how === 'throw outside') {
            generator.next();
            generator.throw(boom);
          } else {
            for (const item of generator) {
              seen.push(item);
              if (how === 'early break' || how === 'throw at the break') break;
            }
          }
        } catch (error) {
          seen.push(error);
        }
        seen.push(generator.next(), Reflect.ownKeys(generator));
        return seen;
      };
      expect(consume(traced(recording))).toEqual(consume(plain));
      expect(recording.tree()).toBe(`step tool [${how.startsWith('throw') ? 'failure' : 'success'}]`);
      expect(recording.open()).toEqual([]);
    },
  );

  it.each(['full', 'early break', 'throw inside', 'throw outside', 'throw at the break'] as const)(
    'an async generator that is consumed: %s',
    async (how) => {
      const recording = record();
      const boom = new Error('boom');
      async function* numbers(): AsyncGenerator<number, string, unknown> {
        try {
          yield 1;
          if (how === 'throw inside') throw boom;
          yield 2;
          return 'done';
        } finally {
          // oxlint-disable-next-line no-unsafe-finally -- as cleaning up may
          if (how === 'throw at the break') throw boom;
        }
      }
      const consume = async (wrap: Wrap): Promise<unknown[]> => {
        const seen: unknown[] = [];
        const generator = wrap(numbers)();
        try {
          if (how === 'throw outside') {
            await generator.next();
            await generator.throw(boom);
          } else {
            for await (const item of generator) {
              seen.push(item);
              if (how === 'early break' || how === 'throw at the break') break;
            }
          }
        } catch (error) {
          seen.push(error);
        }
        seen.push(await generator.next(), Reflect.ownKeys(generator));
        return seen;
      };
      expect(await consume(traced(recording))).toEqual(await consume(plain));
      expect(recording.tree()).toBe(`step tool [${how.startsWith('throw') ? 'failure' : 'success'}]`);
      expect(recording.open()).toEqual([]);
    },
  );

  it('what is never consumed ends with its run', async () => {
    const recording = record();
    const stream = recording.traceTool('stream', async function* () {
      yield 1;
    });
    const lazy = recording.traceTool('lazy', () => new LazyQuery([]));
    await recording.traceOrchestration(undefined, async () => void [stream(), lazy()]);
    expect(recording.tree()).toMatchInlineSnapshot(`
      "orchestration [success]
        group 0 parallel [cancellation]
          step stream [cancellation]
          step lazy [cancellation]"
    `);
    expect(recording.open()).toEqual([]);
  });

  it('what is never consumed ends with its part of a run in another process', () => {
    const recording = record();
    const stream = recording.traceTool('stream', async function* () {
      yield 1;
    });
    recording.continueOrchestration({}, () => void stream());
    expect(recording.open()).toEqual([]);
  });

  it('spans of what a generator calls nest below its step, wherever it is consumed', () => {
    const recording = record();
    const inner = recording.traceTool('inner', () => 1);
    const outer = recording.traceTool('outer', function* () {
      yield inner();
      yield inner();
    });
    expect([...outer()]).toEqual([1, 1]);
    expect(recording.below('step outer')).toEqual(['step inner', 'step inner']);
  });

  it('a subclass of Promise stays itself with its methods', async () => {
    const recording = record();
    class Cancellable extends Promise<number> {
      cancel(): string {
        return 'cancelled';
      }
    }
    const promise = new Cancellable((resolve) => resolve(1));
    const given = recording.traceTool('tool', () => promise)();
    expect([given === promise, given.cancel(), await given, Reflect.ownKeys(given)]).toEqual([
      true,
      'cancelled',
      1,
      [],
    ]);
    expect(recording.tree()).toBe('step tool [success]');
  });

  it('a thenable is not started, keeps its methods, and its step ends when it settles', async () => {
    const recording = record();
    const log: string[] = [];
    const query = new LazyQuery(log);
    const given = recording.traceTool('query', () => query)();
    expect([given === query, given.where('a') === query, log, recording.spans()]).toEqual([true, true, [], []]);
    expect(await given).toBe('rows a');
    expect([log, recording.tree()]).toEqual([['executed'], 'step query [success]']);
  });

  it('a thenable that calls back twice, or both ways, or throws, ends its step once', async () => {
    const recording = record();
    const rude: PromiseLike<unknown>['then'][] = [
      (resolve) => (resolve?.(1), resolve?.(2)) as never,
      (resolve, reject) => (reject?.('no'), resolve?.(2)) as never,
      throwing('then'),
    ];
    for (const then of rude) {
      const make = (): PromiseLike<unknown> => ({ then });
      const settle = async (thenable: PromiseLike<unknown>): Promise<unknown[]> => outcomeOf(async () => thenable);
      const [actual, expected] = [await settle(recording.traceTool('rude', make)()), await settle(make())];
      expect(actual).toEqual(expected);
    }
    expect(recording.spans().length).toBe(2); // one that throws without calling back never settles
  });

  it('a frozen generator is left alone', () => {
    const recording = record();
    const tool = recording.traceTool('tool', () =>
      Object.freeze(
        (function* () {
          yield 1;
        })(),
      ),
    );
    expect([...tool()]).toEqual([1]);
    expect(recording.tree()).toBe('step tool [success]');
  });

  it('a frozen thenable is left alone', async () => {
    const recording = record();
    const thenable = Object.freeze({ then: (resolve: (value: number) => void) => resolve(1) });
    expect(recording.traceTool('tool', () => thenable)()).toBe(thenable);
    expect(recording.tree()).toBe('step tool [success]');
  });

  class LazyQuery implements PromiseLike<string> {
    readonly #log: string[];
    #where = '';
    constructor(log: string[]) {
      this.#log = log;
    }
    where(text: string): this {
      this.#where = text;
      return this;
    }
    // oxlint-disable-next-line unicorn/no-thenable -- a query builder
    then<A = string, B = never>(
      resolve?: ((value: string) => A | PromiseLike<A>) | null,
      reject?: ((error: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      this.#log.push('executed');
      return Promise.resolve(`rows ${this.#where}`).then(resolve, reject);
    }
  }
});

describe('the 17 checks of a wrapper', () => {
  const CALLBACKS = "{ run: 'run', step: 'step', plan: () => undefined, tool: () => 'tool' }";
  class Later extends Promise<number> {
    cancel(): string {
      return 'cancelled';
    }
  }
  const ticksUntil = async (promise: Promise<unknown>): Promise<number> => {
    let ticks = 0;
    let isSettled = false;
    void promise.then(() => (isSettled = true));
    while (!isSettled) {
      await Promise.resolve();
      ticks++;
    }
    return ticks;
  };
  const wrappers: Record<string, { wrap: (orchestrace: Orchestrace) => Wrap; code: string }> = {
    traceTool: { wrap: traced, code: "traceTool('tool', work)" },
    'instrumentExecutor, run': {
      wrap: (orchestrace) => asMethod(orchestrace, 'run'),
      code: `instrumentExecutor({ run: work, step: work }, ${CALLBACKS}).run`,
    },
    'instrumentExecutor, step': {
      wrap: (orchestrace) => asMethod(orchestrace, 'step'),
      code: `instrumentExecutor({ run: work, step: work }, ${CALLBACKS}).step`,
    },
    'instrumentExecutor, attempt': {
      wrap: (orchestrace) => asMethod(orchestrace, 'step', 1),
      code: `instrumentExecutor({ run: work, step: work }, ${CALLBACKS.replace("'tool'", "({ toolId: 'tool', attempt: 1 })")}).step`,
    },
  };
  const checks: Record<string, (wrap: Wrap, code: string) => unknown> = {
    'a value stays a value': (wrap) => wrap((a: number) => a * 2)(21),
    'a throw stays a throw': (wrap) =>
      outcomeOf(
        wrap(() => {
          throw 'thrown';
        }),
      ),
    'a generator stays a generator': (wrap) => {
      const generator = wrap(function* () {
        yield 1;
        return 2;
      })();
      return [Object.prototype.toString.call(generator), generator.next(), generator.next(), generator.next()];
    },
    'an async generator stays an async generator': async (wrap) => {
      const generator = wrap(async function* () {
        yield 1;
      })();
      return [Object.prototype.toString.call(generator), await generator.next(), await generator.next()];
    },
    'this is kept': (wrap) => {
      const owner = {
        run: wrap(function (this: unknown) {
          return this === owner;
        }),
      };
      return owner.run();
    },
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- that is the test
    'a rejection with undefined is kept': (wrap) => outcomeOf(wrap(() => Promise.reject(undefined))),
    'the name is kept': (wrap) => wrap(function named() {}).name,
    'the length is kept': (wrap) => wrap((_a: number, _b: number, _c: number) => {}).length,
    'own properties are kept': (wrap) => wrap(Object.assign(() => {}, { schema: 1 })).schema,
    'new is kept': (wrap) => {
      const Constructor = wrap(function (this: { a: number }, a: number) {
        this.a = a;
      }) as unknown as new (a: number) => { a: number };
      const made = new Constructor(1);
      return [made.a, made instanceof Constructor];
    },
    'a method of a Promise subclass is kept': (wrap) => wrap(() => new Later((resolve) => resolve(1)))().cancel(),
    'a lazy thenable is not started': async (wrap) => {
      let started = 0;
      const lazy = (): PromiseLike<number> =>
        ({
          // oxlint-disable-next-line unicorn/no-thenable -- that is the test
          then(resolve: (value: number) => unknown) {
            started++;
            return resolve(1);
          },
        }) as PromiseLike<number>;
      wrap(lazy)();
      await settled();
      return started;
    },
    'an extra method of a thenable is kept': (wrap) =>
      // oxlint-disable-next-line unicorn/no-thenable -- that is the test
      wrap(() => ({ then: (resolve: (value: number) => unknown) => resolve(1), extra: () => 'extra' }))().extra(),
    'what nobody handles stays unhandled': (_wrap, code) => unhandledIn(code, 'void tool();'),
    'what is handled adds nothing': (_wrap, code) => unhandledIn(code, 'tool().catch(() => {});'),
    'the promise is the same': (wrap) => {
      const promise = Promise.resolve(1);
      return wrap(() => promise)() === promise;
    },
    'the promise settles in the same microtask': (wrap) => ticksUntil(wrap(() => Promise.resolve(1))()),
  };
  const differences = ['the promise is the same', 'the promise settles in the same microtask'];

  /** How many rejections a process counts that nobody handled. */
  function unhandledIn(code: string, call: string): number {
    const script = `
      import { TracerProvider } from '@opentelemetry/sdk-trace';
      import { createOrchestrace } from './src/index.ts';
      let count = 0;
      process.on('unhandledRejection', () => count++);
      process.on('exit', () => console.log(count));
      const { traceTool, instrumentExecutor } = createOrchestrace({ tracer: new TracerProvider().getTracer('test') });
      const work = () => Promise.reject(new Error('own'));
      const tool = ${code};
      ${call}`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      cwd: new URL('..', import.meta.url),
      encoding: 'utf8',
    });
    if (stdout === '') throw new Error(stderr);
    return Number(stdout);
  }

  const cases = Object.keys(wrappers).flatMap((wrapper) =>
    Object.keys(checks).map((check) => [wrapper, check] as const),
  );

  it.each(cases)('%s: %s', async (wrapper, name) => {
    const check = checks[name]!;
    const { wrap, code } = wrappers[wrapper]!;
    const actual = await check(wrap(record()), code);
    const expected = await check(plain, 'work');
    if (differences.includes(name)) expect(actual).not.toEqual(expected);
    else expect(actual).toEqual(expected);
  });

  it('are 17, of which 15 are equal', () => {
    expect([Object.keys(checks).length, differences.length]).toEqual([17, 2]);
  });
});

describe('without an SDK', () => {
  const noopTracer = new ProxyTracerProvider().getDelegate().getTracer('test');
  const spies = () => [
    vi.spyOn(ProxyTracer.prototype, 'startSpan'),
    vi.spyOn(Object.getPrototypeOf(noopTracer) as Tracer, 'startSpan'),
  ];

  it('gives the very result of the function and starts no span', async () => {
    const started = spies();
    const { traceTool, traceTools, traceOrchestration, instrumentExecutor, runPlan } = createOrchestrace();
    const promise = Promise.resolve(1);
    expect(traceTool('tool', () => promise)()).toBe(promise);
    const { tool } = traceTools({ tool: { execute: () => promise } });
    expect(tool.execute()).toBe(promise);
    const executor = { run: () => promise, step: () => promise };
    instrumentExecutor(executor, { run: 'run', step: 'step', plan: throwing('plan'), tool: throwing('tool') });
    expect([executor.run() === promise, executor.step() === promise]).toEqual([true, true]);
    expect(traceOrchestration({ tools: [{ tool_id: 'a' }] }, (run) => run.step('a', () => promise))).toBe(promise);
    const result = await runPlan({ tools: [{ tool_id: 'a' }] }, { tools: { a: () => 1 } });
    expect([result.success, result.finalOutput, result.traceId]).toEqual([true, [1], undefined]);
    for (const spy of started) expect(spy).not.toHaveBeenCalled();
  });

  it('hands over a run that can be asked for everything', () => {
    const { traceOrchestration } = createOrchestrace();
    traceOrchestration({ tools: [{ tool_id: 'a' }] }, (run) => {
      expect([run.runId.length, run.traceId, run.carrier('a')]).toEqual([36, undefined, {}]);
      expect(run.orchestrationTrace?.tool_ids).toEqual(['a']);
      run.skip('a', 'no need');
      expect(run.group(() => run.step('a', (step) => step.attempt(() => step.span.isRecording())))).toBe(false);
    });
  });

  it('records nothing of a plan with getters, and does not touch it', () => {
    const { traceOrchestration } = createOrchestrace();
    const plan = Object.defineProperty({}, 'tools', { get: throwing('tools') }) as { tools: [] };
    expect(traceOrchestration(plan, () => 1)).toBe(1);
  });
});

describe('an abort signal that outlives many runs', () => {
  it('has no listener left after 10,000 steps', async () => {
    const { signal } = new AbortController();
    const { runPlan } = record();
    const plan = { tools: Array.from({ length: 100 }, (_, index) => ({ tool_id: `t${index}`, tool_type: 'tool' })) };
    let steps = 0;
    const tools = {
      tool: (_: object, context: { signal: AbortSignal }) => (steps++ % 2 ? 1 : Promise.resolve(context.signal)),
    };
    for (let run = 0; run < 100; run++) await runPlan(plan, { tools, signal });
    expect([steps, getEventListeners(signal, 'abort').length]).toEqual([10_000, 0]);
  });

  it('has none left after a run that failed, or was cancelled', async () => {
    const { runPlan } = record();
    const controller = new AbortController();
    const plan = { tools: [{ tool_id: 'a' }] };
    await runPlan(plan, { tools: { a: throwing('a') }, signal: controller.signal });
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0);
    const run = runPlan(plan, { tools: { a: () => new Promise(() => {}) }, signal: controller.signal });
    controller.abort();
    await run;
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0);
  });
});

describe('a plan that its tools change while it runs', () => {
  it('runs and shows as it was at the start', async () => {
    const recording = record();
    const plan = { tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };
    const result = await recording.runPlan(plan, {
      tools: {
        a: () => {
          plan.tools.push({ tool_id: 'c', depends_on: [] });
          plan.tools[1]!.depends_on = ['c'];
        },
        b: () => 1,
      },
    });
    expect([...result.results.keys()]).toEqual(['a', 'b']);
    expect(attribute(recording.span('step b'), 'depends_on')).toEqual(['a']);
  });

  it.each([
    ['frozen', Object.freeze({ tools: Object.freeze([Object.freeze({ tool_id: 'a' })]) })],
    ['behind a proxy', new Proxy({ tools: [{ tool_id: 'a' }] }, {})],
    [
      'with a getter that throws',
      {
        get name() {
          return throwing('name')();
        },
        tools: [{ tool_id: 'a' }],
      } as { tools: { tool_id: string }[] },
    ],
    [
      'revoked',
      (() => {
        const { proxy, revoke } = Proxy.revocable({ tools: [] }, {});
        revoke();
        return proxy;
      })(),
    ],
  ])('hinders nobody when it is %s', (_name, plan) => {
    const recording = record();
    expect(recording.traceOrchestration(plan, (run) => run.step('a', () => 1))).toBe(1);
    expect(recording.open()).toEqual([]);
  });
});
