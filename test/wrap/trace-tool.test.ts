import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { TraceTool } from '../../src/index.ts';
import { attribute, deferred, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

describe('traceTool', () => {
  it('makes each call a step, also calls at the same time', async () => {
    const recording = record();
    const gates = [deferred<number>(), deferred<number>()];
    const tool = recording.traceTool('tool', (index: number) => gates[index]!.promise, { toolType: 'lookup' });
    const calls = [tool(0), tool(1)];
    expect(recording.open()).toEqual(['step tool', 'step tool']);
    gates[1]!.resolve(1);
    gates[0]!.resolve(0);
    expect(await Promise.all(calls)).toEqual([0, 1]);
    expect(recording.tree('tool_type')).toBe(
      'step tool [success] tool_type=lookup\nstep tool [success] tool_type=lookup',
    );
  });

  it('records what a tool is called with and gives, when asked: one argument as it is, others as a list', async () => {
    const recording = record({ recordInputs: true, recordOutputs: true });
    const tool = recording.traceTool('tool', (...args: unknown[]) => Promise.resolve(args.length));
    await tool({ id: 1 });
    await tool('a', 'b');
    await tool();
    expect(recording.spans().map((span) => [attribute(span, 'input'), attribute(span, 'output')])).toEqual([
      ['{"id":1}', '1'],
      ['["a","b"]', '2'],
      ['[]', '0'],
    ]);
  });

  it('records neither unless asked, and no output of a failure', () => {
    const [silent, talking] = [record(), record({ recordOutputs: true })];
    silent.traceTool('tool', () => 'secret')();
    talking.traceTool('tool', () => ({ success: false, data: 'secret' }))();
    for (const recording of [silent, talking]) {
      expect(attribute(recording.spans()[0]!, 'output')).toBeUndefined();
      expect(attribute(recording.spans()[0]!, 'input')).toBeUndefined();
    }
  });

  it('counts repeats of a tool in a run, and not outside', () => {
    const recording = record();
    const tool = recording.traceTool('tool', () => 1);
    recording.traceOrchestration(undefined, () => void [tool(), tool(), tool()]);
    tool();
    expect(recording.ofType('step').map((step) => attribute(step, 'iteration'))).toEqual([undefined, 2, 3, undefined]);
  });

  it('finds the run in whose work it is called, also after awaits and across runs at once', async () => {
    const recording = record();
    const tool = recording.traceTool('tool', async () => {});
    const run = (name: string): Promise<void> =>
      recording.traceOrchestration(
        undefined,
        async () => {
          await tool();
          await Promise.resolve();
          await tool();
        },
        { name },
      );
    await Promise.all([run('first'), run('second')]);
    for (const name of ['first', 'second']) {
      const groups = recording.below(`orchestration ${name}`);
      expect(groups).toEqual(['group 0 serial', 'group 1 serial']);
    }
    expect(recording.ofType('step').length).toBe(4);
  });

  it('leaves this as it was in a plain call', () => {
    const { traceTool } = record();
    const seen: unknown[] = [];
    const tool = traceTool('tool', function (this: unknown) {
      seen.push(this);
    });
    tool();
    Reflect.apply(tool, null, []);
    Reflect.apply(tool, 1, []);
    expect(seen).toEqual([undefined, null, 1]);
  });

  it('passes on what bind, call and apply do', () => {
    const recording = record();
    const tool = recording.traceTool('tool', function (this: { n: number }, a: number, b: number) {
      return this.n + a + b;
    });
    const owner = { n: 1 };
    expect([tool.call(owner, 1, 1), tool.apply(owner, [1, 2]), tool.bind(owner, 1)(3)]).toEqual([3, 4, 5]);
    expect(recording.spans().length).toBe(3);
  });

  it('makes a recursive tool one step a call, each below the last', async () => {
    const recording = record();
    const down: (n: number) => Promise<number> = recording.traceTool('down', async (n: number): Promise<number> => {
      await Promise.resolve();
      return n === 0 ? 0 : 1 + (await down(n - 1));
    });
    expect(await down(1000)).toBe(1000);
    const depth = new Map<string, number>();
    for (const span of recording.spans().toReversed()) {
      depth.set(span.spanContext().spanId, (depth.get(span.parentSpanContext?.spanId ?? '') ?? 0) + 1);
    }
    expect([Math.max(...depth.values()), depth.size]).toEqual([1001, 1001]);
  });

  it.each([
    ['an empty id', ['', String], 'toolId must be a text that is not empty, got '],
    ['an id that is no text', [1, String], 'toolId must be a text that is not empty, got 1'],
    ['no function', ['tool', 'text'], 'tool "tool" must be a function, got string'],
    ['null', ['tool', null], 'tool "tool" must be a function, got null'],
    ['nothing', ['tool'], 'tool "tool" must be a function, got undefined'],
  ] as const)('refuses %s', (_name, args, message) => {
    const traceTool = record().traceTool as unknown as (...args: readonly unknown[]) => TraceTool;
    expect(() => traceTool(...args)).toThrow(new TypeError(message));
  });
});

describe('traceTools', () => {
  it('refuses what is no record', () => {
    const traceTools = record().traceTools as unknown as (tools: unknown) => unknown;
    for (const wrong of [null, undefined, 'tools', 1])
      expect(() => traceTools(wrong)).toThrow('tools must be an object');
  });

  it('names each tool by its key and takes options for all', () => {
    const recording = record();
    const tools = recording.traceTools(
      { a: () => 1, b: { execute: (n: number) => n } },
      { toolType: 'function', recordOutputs: true },
    );
    tools.a();
    tools.b.execute(2);
    expect(recording.tree('tool_type', 'output')).toMatchInlineSnapshot(`
      "step a [success] tool_type=function output=1
      step b [success] tool_type=function output=2"
    `);
  });

  it('wraps another method by name, and nothing else', () => {
    const recording = record();
    const { tool } = recording.traceTools({ tool: { invoke: () => 1, execute: () => 2 } }, { method: 'invoke' });
    expect([tool.invoke(), tool.execute()]).toEqual([1, 2]);
    expect(recording.spans().length).toBe(1);
  });

  it('keeps getters of a plain tool as getters', () => {
    const { traceTools } = record();
    const get = vi.fn(() => 'computed');
    const given = Object.defineProperty({ execute: () => 1 }, 'schema', { get, enumerable: true }) as {
      execute(): number;
      schema: string;
    };
    const { tool } = traceTools({ tool: given });
    expect(get).not.toHaveBeenCalled();
    expect([tool.schema, get.mock.calls.length]).toEqual(['computed', 1]);
  });

  it('wraps a record that was wrapped already once', () => {
    const recording = record();
    const once = recording.traceTools({ a: () => 1, b: { execute: () => 2 } });
    const twice = recording.traceTools(once);
    twice.a();
    twice.b.execute();
    expect(recording.spans().length).toBe(2);
  });
});
