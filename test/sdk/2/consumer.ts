/** Type-checked against api 1.9.1 by sdk.test.ts: the package's types must not need anything newer. */
import { trace, type Attributes, type Span, type Tracer } from '@opentelemetry/api';
import {
  continueOrchestration,
  createExecutionPlanTrace,
  createOrchestrace,
  parsePlan,
  PlanError,
  runPlan,
  traceOrchestration,
  traceTool,
  traceTools,
  type Carrier,
  type ExecutionPlanTrace,
  type PlanInput,
  type RunResult,
  type StepResult,
  type Tool,
  type TraceOptions,
} from 'orchestrace';
import { ATTR_ORCHESTRATION_TOOL_ID } from 'orchestrace/semconv';

const tracer: Tracer = trace.getTracer('application');
const attributes: Attributes = { team: 'platform' };
const options: TraceOptions = { tracer, attributes, conventions: ['gen_ai'], redact: (text) => text };

const plan = {
  name: 'typed',
  strategy: 'dag',
  tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'], output_mapping: { id: '{a.data.id}' } }],
} as const satisfies PlanInput;
export const executionPlanTrace: ExecutionPlanTrace = createExecutionPlanTrace(parsePlan(plan));

const look: Tool<{ id: number }, string> = async ({ id }, { span, signal }) => {
  span.setAttribute('application.id', id);
  signal.throwIfAborted();
  return `found ${id}`;
};

const traced: (id: number) => Promise<string> = traceTool('look', async (id: number) => `found ${id}`);
const tools: { add: (a: number, b: number) => number } = traceTools({ add: (a: number, b: number) => a + b });

export async function main(): Promise<StepResult | undefined> {
  const run: RunResult = await runPlan(plan, { tools: { a: () => ({ id: 1 }), b: look }, ...options });
  const { traceOrchestration: traceOwn } = createOrchestrace(options);
  const sum: number = await traceOwn(plan, async ({ step, skip, carrier }) => {
    const found: string = await step('a', async ({ attempt, span }) => attempt(() => note(span)));
    skip('b', `condition not met: ${found}`);
    const headers: Carrier = carrier('b');
    return continueOrchestration(headers, () => tools.add(1, found.length));
  });
  const text: string = traceOrchestration(undefined, (own) => `${own.runId} ${sum}`, { runId: 'one' });
  return run.results.get(text);
}

async function note(span: Span): Promise<string> {
  span.setAttribute(ATTR_ORCHESTRATION_TOOL_ID, 'a');
  return traced(1);
}

// @ts-expect-error -- a strategy that does not exist
export const wrong: PlanInput = { strategy: 'sideways', tools: [] };

export const codeOf = (error: unknown): string => (PlanError.isInstance(error) ? error.code : 'none');
