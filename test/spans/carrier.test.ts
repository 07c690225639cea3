import { context, propagation, trace, ROOT_CONTEXT, type Context, type TextMapPropagator } from '@opentelemetry/api';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Carrier } from '../../src/index.ts';
import { throwing } from '../helpers/hostile.ts';
import { attribute, record, settled, shown, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);
afterEach(() => propagation.disable());

const plan = {
  name: 'p',
  tools: [
    { tool_id: 'a', tool_type: 'lookup' },
    { tool_id: 'b', tool_type: 'lookup' },
    { tool_id: 'c', tool_type: 'rank', depends_on: ['a', 'b'], output_mapping: { x: '{b.data.y}' } },
  ],
};

describe('a run in two processes', () => {
  it('is one trace: the step stands under the group, linked to what it needs', () => {
    const [here, there] = [record(), record()];
    const inner = there.traceTool('inner', () => 'done');
    here.traceOrchestration(plan, (run) => {
      run.step('a', () => {});
      run.step('b', () => {});
      const carrier = structuredClone(run.carrier('c'));
      const result = context.with(ROOT_CONTEXT, () =>
        there.continueOrchestration(carrier, (part) => part.step('c', () => inner())),
      );
      expect(result).toBe('done');
    });
    const group = here.span('group 1 serial');
    const step = there.span('step c');
    expect(step.parentSpanContext).toMatchObject({ spanId: group.spanContext().spanId, isRemote: true });
    expect(step.spanContext().traceId).toBe(group.spanContext().traceId);
    expect(there.below('step c')).toEqual(['step inner']);
    expect(shown(step.attributes)).toMatchInlineSnapshot(`
      {
        "attempt_count": 1,
        "dependency_groups": [
          0,
        ],
        "depends_on": [
          "a",
          "b",
        ],
        "execution_order": 0,
        "group_index": 1,
        "outcome": "success",
        "output_mapping": "{"x":"{b.data.y}"}",
        "span.type": "step",
        "strategy": "dag",
        "tool_id": "c",
        "tool_type": "rank",
      }
    `);
    expect(
      step.links.map(({ context, attributes }) => [context.spanId, attributes?.['orchestration.link.type']]),
    ).toEqual([
      [here.span('step b').spanContext().spanId, 'data'],
      [here.span('step a').spanContext().spanId, 'depends_on'],
    ]);
    expect(there.ofType('run').length + there.ofType('group').length + there.ofType('plan').length).toBe(0);
    expect(attribute(here.ofType('run')[0]!, 'not_started')).toBeUndefined();
    expect([attribute(group, 'outcome'), attribute(step, 'outcome')]).toEqual([undefined, 'success']);
    expect([here.open(), there.open()]).toEqual([[], []]);
  });

  it('says nothing of the wait, which only the other process knows', () => {
    const [here, there] = [record(), record()];
    here.traceOrchestration(plan, (run) => {
      there.continueOrchestration(run.carrier('c'), (part) => part.step('c', () => {}));
    });
    expect(there.span('step c').attributes).not.toHaveProperty('orchestration.wait_ms');
  });

  it('redacts the literals of a mapping in the carrier, and keeps the ids', () => {
    const here = record({ redact: (text) => text.replaceAll('s3cret', '***') });
    const tool = { tool_id: 's3cret', output_mapping: { key: 's3cret' } };
    const carrier = here.traceOrchestration({ tools: [tool] }, (run) => run.carrier('s3cret'));
    expect(JSON.parse(carrier['orchestration']!).tool).toMatchObject({
      tool_id: 's3cret',
      output_mapping: { key: '***' },
    });
  });

  it('leaves the group open until the run ends, since the end of the step is not seen', () => {
    const here = record();
    here.traceOrchestration({ name: 'p', tools: [{ tool_id: 'a' }, { tool_id: 'b' }] }, (run) => {
      run.step('a', () => {});
      run.carrier('b');
      expect(here.open()).toContain('group 0 parallel');
    });
    expect(here.open()).toEqual([]);
  });

  it('without a tool id stands below the run, without group', () => {
    const [here, there] = [record(), record()];
    here.traceOrchestration(plan, (run) => {
      there.continueOrchestration(run.carrier(), (part) => {
        part.step('anything', () => {});
        part.group(() => part.step('more', () => {}));
        part.skip('rest', 'no need');
      });
    });
    const { spanId } = here.ofType('run')[0]!.spanContext();
    expect(there.spans().map((span) => [span.name, span.parentSpanContext?.spanId === spanId])).toEqual([
      ['step anything', true],
      ['step more', true],
      ['step rest', true],
    ]);
    expect(shown(there.span('step anything').attributes)).toMatchInlineSnapshot(`
      {
        "attempt_count": 1,
        "outcome": "success",
        "span.type": "step",
        "strategy": "dag",
        "tool_id": "anything",
        "tool_type": "unknown",
      }
    `);
  });

  it('keeps the id of the run, for logs on both sides', () => {
    const [here, there] = [record(), record()];
    here.traceOrchestration(plan, (run) => {
      there.continueOrchestration(run.carrier('a'), (part) => {
        expect([part.runId, part.traceId]).toEqual([run.runId, run.traceId]);
        expect(part.orchestrationTrace).toBeUndefined();
      });
    });
  });

  it('passes on results, promises and errors of the other process as they are', async () => {
    const { traceOrchestration, continueOrchestration } = record();
    const carrier = traceOrchestration(plan, (run) => run.carrier('a'));
    const error = new Error('own');
    expect(continueOrchestration(carrier, () => 42)).toBe(42);
    expect(await continueOrchestration(carrier, async () => 42)).toBe(42);
    expect(() =>
      continueOrchestration(carrier, () => {
        throw error;
      }),
    ).toThrow(error);
    await expect(continueOrchestration(carrier, () => Promise.reject(error))).rejects.toBe(error);
  });

  it('goes through a third process', () => {
    const [first, second, third] = [record(), record(), record()];
    first.traceOrchestration(plan, (run) => {
      second.continueOrchestration(run.carrier('a'), (part) => {
        part.step('a', () => third.continueOrchestration(part.carrier('a'), (rest) => rest.step('a', () => {})));
      });
    });
    const traces = [first, second, third].flatMap((recording) =>
      recording.spans().map((span) => span.spanContext().traceId),
    );
    expect(new Set(traces).size).toBe(1);
    expect(third.spans().map(({ name }) => name)).toEqual(['step a']);
  });

  it('ends a step that is still to be consumed when the part ends, also an asynchronous one', async () => {
    const there = record();
    const stream = there.traceTool('stream', async function* () {
      yield 1;
    });
    await there.continueOrchestration({}, async () => {
      void stream();
      await settled();
      expect(there.open()).toEqual(['step stream']);
    });
    expect(there.tree()).toBe('step stream [cancellation]');
  });
});

describe('a carrier', () => {
  it('is ASCII texts that fit in a header, whatever the ids are', () => {
    const here = record();
    const ids = ['日本語 😀', '__proto__', 'constructor', 'quote " \\ \n', 'lone \ud800'];
    const hard = {
      name: 'hard',
      tools: [
        ...ids.map((tool_id) => ({ tool_id })),
        { tool_id: 'sink', depends_on: ids, output_mapping: { ключ: 'значение' } },
      ],
    };
    const there = record();
    here.traceOrchestration(hard, (run) => {
      for (const id of ids) run.step(id, () => {});
      const carrier = run.carrier('sink');
      for (const text of Object.values(carrier)) expect(text).toMatch(/^[\x20-\x7e]*$/);
      expect([...new Headers(carrier).keys()].length).toBe(Object.keys(carrier).length);
      there.continueOrchestration(carrier, (part) => part.step('sink', () => {}));
    });
    const sink = there.span('step sink');
    expect(attribute(sink, 'depends_on')).toEqual(ids);
    expect(sink.links.map(({ attributes }) => attributes?.['orchestration.tool_id'])).toEqual(ids);
    expect(attribute(sink, 'output_mapping')).toBe('{"ключ":"значение"}');
  });

  it('has what the registered propagator writes, baggage too', () => {
    const propagator: TextMapPropagator<Record<string, string>> = {
      inject: (active, carrier) => {
        carrier['tenant'] = propagation.getBaggage(active)?.getEntry('tenant')?.value ?? '';
      },
      extract: (active, carrier) => {
        const entry = { value: carrier['tenant'] ?? '' };
        return propagation.setBaggage(active, propagation.createBaggage({ tenant: entry }));
      },
      fields: () => ['tenant'],
    };
    propagation.setGlobalPropagator(propagator);
    const [here, there] = [record(), record()];
    const baggage = propagation.createBaggage({ tenant: { value: 't1' } });
    const carrier = context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () =>
      here.traceOrchestration(plan, (run) => run.carrier('a')),
    );
    expect(Object.keys(carrier).toSorted()).toEqual(['orchestration', 'tenant', 'traceparent']);
    there.continueOrchestration(carrier, (part) =>
      part.step('a', () => expect(propagation.getActiveBaggage()?.getEntry('tenant')?.value).toBe('t1')),
    );
    expect(there.span('step a').spanContext().traceId).toBe(carrier['traceparent']?.split('-')[1]);
  });

  it('of a sampled-out run keeps the other process sampled out', () => {
    const carrier = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` };
    const there = record();
    there.continueOrchestration(carrier, (part) => {
      expect(trace.getSpanContext(context.active())?.traceFlags).toBe(0);
      part.step('a', () => {});
    });
    expect(there.spans()).toEqual([]);
  });

  it('may come in a context with another span: the carrier counts', () => {
    const there = record();
    const carrier = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
    const active = trace.setSpan(ROOT_CONTEXT, there.provider.getTracer('host').startSpan('POST /step'));
    context.with(active, () => there.continueOrchestration(carrier, (part) => part.step('a', () => {})));
    expect(there.span('step a').spanContext().traceId).toBe('a'.repeat(32));
  });
});

describe('a carrier that cannot be used', () => {
  const tool = {
    tool_id: 'a',
    tool_type: 't',
    depends_on: [],
    dependency_groups: [],
    output_mapping: {},
    group_index: 0,
    execution_order: 0,
  };
  const orchestration = (value: unknown): Carrier => ({ orchestration: JSON.stringify(value) });
  const part = (more: object): Carrier => orchestration({ v: 1, run_id: 'r', dependencies: {}, ...more });
  const broken: Record<string, unknown> = {
    nothing: {},
    null: null,
    undefined: undefined,
    'a text': 'traceparent',
    'a number': 1,
    'an array': [1, 2],
    'no JSON': { orchestration: '{' },
    'JSON of another kind': orchestration([1]),
    'JSON null': orchestration(null),
    'another version': orchestration({ v: 2, run_id: 'r' }),
    'no run id': orchestration({ v: 1 }),
    'a run id that is no text': orchestration({ v: 1, run_id: {} }),
    'entries that are no texts': { traceparent: 1, orchestration: {} },
    'a traceparent of zeros': { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` },
    'a short traceparent': { traceparent: '00-abc-def-01' },
    'a huge text': { orchestration: `{"v":1,"run_id":"${'x'.repeat(1_000_000)}"}` },
    'deep JSON': { orchestration: '['.repeat(60_000) },
    'a tool that is none': part({ tool: 'a' }),
    'a tool without lists': part({ tool: { ...tool, depends_on: 'a' } }),
    'a tool with a list of others': part({ tool: { ...tool, depends_on: [1] } }),
    'a mapping that is none': part({ tool: { ...tool, output_mapping: { x: 1 } } }),
    'a negative index': part({ tool: { ...tool, group_index: -1 } }),
    'an index that is no number': part({ tool: { ...tool, group_index: '0' } }),
    'dependencies that are a list': part({ dependencies: [1] }),
    'dependencies that lead nowhere': part({
      tool,
      dependencies: { a: 'x', b: null, c: `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01` },
    }),
    'a getter that throws': Object.defineProperty({}, 'orchestration', { get: throwing('carrier') }),
    'a proxy that throws': new Proxy({}, { get: throwing('proxy') }),
    'a strategy of its own': part({ strategy: 'everything', tool }),
    'a prototype': {
      orchestration: '{"v":1,"run_id":"r","__proto__":{"polluted":1},"dependencies":{"__proto__":"x"}}',
    },
  };

  it.each(Object.entries(broken))('still runs the work, with its steps recorded: %s', (_name, carrier) => {
    const recording = record();
    const inner = recording.traceTool('inner', () => 1);
    const result = recording.continueOrchestration(carrier as Carrier, (run) => run.step('a', () => inner()));
    expect(result).toBe(1);
    expect(recording.spans().map(({ name }) => name)).toEqual(['step inner', 'step a']);
    expect(['serial', 'parallel', 'dag', undefined]).toContain(attribute(recording.span('step a'), 'strategy'));
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(recording.open()).toEqual([]);
  });

  it('stands below the caller, without group and links', () => {
    const recording = record();
    const caller = recording.provider.getTracer('host').startSpan('POST /step');
    context.with(trace.setSpan(ROOT_CONTEXT, caller), () =>
      recording.continueOrchestration({ orchestration: '{' }, (run) => run.step('a', () => {})),
    );
    caller.end();
    expect(recording.tree('group_index')).toBe('POST /step\n  step a [success]');
  });

  it('nor does a propagator that throws hinder anybody', () => {
    const propagator: TextMapPropagator = {
      inject: throwing('inject'),
      extract: throwing('extract') as () => Context,
      fields: () => [],
    };
    propagation.setGlobalPropagator(propagator);
    const [here, there] = [record(), record()];
    here.traceOrchestration(plan, (run) => {
      const carrier = run.carrier('a');
      there.continueOrchestration(carrier, (rest) => rest.step('a', () => {}));
    });
    expect(there.span('step a').spanContext().traceId).toBe(here.ofType('run')[0]!.spanContext().traceId);
  });
});
