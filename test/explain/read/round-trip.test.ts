import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { explainRun } from '../../../src/explain/explain-run.ts';
import { readTrace } from '../../../src/explain/read/read-trace.ts';
import type { AttributeValue, ReceivedSpan } from '../../../src/explain/read/received-span.ts';
import type { Run } from '../../../src/explain/read/run.ts';
import { createExecutionPlanTrace, type PlanInput, type ToolContext } from '../../../src/index.ts';
import { record, useContextManager } from '../../helpers/spans.ts';
import { casesOf } from '../simulate.ts';

beforeAll(useContextManager);

type Behaviour = 'value' | 'throw' | 'retry' | 'nested' | 'other';

const behaviours = fc.array(
  fc.constantFrom<Behaviour[]>('value', 'value', 'value', 'throw', 'retry', 'nested', 'other'),
  { minLength: 9, maxLength: 9 },
);
const plans = fc
  .record({
    tools: casesOf(fc.constant(1), { maxLength: 8 }),
    strategy: fc.constantFrom('serial' as const, 'dag' as const, undefined),
    behaviours,
    skippedSpans: fc.boolean(),
    announcePlan: fc.boolean(),
    scheduling: fc.constantFrom('ready' as const, 'group' as const),
    maxConcurrency: fc.constantFrom(1, 2, undefined),
  })
  .map(({ tools: { needs }, strategy, behaviours, ...options }) => {
    const plan: PlanInput = {
      name: 'law',
      ...(strategy && { strategy }),
      tools: needs.map((sources, tool) => ({
        tool_id: `t${tool}`,
        tool_type: behaviours[tool]!,
        depends_on: sources.map((source) => `t${source}`),
        output_mapping: sources.length > 0 ? { from: `{t${sources[0]!}.data.id}` } : {},
        ...(behaviours[tool] === 'retry' && { retry: { max_attempts: 2 } }),
      })),
    };
    return { plan, behaviours, options };
  });

describe('what a run of a plan exports', () => {
  it('is read back as the plan and what became of each tool, in any order, and also if it came twice', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.infiniteStream(fc.nat()), async ({ plan, options }, keys) => {
        const { spans, result } = await carryOut(plan, options);
        const { runs, foreign, notes } = readTrace(spans);
        expect({ foreign, notes }).toEqual({ foreign: [], notes: [] });
        const [run, ...more] = runs;
        expect(more).toEqual([]);
        expect(run!.notes).toEqual([]);

        const trace = createExecutionPlanTrace(plan);
        expect(planOf(run!)).toEqual(
          trace.execution_groups.map(({ tools }) =>
            tools.map(({ tool_id, tool_type, depends_on, output_mapping }) => [
              tool_id,
              tool_type,
              depends_on,
              output_mapping,
            ]),
          ),
        );
        expect(run).toMatchObject({ strategy: trace.strategy, planName: 'law', plannedTools: plan.tools.length });
        // Every planned tool is in its group, once, with the outcome that the caller was told.
        const read = run!.groups.map(({ steps }) => steps.map(({ toolId, outcome }) => [toolId, outcome]));
        const told = trace.execution_groups.map(({ tools }) =>
          tools.map(({ tool_id }) => [tool_id, result.results.get(tool_id)?.outcome ?? undefined]),
        );
        expect(read).toEqual(told);

        const shuffled = spans
          .map((span) => ({ span, key: keys.next().value as number }))
          .toSorted((a, b) => a.key - b.key);
        const twice = [...shuffled, ...shuffled.slice(0, 3)].map(({ span }) => span);
        const again = readTrace(twice).runs.map((again) => ({ ...again, notes: [] }));
        expect(again).toEqual([{ ...run, notes: [] }]);
      }),
      { numRuns: 60 },
    );
  });

  it('is explained without an early start, a lost span or a step too many', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ plan, options }) => {
        const { spans, result } = await carryOut(plan, options);
        const explanation = explainRun(readTrace(spans).runs[0]!);
        const kinds = new Set(explanation.differences.map(({ kind }) => kind));
        for (const kind of ['early', 'no_span', 'extra', 'out_of_order', 'wider', 'repeated'] as const)
          expect(kinds).not.toContain(kind);
        const outcomes = [...result.results.values()].map(({ stepId, outcome }) => ({ stepId, outcome }));
        const done = outcomes.filter(({ outcome }) => outcome === 'success').map(({ stepId }) => stepId);
        expect(explanation.done.toSorted(byText)).toEqual(done.toSorted(byText));
        expect([...explanation.done, ...explanation.notDone.map(({ toolId }) => toolId)]).toHaveLength(
          plan.tools.length,
        );
        expect(explanation.rootCause === undefined).toBe(result.failedSteps.length === 0);
        expect(explanation.differences.filter(({ kind }) => kind === 'skipped').map(({ toolId }) => toolId)).toEqual(
          expect.arrayContaining([...result.skippedSteps]),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('says of no reference that it found nothing because the list of them was cut', async () => {
    const fields = Array.from({ length: 20 }, (_, at) => [`field_${at}`, `{source.data[${at}]}`]);
    const plan: PlanInput = {
      tools: [
        { tool_id: 'source' },
        { tool_id: 'reader', depends_on: ['source'], output_mapping: Object.fromEntries(fields) },
      ],
    };
    for (let maxAttributeBytes = 256; maxAttributeBytes < 400; maxAttributeBytes += 1) {
      const recording = record({ maxAttributeBytes });
      await recording.runPlan(plan, { tools: { source: () => fields, reader: () => 1 } });
      const [run] = readTrace(recording.spans().map(receivedFrom)).runs;
      const { mappings } = run!.groups[1]!.steps[0]!;
      expect(mappings.length).toBeGreaterThan(0);
      expect(mappings.length).toBeLessThan(fields.length);
      expect(explainRun(run!).dataFlow.unresolved).toEqual([]);
    }
  });

  it('is explained with the root cause, its consequences and the tools that did not run that the run itself names', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ plan, options }) => {
        const { spans } = await carryOut(plan, options);
        const [run] = readTrace(spans).runs;
        const { rootCause, affected, notDone } = explainRun(run!);
        const said = (name: string): AttributeValue | undefined => run!.span!.attributes.get(`orchestration.${name}`);
        // Of failures within a millisecond, spans do not tell which came first.
        expect(said('failed') ?? [undefined]).toContain(rootCause);
        if (said('root_cause') === rootCause) expect(said('blast_radius')).toBe(rootCause && affected.length);
        for (const [name, word] of [
          ['skipped', 'skipped'],
          ['not_started', 'not started'],
          ['failed', 'failure'],
        ] as const) {
          const found = notDone.filter(({ reason }) => reason.startsWith(word)).map(({ toolId }) => toolId);
          expect(found.toSorted(byText)).toEqual([...((said(name) ?? []) as string[])].toSorted(byText));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('tells, whichever spans are lost, no step of which nothing is known', async () => {
    const lost = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(plans, lost, async ({ plan, options }, lost) => {
        const { spans } = await carryOut(plan, options);
        const arrived = spans.filter((_, at) => !lost[at % lost.length]);
        const { runs, foreign } = readTrace(arrived);
        const found = new Set<string>();
        const visit = (value: unknown): void => {
          if (typeof value !== 'object' || value === null) return;
          if ('spanId' in value && 'resource' in value) found.add(String(value.spanId));
          else if (!(value instanceof Map)) Object.values(value).forEach(visit);
        };
        visit([runs, foreign]);
        expect(found).toEqual(new Set(arrived.map(({ spanId }) => spanId)));
        // Of a skip the span of the run tells as well.
        const lostTools = new Set(
          spans
            .filter((_, at) => lost[at % lost.length])
            .map(({ attributes }) => attributes)
            .filter((of) => of.get('orchestration.span.type') === 'step' && of.get('orchestration.outcome') !== 'skip')
            .map((of) => of.get('orchestration.tool_id')),
        );
        // Runs within it have tools of the same ids as each other.
        for (const run of runs.filter(({ span, planName }) => span !== undefined && planName === 'law')) {
          const { differences, criticalPath } = explainRun(run);
          const idle = differences.filter(({ kind }) => kind === 'not_started').map(({ toolId }) => toolId);
          expect(idle.filter((toolId) => lostTools.has(toolId))).toEqual([]);
          const isLacking = run.plan?.groups.flat().some(({ toolId }) => lostTools.has(toolId)) === true;
          if (isLacking) expect(criticalPath).toBeUndefined();
        }
      }),
      { numRuns: 60 },
    );
  });
});

async function carryOut(plan: PlanInput, options: (typeof plans extends fc.Arbitrary<infer T> ? T : never)['options']) {
  const { skippedSpans, announcePlan, ...running } = options;
  const recording = record({ skippedSpans, announcePlan });
  const tracer = recording.provider.getTracer('others');
  const id = (_: object, { toolId }: ToolContext): object => ({ id: toolId });
  const tools = {
    value: id,
    throw: () => {
      throw new Error('thrown');
    },
    retry: (_: object, { attempt, toolId }: ToolContext) => {
      if (attempt === 1) throw new Error('again');
      return { id: toolId };
    },
    nested: async (_: object, { toolId }: ToolContext) => {
      await recording.runPlan({ name: 'inner', tools: [{ tool_id: 'inner' }] }, { tools: { inner: () => 1 } });
      return { id: toolId };
    },
    other: (_: object, { toolId }: ToolContext) =>
      tracer.startActiveSpan('GET', (span) => {
        tracer.startSpan('connect').end();
        span.end();
        return { id: toolId };
      }),
  };
  const result = await recording.runPlan(plan, { ...running, tools });
  return { result, spans: recording.spans().map(receivedFrom) };
}

function planOf({ plan }: Run): unknown {
  return plan?.groups.map((tools) =>
    tools.map(({ toolId, toolType, dependsOn, outputMapping }) => [toolId, toolType, dependsOn, outputMapping]),
  );
}

/** What a receiver makes of an exported span. */
function receivedFrom(span: ReadableSpan): ReceivedSpan {
  const { traceId, spanId } = span.spanContext();
  const parent = span.parentSpanContext?.spanId;
  const { message } = span.status;
  return {
    traceId,
    spanId,
    ...(parent === undefined ? {} : { parentSpanId: parent }),
    name: span.name,
    kind: 'internal',
    startNs: nanoseconds(span.startTime),
    endNs: nanoseconds(span.endTime),
    attributes: attributesFrom(span.attributes),
    events: [],
    links: span.links.map(({ context, attributes }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: attributesFrom(attributes ?? {}),
    })),
    status: {
      code: (['unset', 'ok', 'error'] as const)[span.status.code],
      ...(message === undefined ? {} : { message }),
    },
    resource: new Map(),
    scope: { name: span.instrumentationScope.name },
  };
}

function attributesFrom(attributes: object): Map<string, AttributeValue> {
  return new Map(Object.entries(attributes) as [string, AttributeValue][]);
}

function nanoseconds([seconds, rest]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
