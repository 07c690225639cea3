import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  createExecutionPlanTrace,
  runPlan,
  traceOrchestration,
  type PlanInput,
  type RunPlanOptions,
  type RunResult,
} from '../../src/index.ts';
import { TraceSource } from '../../src/cli/trace-source.ts';
import { JaegerClient } from '../../src/inspector/jaeger.ts';
import { startTracing, type Tracing } from '../../src/node/index.ts';
import { readTrace, readTraceNow, readTraceWhen, type StoredSpan } from '../helpers/jaeger.ts';
import { fileOf } from '../helpers/stack.ts';
import { EndedSpans } from './ended-spans.ts';
import { drawStored, expectStored, typedAttributes } from './expect-stored.ts';

const stack = inject('stack')!;
const ended = new EndedSpans();
let tracing: Tracing;

describe.skipIf(!stack)('a run in Jaeger', () => {
  beforeAll(async () => {
    tracing = await startTracing({
      serviceName: 'orchestrace-e2e',
      endpoint: stack.otlpUrl,
      spanProcessors: [ended],
    });
  });
  beforeEach(() => void (ended.spans = []));
  afterAll(() => tracing.shutdown());

  it('dag: groups, links, mappings and the plan, every attribute with its type', async () => {
    const { spans, result } = await runAndRead(DAG, {
      tools: {
        lookup: (params) => ({ rows: [{ type: 'server', name: String(params['name']) }] }),
        aggregate: ({ type }) => ({ count: 2, type }),
      },
      input: { name: 'web' },
    });

    expect(result.finalOutput).toEqual({ count: 2, type: 'server' });
    expect(drawStored(spans, (span) => [...typedAttributes(span), ...linksOf(span, spans)])).toMatchInlineSnapshot(`
      "orchestration overview dag [success]
        | orchestration.critical_path arrayValue
        | orchestration.critical_path_ms intValue
        | orchestration.outcome string "success"
        | orchestration.plan.hash stringValue
        | orchestration.plan.name string "overview"
        | orchestration.plan.source string "declared"
        | orchestration.run.id stringValue
        | orchestration.span.type string "run"
        | orchestration.strategy string "dag"
        | orchestration.total_groups int 2
        | orchestration.total_tools int 3
        | orchestration.verdict stringValue
        plan overview
          | orchestration.execution_plan string "{\\"strategy\\":\\"dag\\",\\"execution_groups\\":[{\\"group_index\\":0,\\"parallel_execution\\":true,\\"tools\\":[{\\"tool_id\\":\\"primary\\",\\"tool_type\\":\\"lookup\\",\\"depends_on\\":[],\\"dependency_groups\\":[],\\"output_mapping\\":{\\"name\\":\\"{$input.name}\\"}},{\\"tool_id\\":\\"secondary\\",\\"tool_type\\":\\"lookup\\",\\"depends_on\\":[],\\"dependency_groups\\":[],\\"output_mapping\\":{}}]},{\\"group_index\\":1,\\"parallel_execution\\":false,\\"tools\\":[{\\"tool_id\\":\\"total\\",\\"tool_type\\":\\"aggregate\\",\\"depends_on\\":[\\"primary\\",\\"secondary\\"],\\"dependency_groups\\":[0],\\"output_mapping\\":{\\"type\\":\\"{primary.data.rows[0].type}\\",\\"none\\":\\"{secondary.data.nothing}\\"}}]}],\\"total_groups\\":2,\\"total_tools\\":3,\\"tool_ids\\":[\\"primary\\",\\"secondary\\",\\"total\\"]}"
          | orchestration.plan.name string "overview"
          | orchestration.span.type string "plan"
        group 0 parallel [success]
          | orchestration.dependency_groups []
          | orchestration.group_index int 0
          | orchestration.outcome string "success"
          | orchestration.parallel_execution bool true
          | orchestration.span.type string "group"
          | orchestration.strategy string "dag"
          | orchestration.tool_ids [string "primary", string "secondary"]
          step primary [success]
            | orchestration.attempt_count int 1
            | orchestration.dependency_groups []
            | orchestration.depends_on []
            | orchestration.execution_order int 0
            | orchestration.group_index int 0
            | orchestration.mappings string "[{\\"field\\":\\"name\\",\\"ref\\":\\"{$input.name}\\",\\"resolved\\":true,\\"type\\":\\"string\\",\\"bytes\\":5}]"
            | orchestration.outcome string "success"
            | orchestration.output_mapping string "{\\"name\\":\\"{$input.name}\\"}"
            | orchestration.span.type string "step"
            | orchestration.strategy string "dag"
            | orchestration.tool_id string "primary"
            | orchestration.tool_type string "lookup"
            | orchestration.wait_ms intValue
          step secondary [success]
            | orchestration.attempt_count int 1
            | orchestration.dependency_groups []
            | orchestration.depends_on []
            | orchestration.execution_order int 1
            | orchestration.group_index int 0
            | orchestration.outcome string "success"
            | orchestration.output_mapping string "{}"
            | orchestration.span.type string "step"
            | orchestration.strategy string "dag"
            | orchestration.tool_id string "secondary"
            | orchestration.tool_type string "lookup"
            | orchestration.wait_ms intValue
        group 1 serial [success]
          | orchestration.dependency_groups [int 0]
          | orchestration.group_index int 1
          | orchestration.outcome string "success"
          | orchestration.parallel_execution bool false
          | orchestration.span.type string "group"
          | orchestration.strategy string "dag"
          | orchestration.tool_ids [string "total"]
          step total [success]
            | orchestration.attempt_count int 1
            | orchestration.blocked_by string "secondary"
            | orchestration.dependency_groups [int 0]
            | orchestration.depends_on [string "primary", string "secondary"]
            | orchestration.execution_order int 0
            | orchestration.group_index int 1
            | orchestration.mappings string "[{\\"field\\":\\"type\\",\\"ref\\":\\"{primary.data.rows[0].type}\\",\\"resolved\\":true,\\"type\\":\\"string\\",\\"bytes\\":8},{\\"field\\":\\"none\\",\\"ref\\":\\"{secondary.data.nothing}\\",\\"resolved\\":false}]"
            | orchestration.outcome string "success"
            | orchestration.output_mapping string "{\\"type\\":\\"{primary.data.rows[0].type}\\",\\"none\\":\\"{secondary.data.nothing}\\"}"
            | orchestration.span.type string "step"
            | orchestration.strategy string "dag"
            | orchestration.tool_id string "total"
            | orchestration.tool_type string "aggregate"
            | orchestration.wait_ms intValue
            | link to step primary: from string "output", orchestration.link.type string "data", orchestration.tool_id string "primary", to string "input"
            | link to step secondary: from string "output", orchestration.link.type string "data", orchestration.tool_id string "secondary", to string "input""
    `);
    expect(JSON.parse(planIn(spans))).toEqual(createExecutionPlanTrace(DAG));
    expect(spans[0]!.resource).toMatchObject({
      'service.name': { stringValue: 'orchestrace-e2e' },
      'host.name': { stringValue: expect.any(String) },
    });
  });

  it('serial: a group a step, in order', async () => {
    const plan: PlanInput = { name: 'steps', strategy: 'serial', tools: toolsOf('first', 'second', 'third') };
    const { spans } = await runAndRead(plan, { tools: { work: () => 1 } });
    expect(drawStored(spans)).toMatchInlineSnapshot(`
      "orchestration steps serial [success]
        plan steps
        group 0 serial [success]
          step first [success]
        group 1 serial [success]
          step second [success]
        group 2 serial [success]
          step third [success]"
    `);
  });

  it('parallel: one group of steps that overlap', async () => {
    const plan: PlanInput = { name: 'fan', strategy: 'parallel', tools: toolsOf('left', 'right') };
    let started = 0;
    let open = (): void => {};
    const both = new Promise<void>((resolve) => (open = resolve));
    const work = (): Promise<void> => {
      if (++started === 2) setTimeout(open, 20); // longer than the millisecond that starts are rounded to
      return both;
    };
    const { spans } = await runAndRead(plan, { tools: { work } });
    expect(drawStored(spans)).toMatchInlineSnapshot(`
      "orchestration fan parallel [success]
        plan fan
        group 0 parallel [success]
          step left [success]
          step right [success]"
    `);
    const [left, right] = ['step left', 'step right'].map((name) => spans.find((span) => span.name === name)!);
    expect(BigInt(right!.start) <= BigInt(left!.end)).toBe(true);
  });

  it('a failure, what is skipped because of it, and what runs all the same', async () => {
    const { spans, result } = await runAndRead(
      {
        name: 'broken',
        strategy: 'dag',
        tools: [
          { tool_id: 'fetch' },
          { tool_id: 'other', tool_type: 'work' },
          { tool_id: 'rank', depends_on: ['fetch'], tool_type: 'work' },
        ],
      },
      {
        tools: {
          fetch: () => {
            throw new RangeError('no such page: ä€😀');
          },
          work: () => 1,
        },
      },
    );
    expect([result.failedSteps, result.skippedSteps]).toEqual([['fetch'], ['rank']]);
    expect(drawStored(spans)).toMatchInlineSnapshot(`
      "orchestration broken dag [failure] ERROR "no such page: ä€😀"
        plan broken
        group 0 parallel [failure] ERROR "failed: fetch"
          step fetch [failure] ERROR "no such page: ä€😀"
          step other [success]
        group 1 serial [skip]
          step rank [skip]"
    `);
    const [fetch, rank] = ['step fetch', 'step rank'].map((name) => spans.find((span) => span.name === name)!);
    expect(fetch!.attributes['error.type']).toEqual({ stringValue: 'RangeError' });
    expect(fetch!.events.map(({ name }) => name)).toEqual(['exception']);
    expect(rank!.attributes['orchestration.skip_reason']).toEqual({ stringValue: 'dependency failed: fetch' });
  });

  it('a run that is cancelled', async () => {
    const controller = new AbortController();
    const { spans } = await runAndRead(
      { name: 'stopped', strategy: 'serial', tools: toolsOf('long', 'never') },
      {
        signal: controller.signal,
        tools: {
          work: () => {
            controller.abort();
            return new Promise(() => {});
          },
        },
      },
    );
    expect(drawStored(spans)).toMatchInlineSnapshot(`
      "orchestration stopped serial [cancellation]
        plan stopped
        group 0 serial [cancellation]
          step long [cancellation]
        group 1 serial [skip]
          step never [skip]"
    `);
  });

  it('code that is wrapped: attempts, a skip, a step that no plan has', async () => {
    const plan: PlanInput = { name: 'wrapped', tools: [{ tool_id: 'call' }, { tool_id: 'extra' }] };
    const traceId = traceOrchestration(plan, (run) => {
      run.step('call', ({ attempt }) => {
        try {
          attempt(() => throwError('not yet'), { maxAttempts: 2 });
        } catch {
          attempt(() => 1, { maxAttempts: 2, backoffMs: 5 });
        }
      });
      run.skip('extra', 'condition not met');
      run.step('surprise', () => 1);
      return run.traceId!;
    });
    const spans = await readBack(traceId);
    expect(drawStored(spans)).toMatchInlineSnapshot(`
      "orchestration wrapped parallel [success]
        plan wrapped
        group 0 parallel [success]
          step call [success]
            attempt 1 [failure] ERROR "not yet"
            attempt 2 [success]
          step extra [skip]
        step surprise [success]"
    `);
  });

  it('1,000 steps, none lost', async () => {
    const plan: PlanInput = {
      name: 'many',
      tools: Array.from({ length: 1000 }, (_, index) => ({ tool_id: `step-${index}`, tool_type: 'work' })),
    };
    const { spans } = await runAndRead(plan, { tools: { work: () => 1 } });
    const steps = spans.filter(({ name }) => name.startsWith('step '));
    expect(new Set(steps.map(({ name }) => name)).size).toBe(1000);
    expect(JSON.parse(planIn(spans))).toEqual(createExecutionPlanTrace(plan));
  });

  it('a process that is killed: its plan is there while it runs, and the steps that ended stay', async () => {
    const child = startChild('killed');
    const traceId = await told(child);
    const planned = await readTraceWhen(stack.jaegerUrl, traceId, 'the plan', hasAll('plan killed'));
    expect(planned.map(({ name }) => name)).toEqual(['plan killed']);
    expect(JSON.parse(planIn(planned))).toMatchObject({ strategy: 'serial', tool_ids: ['done', 'hangs', 'never'] });

    child.send('end the first step');
    await readTraceWhen(stack.jaegerUrl, traceId, 'the first step', hasAll('step done'));
    child.kill('SIGKILL');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);

    const left = await readTraceNow(stack.jaegerUrl, traceId);
    expect(left.map(({ name }) => name).toSorted()).toEqual(['group 0 serial', 'plan killed', 'step done']);

    const recent = await new JaegerClient(stack.jaegerUrl).recentRuns({ limit: 1_000 });
    expect(recent.find((run) => run.traceId === traceId)).toMatchObject({
      planName: 'killed',
      outcome: undefined,
      service: 'the-other-process',
    });
    const { signal } = new AbortController();
    await using source = new TraceSource({ plan: 'killed', jaeger: stack.jaegerUrl }, signal, {});
    expect((await source.runOf('latest')).run).toMatchObject({ traceId, planName: 'killed', outcome: undefined });
  });

  it('two processes in one trace', async () => {
    const plan: PlanInput = {
      name: 'relay',
      strategy: 'serial',
      tools: [
        { tool_id: 'here', tool_type: 'work' },
        { tool_id: 'there', depends_on: ['here'], output_mapping: { value: '{here.data}' } },
      ],
    };
    const child = startChild('continued');
    const traceId = await traceOrchestration(plan, async (run) => {
      run.step('here', () => 1);
      const answer = told(child);
      child.send(run.carrier('there'));
      expect(await answer).toBe(run.traceId);
      return run.traceId!;
    });
    expect(await once(child, 'exit')).toEqual([0, null]);
    await tracing.forceFlush();

    const spans = await readTrace(stack.jaegerUrl, traceId, ended.spans.length + 1);
    expect(drawStored(spans)).toMatchInlineSnapshot(`
      "orchestration relay serial [success]
        plan relay
        group 0 serial [success]
          step here [success]
        group 1 serial
          step there [success]"
    `);
    const there = spans.find(({ name }) => name === 'step there')!;
    expect(there.resource['service.name']).toEqual({ stringValue: 'the-other-process' });
    expect(linksOf(there, spans)).toMatchInlineSnapshot(`
      [
        "link to step here: from string "output", orchestration.link.type string "data", orchestration.tool_id string "here", to string "input"",
      ]
    `);
    const ids = new Set(ended.spans.map((span) => span.spanContext().spanId));
    expectStored(
      spans.filter(({ spanId }) => ids.has(spanId)),
      ended.spans,
    );
  });
});

const DAG: PlanInput = {
  name: 'overview',
  strategy: 'dag',
  tools: [
    { tool_id: 'primary', tool_type: 'lookup', output_mapping: { name: '{$input.name}' } },
    { tool_id: 'secondary', tool_type: 'lookup' },
    {
      tool_id: 'total',
      tool_type: 'aggregate',
      depends_on: ['primary', 'secondary'],
      output_mapping: { type: '{primary.data.rows[0].type}', none: '{secondary.data.nothing}' },
    },
  ],
};

function toolsOf(...ids: string[]): { tool_id: string; tool_type: string }[] {
  return ids.map((tool_id) => ({ tool_id, tool_type: 'work' }));
}

async function runAndRead(
  plan: PlanInput,
  options: RunPlanOptions,
): Promise<{ result: RunResult; spans: StoredSpan[] }> {
  const result = await runPlan(plan, options);
  return { result, spans: await readBack(result.traceId!) };
}

/** Sends everything, and gives what Jaeger has of this trace once it is all there and the same. */
async function readBack(traceId: string): Promise<StoredSpan[]> {
  expect(await tracing.forceFlush()).toEqual({ ok: true, pending: 0, dropped: 0 });
  const spans = await readTrace(stack.jaegerUrl, traceId, ended.spans.length);
  expectStored(spans, ended.spans);
  return spans;
}

function planIn(spans: readonly StoredSpan[]): string {
  return spans
    .filter(({ attributes }) => attributes['orchestration.execution_plan'])
    .toSorted((a, b) => partOf(a) - partOf(b))
    .map(({ attributes }) => Object.values(attributes['orchestration.execution_plan']!)[0])
    .join('');
}

function partOf({ attributes }: StoredSpan): number {
  const part = attributes['orchestration.plan.part'];
  return part && 'intValue' in part ? Number(part.intValue) : 1;
}

/** The links of a span, a line each: the name of the span that each leads to, and its attributes. */
function linksOf(span: StoredSpan, spans: readonly StoredSpan[]): string[] {
  return span.links.map((link) => {
    const target = spans.find(({ spanId }) => spanId === link.spanId);
    const attributes = typedAttributes({ ...span, attributes: link.attributes });
    return `link to ${target?.name}: ${attributes.join(', ')}`;
  });
}

function hasAll(...names: string[]): (spans: readonly StoredSpan[]) => boolean {
  return (spans) => names.every((name) => spans.some((span) => span.name === name));
}

function throwError(message: string): never {
  throw new Error(message);
}

function startChild(scenario: string): ChildProcess {
  return fork(fileOf('test/e2e/child.ts'), [scenario, stack.otlpUrl], { execArgv: [] });
}

/** The next message of a child. Fails when it ends before. */
async function told(child: ChildProcess): Promise<string> {
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => throwError(`the child ended with ${code}`)),
  ])) as [string];
  return message;
}
