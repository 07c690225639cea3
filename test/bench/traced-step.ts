import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import {
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type Link,
  type SpanContext,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { createExecutionPlanTrace, createOrchestrace, parsePlan } from '../../src/index.ts';
import { dataSources } from '../../src/mapping.ts';
import { splitByBytes } from '../../src/spans/text.ts';
import { layeredPlan, type Result, type Row, sideBySideAsync } from './side-by-side.ts';

export const name = 'a traced step against a span written by hand with the same attributes and links';
const goal = 1.2;

/** Counts steps and keeps nothing: the cheapest processor that proves that they ended. */
class Counter implements SpanProcessor {
  ended = 0;
  links = 0;
  attributes = 0;
  onStart(): void {}
  onEnd(span: ReadableSpan): void {
    if (!span.name.startsWith('step ')) return;
    this.ended += 1;
    this.links += span.links.length;
    this.attributes += Object.keys(span.attributes).length;
  }
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

/** One run of a layered dag, step after step, so that nothing but the steps is timed; run, plan and group spans are made by both. */
export async function run(sizes: readonly number[] = [100, 1000]): Promise<Result[]> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const counter = new Counter();
  const tracer = new TracerProvider({ spanProcessors: [counter] }).getTracer('bench');
  const { traceOrchestration } = createOrchestrace({ tracer, metrics: false });
  const rows: Row[] = [];
  let calls = 0;
  const body = async (): Promise<void> => {
    // oxlint-disable-next-line unicorn/no-unnecessary-await, typescript/await-thenable -- one microtask, and no promise of its own
    await null;
    calls += 1;
  };

  for (const size of sizes) {
    const plan = parsePlan(layeredPlan(size));
    const executionPlanTrace = createExecutionPlanTrace(plan);
    const tools = executionPlanTrace.execution_groups.flatMap(({ tools, group_index }) =>
      tools.map((tool, execution_order) => {
        const mapped = new Set(dataSources(tool.output_mapping));
        const edges = [
          ...[...mapped].map((id) => ({ id, type: 'data' })),
          ...tool.depends_on.filter((id) => !mapped.has(id)).map((id) => ({ id, type: 'depends_on' })),
        ];
        return { ...tool, group_index, execution_order, edges, mapping: JSON.stringify(tool.output_mapping) };
      }),
    );
    const planParts = splitByBytes(JSON.stringify(executionPlanTrace), 65_536);
    const groupSizes = executionPlanTrace.execution_groups.map((group) => group.tools.length);

    const ours = (): Promise<void> =>
      traceOrchestration(
        plan,
        async (run) => {
          for (const { tool_id } of tools) await run.step(tool_id, body);
        },
        { executionPlanTrace },
      );

    const byHand = async (): Promise<void> => {
      const runAttributes = {
        'orchestration.span.type': 'run',
        'orchestration.run.id': crypto.randomUUID(),
        'orchestration.plan.source': 'declared',
        'orchestration.plan.name': 'bench plan',
        'orchestration.plan.hash': '0123456789abcdef',
        'orchestration.strategy': 'dag',
        'orchestration.total_groups': executionPlanTrace.total_groups,
        'orchestration.total_tools': executionPlanTrace.total_tools,
      };
      const runSpan = tracer.startSpan('orchestration bench plan dag', { attributes: runAttributes }, ROOT_CONTEXT);
      const runContext = trace.setSpan(ROOT_CONTEXT, runSpan);
      for (const [part, text] of planParts.entries()) {
        const attributes = {
          'orchestration.span.type': 'plan',
          'orchestration.execution_plan': text,
          'orchestration.plan.name': 'bench plan',
          'orchestration.plan.part': part + 1,
          'orchestration.plan.parts': planParts.length,
        };
        tracer.startSpan('plan bench plan', { attributes }, runContext).end();
      }
      const spanOf = new Map<string, SpanContext>();
      const endOf = new Map<string, number>();
      let groupContext: Context = runContext;
      for (const tool of tools) {
        if (tool.execution_order === 0) {
          const { tools: groupTools, parallel_execution } = executionPlanTrace.execution_groups[tool.group_index]!;
          const attributes = {
            'orchestration.span.type': 'group',
            'orchestration.group_index': tool.group_index,
            'orchestration.strategy': 'dag',
            'orchestration.parallel_execution': parallel_execution,
            'orchestration.tool_ids': groupTools.map(({ tool_id }) => tool_id),
            'orchestration.dependency_groups': tool.dependency_groups as number[],
          };
          const group = tracer.startSpan(`group ${tool.group_index} parallel`, { attributes }, runContext);
          groupContext = trace.setSpan(runContext, group);
        }
        const links: Link[] = tool.edges.map(({ id, type }) => linkTo(id, type, spanOf));
        const started = performance.now();
        let blockedBy: string | undefined;
        let readyAt = 0;
        for (const id of tool.depends_on) if (endOf.get(id)! >= readyAt) [blockedBy, readyAt] = [id, endOf.get(id)!];
        const attributes = {
          'orchestration.span.type': 'step',
          'orchestration.tool_id': tool.tool_id,
          'orchestration.tool_type': tool.tool_type,
          'orchestration.strategy': 'dag',
          'orchestration.group_index': tool.group_index,
          'orchestration.execution_order': tool.execution_order,
          'orchestration.depends_on': tool.depends_on as string[],
          'orchestration.dependency_groups': tool.dependency_groups as number[],
          'orchestration.output_mapping': tool.mapping,
          'orchestration.wait_ms': Math.round(started - readyAt),
          ...(blockedBy !== undefined && { 'orchestration.blocked_by': blockedBy }),
          'orchestration.wait_reason': started - readyAt >= 0.5 ? 'unknown' : 'dependency',
        };
        const span = tracer.startSpan(`step ${tool.tool_id}`, { attributes, links }, groupContext);
        await context.with(trace.setSpan(groupContext, span), async () => {
          try {
            await body();
            span.setAttributes({ 'orchestration.outcome': 'success', 'orchestration.attempt_count': 1 });
          } catch (error) {
            span.recordException(error as Error);
            span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
            throw error;
          } finally {
            span.end();
            spanOf.set(tool.tool_id, span.spanContext());
            endOf.set(tool.tool_id, performance.now());
          }
        });
        if (tool.execution_order === groupSizes[tool.group_index]! - 1)
          trace.getSpan(groupContext)!.setAttributes({ 'orchestration.outcome': 'success' }).end();
      }
      runSpan.setAttributes({ 'orchestration.outcome': 'success' }).end();
    };

    const counts = async (
      work: () => Promise<void>,
    ): Promise<Record<'ended' | 'links' | 'attributes' | 'calls', number>> => {
      const before = { ended: counter.ended, links: counter.links, attributes: counter.attributes, calls };
      await work();
      const { ended, links, attributes } = counter;
      return {
        ended: ended - before.ended,
        links: links - before.links,
        attributes: attributes - before.attributes,
        calls: calls - before.calls,
      };
    };
    const [{ attributes, ...rest }, { attributes: expected, ...expectedRest }] = [
      await counts(ours),
      await counts(byHand),
    ];
    assert.deepEqual(rest, expectedRest);
    // What needs nothing and starts at once waits for nothing, and its span says nothing of it.
    const needless = tools.filter(({ depends_on }) => depends_on.length === 0).length;
    assert.ok(attributes <= expected && attributes >= expected - needless, `${attributes} of ${expected} attributes`);
    rows.push(await sideBySideAsync(size, ours, byHand));
  }
  return [{ name, ratio: Math.max(...rows.map(({ ratio }) => ratio)), goal, rows }];
}

function linkTo(id: string, type: string, spanOf: ReadonlyMap<string, SpanContext>): Link {
  const attributes = { 'orchestration.link.type': type, 'orchestration.tool_id': id, from: 'output', to: 'input' };
  return { context: spanOf.get(id)!, attributes };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { rows } of await run()) console.table(rows);
}
