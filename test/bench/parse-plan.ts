import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { PlanError } from '../../src/errors.ts';
import { parsePlan } from '../../src/plan.ts';
import { layeredPlan, type Result, type Row, sideBySide } from './side-by-side.ts';

export const name = 'parsePlan against the same shape by zod alone';
const goal = 1.6;

/** The same fields, limits and defaults; no look at ids, edges, cycles, references or keys that are nearly right. */
const ZodAlone = z.object({
  name: z.string().optional(),
  strategy: z.enum(['parallel', 'serial', 'dag']).optional(),
  tools: z.array(
    z.object({
      tool_id: z.string(),
      tool_type: z.string().default('unknown'),
      depends_on: z.array(z.string()).default(() => []),
      output_mapping: z.record(z.string(), z.string()).default(() => ({})),
      params: z.record(z.string(), z.unknown()).default(() => ({})),
      timeout_ms: z.number().gt(0).max(2_147_483_647).optional(),
      retry: z.object({ max_attempts: z.int().min(1), backoff_ms: z.number().min(0).optional() }).optional(),
      condition: z
        .object({
          ref: z.string(),
          op: z.enum(['exists', 'not_exists', '==', '!=', '<', '<=', '>', '>=', 'contains']),
          value: z.unknown().optional(),
        })
        .optional(),
      join: z.enum(['all', 'any']).optional(),
    }),
  ),
  loops: z.array(z.object({ from: z.string(), to: z.string() })).optional(),
});

export async function run(sizes: readonly number[] = [10, 100, 1000]): Promise<Result[]> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const plan = layeredPlan(size);
    assert.deepEqual(parsePlan(plan), ZodAlone.parse(plan));
    assert.equal(parsePlan(plan).tools.length, size);
    for (const depends_on of [[42], ['nobody']]) {
      const broken = { ...plan, tools: [...plan.tools.slice(1), { tool_id: 'broken', depends_on }] };
      assert.throws(() => parsePlan(broken), PlanError);
    }
    rows.push(
      await sideBySide(
        size,
        () => parsePlan(plan),
        () => ZodAlone.parse(plan),
      ),
    );
  }
  return [{ name, ratio: Math.max(...rows.map(({ ratio }) => ratio)), goal, rows }];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { rows } of await run()) console.table(rows);
}
