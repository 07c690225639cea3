/**
 * A host process whose run goes on as its parent says: `steered-child.ts URL PLAN`. Tells each call of a tool, and does with it what it is told; `spin` never comes back.
 */
import { parsePlan, runPlan, type ToolContext } from '../../src/index.ts';
import { startTracing } from '../../src/node/index.ts';

/** What to do with the call of a tool that waits: return, throw this message, or never come back. */
export interface Order {
  readonly toolId: string;
  readonly does: 'return' | 'throw' | 'block';
  readonly message?: string;
}

/** The call of a tool. */
export interface Call {
  readonly toolId: string;
  readonly attempt: number;
}

const [url = '', plan = ''] = process.argv.slice(2);
const waiting = new Map<string, { resolve: (value: string) => void; reject: (error: Error) => void }>();

process.on('message', ({ toolId, does, message }: Order) => {
  const call = waiting.get(toolId)!;
  if (does === 'return') call.resolve(`made by ${toolId}`);
  else if (does === 'throw') call.reject(new Error(message));
  else for (;;); // as a loop that has no end does
});

function call(_: unknown, { toolId, attempt }: ToolContext): Promise<string> {
  if (toolId === 'spin') for (;;); // from its start
  return new Promise((resolve, reject) => {
    waiting.set(toolId, { resolve, reject });
    process.send!({ toolId, attempt } satisfies Call);
  });
}

const parsed = parsePlan(JSON.parse(plan));
const tracing = await startTracing({ serviceName: 'steered', endpoint: url, inspectorUrl: url });
await runPlan(parsed, { tools: Object.fromEntries(parsed.tools.map(({ tool_id }) => [tool_id, call])) });
await tracing.shutdown();
process.disconnect();
