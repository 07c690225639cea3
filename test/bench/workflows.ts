import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { createOrchestrace, type Scheduling, type ToolContext } from '../../src/index.ts';
import type { Result } from './side-by-side.ts';

export const name = 'real workflows: makespan against the critical path';
const goal = 1.02;
/** Below this, the lateness of timers is measured and nothing else. */
const SHORTEST_MS = 100;

/** A plan made from a recorded run: how long each tool took, and which files it made. */
export interface Workflow {
  readonly name: string;
  readonly strategy: 'dag';
  readonly tools: readonly {
    readonly tool_id: string;
    readonly depends_on: readonly string[];
    readonly output_mapping: Readonly<Record<string, string>>;
    readonly params: { readonly runtime_s: number; readonly files: readonly string[] };
  }[];
}

/** How one run went. */
export interface Measured {
  readonly criticalPathMs: number;
  readonly makespanMs: number;
}

const FOLDER = new URL(
  `${process.env['ORCHESTRACE_WORKFLOWS'] ?? '../shared/workflows'}/`,
  new URL('../../', import.meta.url),
);

/** The workflows by file name; undefined where the folder is absent. */
export function readWorkflows(): Map<string, Workflow> | undefined {
  if (!existsSync(FOLDER)) return undefined;
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => [file, JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Workflow] as const),
  );
}

/** Runs a workflow whose tools wait as long as they once took, scaled so that the critical path takes `targetMs`; each waits whole milliseconds. */
export async function measure(workflow: Workflow, targetMs: number, scheduling: Scheduling): Promise<Measured> {
  const scale = targetMs / criticalPath(workflow, ({ params }) => params.runtime_s);
  const durations = new Map(
    workflow.tools.map((tool) => [tool.tool_id, Math.round(tool.params.runtime_s * scale)] as const),
  );
  const criticalPathMs = criticalPath(workflow, ({ tool_id }) => durations.get(tool_id)!);
  const tracer = new TracerProvider().getTracer('bench');
  const { runPlan } = createOrchestrace({ tracer, metrics: false });
  const execute = async ({ files }: { files: unknown }, { toolId }: ToolContext): Promise<object> => {
    const duration = durations.get(toolId)!;
    if (duration > 0) await new Promise((resolve) => setTimeout(resolve, duration));
    return { files };
  };
  const tools = Object.fromEntries(workflow.tools.map(({ tool_id }) => [tool_id, execute]));
  const start = performance.now();
  const { success, results } = await runPlan(workflow, { tools, scheduling });
  const makespanMs = performance.now() - start;
  assert.ok(success && results.size === workflow.tools.length);
  return { criticalPathMs, makespanMs };
}

/** The longest way through a plan. */
function criticalPath({ tools }: Workflow, durationOf: (tool: Workflow['tools'][number]) => number): number {
  const byId = new Map(tools.map((tool) => [tool.tool_id, tool]));
  const ends = new Map<string, number>();
  const endOf = (tool: Workflow['tools'][number]): number => {
    const known = ends.get(tool.tool_id);
    if (known !== undefined) return known;
    const end = durationOf(tool) + Math.max(0, ...tool.depends_on.map((id) => endOf(byId.get(id)!)));
    ends.set(tool.tool_id, end);
    return end;
  };
  return Math.max(0, ...tools.map(endOf));
}

interface Line extends Measured {
  readonly file: string;
  readonly size: number;
  readonly byGroupMs: number;
}

async function measureAll(targetMs: number): Promise<Line[]> {
  const workflows = readWorkflows();
  if (!workflows) console.error(`no workflows in ${FOLDER.pathname}; nothing is measured`);
  const lines: Line[] = [];
  for (const [file, workflow] of workflows ?? []) {
    for (let pass = 0; pass < 10; pass += 1) await measure(workflow, 20, 'ready'); // until it is compiled
    const ready = await medianOf(5, () => measure(workflow, targetMs, 'ready'));
    const { makespanMs: byGroupMs } = await medianOf(3, () => measure(workflow, targetMs, 'group'));
    lines.push({ file, size: workflow.tools.length, ...ready, byGroupMs });
  }
  return lines;
}

async function medianOf(rounds: number, once: () => Promise<Measured>): Promise<Measured> {
  const runs: Measured[] = [];
  for (let round = 0; round < rounds; round += 1) runs.push(await once());
  return runs.toSorted((a, b) => a.makespanMs - b.makespanMs)[Math.floor(rounds / 2)]!;
}

export async function run(targetMs = 1000): Promise<Result[]> {
  const lines = (await measureAll(targetMs)).filter(({ criticalPathMs }) => criticalPathMs > SHORTEST_MS);
  if (lines.length === 0) return [];
  const rows = lines.map(({ size, makespanMs, criticalPathMs }) => ({
    size,
    oursNs: makespanMs * 1e6,
    floorNs: criticalPathMs * 1e6,
    ratio: makespanMs / criticalPathMs,
  }));
  return [{ name, ratio: Math.max(...rows.map(({ ratio }) => ratio)), goal, rows }];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const lines = await measureAll(1000);
  if (lines.length > 0)
    console.table(
      lines.map(({ file, size, criticalPathMs, makespanMs, byGroupMs }) => ({
        workflow: file.replace('.json', ''),
        tools: size,
        'critical path, ms': criticalPathMs,
        'ready, ms': Number(makespanMs.toFixed(1)),
        'ready / path': Number((makespanMs / criticalPathMs).toFixed(3)),
        'group, ms': Number(byGroupMs.toFixed(1)),
        'group / ready': Number((byGroupMs / makespanMs).toFixed(2)),
      })),
    );
}
