import { context, TraceFlags, trace, type Attributes, type Link } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import { beforeAll, describe, expect, it } from 'vitest';
import { record, shown, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

const plan = {
  name: 'p',
  tools: [
    { tool_id: 'a', tool_type: 'lookup' },
    { tool_id: 'b', tool_type: 'rank', depends_on: ['a'], output_mapping: { x: '{a.data}' } },
  ],
};
const tools = { lookup: () => 1, rank: () => 2 };

interface Asked {
  name: string;
  attributes: Attributes;
  links: Link[];
}

function samplerBy(isSampled: (asked: Asked) => boolean): { sampler: Sampler; asked: Asked[] } {
  const asked: Asked[] = [];
  const sampler = {
    shouldSample: (
      _context: unknown,
      _traceId: string,
      name: string,
      _kind: unknown,
      attributes: Attributes,
      links: Link[],
    ) => {
      const question = { name, attributes: { ...attributes }, links };
      asked.push(question);
      return { decision: isSampled(question) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
    },
    toString: () => 'test',
  };
  return { sampler, asked };
}

describe('a sampler', () => {
  it('sees what is known of run, group and step when they start', async () => {
    const { sampler, asked } = samplerBy(() => true);
    await record({ sampler }).runPlan(plan, { tools });
    const seen = asked
      .filter(({ name }) => !name.startsWith('plan'))
      .map(({ name, attributes, links }) => [name, shown(attributes), links.length]);
    expect(seen).toMatchInlineSnapshot(`
      [
        [
          "orchestration p serial",
          {
            "plan.name": "p",
            "plan.source": "declared",
            "span.type": "run",
            "strategy": "serial",
            "total_groups": 2,
            "total_tools": 2,
          },
          0,
        ],
        [
          "group 0 serial",
          {
            "dependency_groups": [],
            "group_index": 0,
            "parallel_execution": false,
            "span.type": "group",
            "strategy": "serial",
            "tool_ids": [
              "a",
            ],
          },
          0,
        ],
        [
          "step a",
          {
            "dependency_groups": [],
            "depends_on": [],
            "execution_order": 0,
            "group_index": 0,
            "output_mapping": "{}",
            "span.type": "step",
            "strategy": "serial",
            "tool_id": "a",
            "tool_type": "lookup",
          },
          0,
        ],
        [
          "group 1 serial",
          {
            "dependency_groups": [
              0,
            ],
            "group_index": 1,
            "parallel_execution": false,
            "span.type": "group",
            "strategy": "serial",
            "tool_ids": [
              "b",
            ],
          },
          0,
        ],
        [
          "step b",
          {
            "blocked_by": "a",
            "dependency_groups": [
              0,
            ],
            "depends_on": [
              "a",
            ],
            "execution_order": 0,
            "group_index": 1,
            "output_mapping": "{"x":"{a.data}"}",
            "span.type": "step",
            "strategy": "serial",
            "tool_id": "b",
            "tool_type": "rank",
          },
          1,
        ],
      ]
    `);
  });

  it('is asked for every span, also when it said no to the run', async () => {
    const { sampler, asked } = samplerBy(() => false);
    const recording = record({ sampler });
    const result = await recording.runPlan(plan, { tools });
    expect(asked.map(({ name }) => name)).toEqual([
      'orchestration p serial',
      'plan p',
      'group 0 serial',
      'step a',
      'group 1 serial',
      'step b',
    ]);
    expect([recording.spans(), result.success]).toEqual([[], true]);
  });

  it('that follows the parent keeps a run whole, by an attribute of the run', async () => {
    const { sampler: root } = samplerBy(({ attributes }) => attributes['orchestration.plan.name'] !== 'quiet');
    const recording = record({ sampler: new ParentBasedSampler({ root }) });
    await recording.runPlan({ ...plan, name: 'quiet' }, { tools });
    expect(recording.spans()).toEqual([]);
    await recording.runPlan(plan, { tools });
    expect(recording.spans().length).toBe(6);
  });
});

describe('a run that is sampled out', () => {
  it('goes on in its own trace: what tools see is one trace, unsampled', async () => {
    const recording = record({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) });
    const seen: (string | undefined)[] = [];
    const see = (): void => {
      const spanContext = trace.getSpanContext(context.active());
      seen.push(spanContext?.traceId, spanContext?.traceFlags === TraceFlags.NONE ? 'unsampled' : 'sampled');
    };
    const result = await recording.runPlan(plan, { tools: { lookup: see, rank: see } });
    expect(seen).toEqual([result.traceId, 'unsampled', result.traceId, 'unsampled']);
    expect(recording.spans()).toEqual([]);
  });

  it('has children of its own that are sampled out too, HTTP calls say', async () => {
    const recording = record({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) });
    const host = recording.provider.getTracer('host');
    await recording.runPlan(plan, { tools: { lookup: () => host.startSpan('GET /').end(), rank: () => 2 } });
    expect(recording.spans()).toEqual([]);
  });

  it('below a sampled parent is not sampled out by a sampler that follows it', () => {
    const recording = record({ sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }) });
    const span = recording.provider.getTracer('host').startSpan('job');
    context.with(trace.setSpan(context.active(), span), () => recording.traceOrchestration(plan, () => {}));
    span.end();
    expect(recording.spans().map(({ name }) => name)).toEqual(['plan p', 'orchestration p serial', 'job']);
  });

  it('leaves no orphans when only groups are sampled out: steps below them are in the same trace', async () => {
    const { sampler } = samplerBy(({ attributes }) => attributes['orchestration.span.type'] !== 'group');
    const recording = record({ sampler });
    await recording.runPlan(plan, { tools });
    const traces = new Set(recording.spans().map((span) => span.spanContext().traceId));
    expect([traces.size, recording.ofType('step').length]).toEqual([1, 2]);
  });
});
