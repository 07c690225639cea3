import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { trace } from '@opentelemetry/api';
import { traceTool } from '../../src/index.ts';
import { type Result, sideBySide } from './side-by-side.ts';

export const name = 'a wrapped call without SDK against the raw API';
const goal = 1.25;

/** No provider is registered. The raw API call is the least that anybody writes: a name and one attribute. */
export async function run(): Promise<Result[]> {
  let calls = 0;
  const work = (a: number, b: number): number => {
    calls += 1;
    return a + b;
  };
  const wrapped = traceTool('add', work);
  const tracer = trace.getTracer('bench');
  const raw = (a: number, b: number): number =>
    tracer.startActiveSpan('step add', { attributes: { 'orchestration.tool_id': 'add' } }, (span) => {
      try {
        return work(a, b);
      } finally {
        span.end();
      }
    });
  assert.equal(tracer.startSpan('x').isRecording(), false);
  assert.equal(wrapped(1, 2), raw(1, 2));
  assert.equal(calls, 2);
  const row = await sideBySide(
    1,
    () => wrapped(1, 2),
    () => raw(1, 2),
  );
  assert.ok(calls > 1000);
  return [{ name, ratio: row.ratio, goal, rows: [row] }];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { rows } of await run()) console.table(rows);
}
