import { TraceFlags } from '@opentelemetry/api';
import { beforeAll, describe, expect, it } from 'vitest';
import { attribute, record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

describe('links of a step', () => {
  const ids = Array.from({ length: 200 }, (_, index) => `t${index}`);
  const wide = {
    tools: [
      ...ids.map((tool_id) => ({ tool_id })),
      {
        tool_id: 'sink',
        depends_on: ids,
        output_mapping: {
          last: '{t199.data}',
          middle: '{t150.data.x}',
          again: '{t199.success}',
          input: '{$input.x}',
          text: 'literal',
        },
      },
    ],
  };

  it('are 100 of 200, data edges first, and what is left out is counted', async () => {
    const recording = record();
    await recording.runPlan(wide, { tools: { unknown: () => 1, sink: () => 2 } });
    const sink = recording.span('step sink');
    expect(sink.links.length).toBe(100);
    expect(sink.droppedLinksCount).toBe(0);
    expect(attribute(sink, 'links_omitted')).toBe(100);
    expect(attribute(sink, 'depends_on')).toEqual(ids);
    expect(sink.links.map(({ attributes }) => attributes?.['orchestration.link.type'])).toEqual([
      'data',
      'data',
      ...Array.from({ length: 98 }, () => 'depends_on'),
    ]);
    const linked = sink.links.map(({ attributes }) => attributes?.['orchestration.tool_id']);
    expect(linked).toEqual(['t199', 't150', ...ids.slice(0, 98)]);
    for (const { context, attributes } of sink.links) {
      const target = recording.span(`step ${String(attributes?.['orchestration.tool_id'])}`);
      expect(context.spanId).toBe(target.spanContext().spanId);
      expect(context.traceId).toBe(sink.spanContext().traceId);
      expect([attributes?.['from'], attributes?.['to']]).toEqual(['output', 'input']);
    }
  });

  it('are not there on the run, plan and group spans, nor counted where none is left out', async () => {
    const recording = record();
    const plan = { tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };
    await recording.runPlan(plan, { tools: { unknown: () => 1 } });
    expect(recording.spans().map(({ name, links }) => [name, links.length])).toEqual([
      ['plan', 0],
      ['step a', 0],
      ['group 0 serial', 0],
      ['step b', 1],
      ['group 1 serial', 0],
      ['orchestration serial', 0],
    ]);
    expect(attribute(recording.span('step b'), 'links_omitted')).toBeUndefined();
  });

  it('lead to the last span of a dependency that ran again', () => {
    const recording = record();
    const plan = { tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };
    recording.traceOrchestration(plan, (run) => {
      run.step('a', () => {});
      run.step('a', () => {});
      run.step('b', () => {});
    });
    const [, second] = recording.spans().filter(({ name }) => name === 'step a');
    expect(recording.span('step b').links.map(({ context }) => context.spanId)).toEqual([second!.spanContext().spanId]);
  });

  it('are missing for a dependency without a span', () => {
    const recording = record({ skippedSpans: false });
    const plan = { tools: [{ tool_id: 'a' }, { tool_id: 'b' }, { tool_id: 'c', depends_on: ['a', 'b'] }] };
    recording.traceOrchestration(plan, (run) => {
      run.skip('a', 'not needed');
      run.step('c', () => {});
    });
    expect(recording.span('step c').links).toEqual([]);
    expect(attribute(recording.span('step c'), 'depends_on')).toEqual(['a', 'b']);
  });

  it('lead to a skipped dependency, which has a span', () => {
    const recording = record();
    const plan = { tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };
    recording.traceOrchestration(plan, (run) => {
      run.skip('a', 'not needed');
      run.step('b', () => {});
    });
    const [link] = recording.span('step b').links;
    expect(link?.context).toMatchObject({
      spanId: recording.span('step a').spanContext().spanId,
      traceFlags: TraceFlags.SAMPLED,
    });
  });
});
