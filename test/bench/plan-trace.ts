import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { createExecutionPlanTrace, type ExecutionGroup, type ExecutionPlanTrace } from '../../src/plan-trace.ts';
import { type Plan, parsePlan } from '../../src/plan.ts';
import { layeredPlan, type Result, type Row, sideBySide } from './side-by-side.ts';

export const name = 'createExecutionPlanTrace of a parsed plan against hand-written typed arrays and literals';
const goal = 2;

/** One function for dag plans, nothing shared, nothing general: what somebody would write who knows the shape. */
function traceByHand({ tools }: Plan): ExecutionPlanTrace {
  const size = tools.length;
  const index = new Map<string, number>();
  for (let i = 0; i < size; i += 1) index.set(tools[i]!.tool_id, i);
  if (index.size !== size) throw new Error('duplicate id');
  let edges = 0;
  for (let i = 0; i < size; i += 1) edges += tools[i]!.depends_on.length;
  const needs = new Int32Array(edges);
  const start = new Int32Array(size + 1);
  const missing = new Int32Array(size);
  const edgesOf = new Int32Array(size + 1);
  let filled = 0;
  for (let i = 0; i < size; i += 1) {
    const ids = tools[i]!.depends_on;
    missing[i] = ids.length;
    for (let k = 0; k < ids.length; k += 1) {
      const need = index.get(ids[k]!);
      if (need === undefined) throw new Error('unknown id');
      needs[filled++] = need;
      start[need + 1]! += 1;
    }
    edgesOf[i + 1] = filled;
  }
  for (let i = 0; i < size; i += 1) start[i + 1]! += start[i]!;
  const next = start.slice();
  const dependants = new Int32Array(edges);
  filled = 0;
  for (let i = 0; i < size; i += 1) for (let k = missing[i]!; k > 0; k -= 1) dependants[next[needs[filled++]!]!++] = i;
  const order = new Int32Array(size);
  const level = new Int32Array(size);
  let placed = 0;
  for (let i = 0; i < size; i += 1) if (missing[i] === 0) order[placed++] = i;
  for (let head = 0; head < placed; head += 1) {
    const tool = order[head]!;
    for (let e = start[tool]!; e < start[tool + 1]!; e += 1) {
      const dependant = dependants[e]!;
      missing[dependant]! -= 1;
      if (missing[dependant] === 0) {
        level[dependant] = level[tool]! + 1;
        order[placed++] = dependant;
      }
    }
  }
  if (placed !== size) throw new Error('cycle');
  const total = size === 0 ? 0 : level[order[size - 1]!]! + 1;
  const groups: number[][] = [];
  for (let g = 0; g < total; g += 1) groups.push([]);
  for (let i = 0; i < size; i += 1) groups[level[i]!]!.push(i);
  const needed = new Uint8Array(total);
  const tool_ids: string[] = [];
  for (let i = 0; i < size; i += 1) tool_ids.push(tools[i]!.tool_id);
  const execution_groups: ExecutionGroup[] = [];
  for (let group_index = 0; group_index < total; group_index += 1) {
    const members = groups[group_index]!;
    needed.fill(0);
    for (let m = 0; m < members.length; m += 1) {
      const tool = members[m]!;
      for (let e = edgesOf[tool]!; e < edgesOf[tool + 1]!; e += 1) needed[level[needs[e]!]!] = 1;
    }
    const dependency_groups: number[] = [];
    for (let g = 0; g < group_index; g += 1) if (needed[g] === 1) dependency_groups.push(g);
    const traced = [];
    for (let m = 0; m < members.length; m += 1) {
      const { tool_id, tool_type, depends_on, output_mapping } = tools[members[m]!]!;
      traced.push({ tool_id, tool_type, depends_on, dependency_groups, output_mapping });
    }
    execution_groups.push({ group_index, parallel_execution: members.length > 1, tools: traced });
  }
  return { strategy: 'dag', execution_groups, total_groups: total, total_tools: size, tool_ids };
}

export async function run(sizes: readonly number[] = [10, 100, 1000]): Promise<Result[]> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const plan = parsePlan(layeredPlan(size));
    const trace = createExecutionPlanTrace(plan);
    assert.deepEqual(trace, traceByHand(plan));
    assert.equal(
      new Set(trace.execution_groups.flatMap((group) => group.tools.map((tool) => tool.tool_id))).size,
      size,
    );
    assert.ok(trace.total_groups > 1 && trace.error === undefined);
    rows.push(
      await sideBySide(
        size,
        () => createExecutionPlanTrace(plan),
        () => traceByHand(plan),
      ),
    );
  }
  return [{ name, ratio: Math.max(...rows.map(({ ratio }) => ratio)), goal, rows }];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { rows } of await run()) console.table(rows);
}
