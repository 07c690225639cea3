import assert from 'node:assert/strict';
import { explainRun } from '../../src/explain/explain-run.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import { createExecutionPlanTrace, parsePlan } from '../../src/index.ts';
import { layeredPlan, type Result, type Row } from './side-by-side.ts';

export const name = 'reconstruct and explain a run';
/** Milliseconds for 10,000 steps; the floor is reading the same spans as JSON. */
const goal = 120;

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const START_NS = 1_795_392_000_000_000_000n;
const WIDTH = 16;

/** The spans of a run of a layered plan, as an executor with so many slots makes them: with waits, retries and failures. */
export function spansOfRun(size: number): ReceivedSpan[] {
  const trace = createExecutionPlanTrace(parsePlan(layeredPlan(size)));
  const tools = trace.execution_groups.flatMap(({ group_index, tools }) =>
    tools.map((tool, execution_order) => ({ ...tool, group_index, execution_order })),
  );
  const ends = new Map<string, number>();
  const slots = Array.from({ length: WIDTH }, () => 0);
  const spans: ReceivedSpan[] = [];
  let [id, end] = [0, 0];
  const span = (type: string, name: string, parent: string | undefined, ms: [number, number], more: object): string => {
    const spanId = (++id).toString(16).padStart(16, '0');
    const attributes = Object.entries({ 'span.type': type, ...more }).map(
      ([key, value]) => [`orchestration.${key}`, value] as const,
    );
    spans.push({
      traceId: TRACE_ID,
      spanId,
      ...(parent !== undefined && { parentSpanId: parent }),
      name,
      kind: 'internal',
      startNs: START_NS + BigInt(ms[0]) * 1_000_000n,
      endNs: START_NS + BigInt(ms[1]) * 1_000_000n,
      attributes: new Map(attributes),
      events: [],
      links: [],
      status: { code: 'unset' },
      resource: new Map([['service.name', 'bench']]),
      scope: { name: 'orchestrace' },
    });
    return spanId;
  };
  const run = span('run', 'orchestration bench plan dag', undefined, [0, 0], {
    'plan.name': 'bench plan',
    strategy: 'dag',
    outcome: 'success',
  });
  span('plan', 'plan bench plan', run, [0, 0], { execution_plan: JSON.stringify(trace) });
  const groups = trace.execution_groups.map(({ group_index }) =>
    span('group', `group ${group_index} parallel`, run, [0, 0], { group_index, parallel_execution: true }),
  );
  for (const [index, tool] of tools.entries()) {
    const ready = Math.max(0, ...tool.depends_on.map((needed) => ends.get(needed)!));
    const slot = slots.indexOf(Math.min(...slots));
    const start = Math.max(ready, slots[slot]!);
    const tries = index % 50 === 0 ? 2 : 1;
    slots[slot] = start + tries * (1 + (index % 17));
    ends.set(tool.tool_id, slots[slot]);
    end = Math.max(end, slots[slot]);
    const step = span('step', `step ${tool.tool_id}`, groups[tool.group_index], [start, slots[slot]], {
      tool_id: tool.tool_id,
      tool_type: tool.tool_type,
      strategy: 'dag',
      group_index: tool.group_index,
      execution_order: tool.execution_order,
      depends_on: tool.depends_on,
      output_mapping: JSON.stringify(tool.output_mapping),
      mappings: JSON.stringify([{ field: 'filter', ref: '{x.data}', resolved: true, type: 'string', bytes: 6 }]),
      outcome: 'success',
      attempt_count: tries,
    });
    for (let attempt = 1; tries > 1 && attempt <= tries; attempt += 1) {
      const at = start + (attempt - 1) * (1 + (index % 17));
      span('attempt', `attempt ${attempt}`, step, [at, at + 1 + (index % 17)], { attempt, max_attempts: 3 });
    }
  }
  spans[0] = { ...spans[0]!, endNs: START_NS + BigInt(end) * 1_000_000n };
  return spans;
}

export async function run(sizes: readonly number[] = [1000, 10_000]): Promise<Result[]> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const spans = spansOfRun(size);
    const json = JSON.stringify(spans, (_, value: unknown) => {
      if (typeof value === 'bigint') return String(value);
      return value instanceof Map ? [...(value as Map<string, unknown>)] : value;
    });
    const ours = (): number => {
      const [run] = reconstruct(spans);
      const { steps, verdict } = explainRun(run!);
      assert.ok(verdict.startsWith('Succeeded in '));
      return steps.length;
    };
    assert.equal(ours(), size);
    const [oursMs, floorMs] = [medianOf(ours), medianOf(() => JSON.parse(json))];
    rows.push({ size, oursNs: oursMs * 1e6, floorNs: floorMs * 1e6, ratio: oursMs / floorMs });
  }
  return [{ name: `${name} (goal: ${goal} ms for 10,000 steps)`, ratio: rows.at(-1)!.oursNs / 1e6, goal, rows }];
}

/** Milliseconds of this thread. */
function medianOf(call: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const before = process.threadCpuUsage();
    call();
    const { user, system } = process.threadCpuUsage(before);
    if (round >= 4) times.push((user + system) / 1000);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
