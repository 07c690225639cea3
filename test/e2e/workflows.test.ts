import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { Forwarder } from '../../src/cli/destination.ts';
import { explainRun, type Explanation } from '../../src/explain/explain-run.ts';
import type { ReceivedSpan } from '../../src/explain/read/received-span.ts';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import type { Run, Step } from '../../src/explain/read/run.ts';
import { runPlan, type RunResult, type ToolContext } from '../../src/index.ts';
import { encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { JaegerClient } from '../../src/inspector/jaeger.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { readTraces } from '../../src/inspector/read-traces.ts';
import { type Receiver, startReceiver } from '../../src/inspector/receive.ts';
import { startTracing, type Tracing } from '../../src/node/index.ts';
import { readWorkflows, type Workflow } from '../bench/workflows.ts';
import { readTrace } from '../helpers/jaeger.ts';
import { Chains, type Link } from './chains.ts';

/** How long the critical path of a workflow takes here. */
const TARGET_MS = 1_000;
/** A workflow of so many tools is small enough to try what becomes of it when each of its steps takes longer. */
const SMALL = 60;
/** What times may be off by in spans, which start on whole milliseconds. */
const CLOCK_MS = 1;
const CLOCK_NS = 1_000_000n;

const stack = inject('stack')!;
const workflows = readWorkflows();
if (stack && !workflows) process.stdout.write('the real workflows are not run: there is no folder of them\n');

let folder: string;
let received: ReceivedSpan[] = [];
let forwarder: Forwarder;
let receiver: Receiver;
let tracing: Tracing;

describe.skipIf(!stack || !workflows)('a real workflow, read back', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orchestrace-workflows-'));
    forwarder = new Forwarder(`${stack.otlpUrl}/v1/traces`, {});
    receiver = await startReceiver({
      onSpans: (spans, request) => {
        received.push(...spans);
        forwarder.push(request);
      },
    });
    tracing = await startTracing({
      serviceName: 'orchestrace-workflows',
      endpoint: receiver.url,
      protocol: 'http/protobuf',
    });
  });
  beforeEach(() => void (received = []));
  afterAll(async () => {
    await tracing?.shutdown();
    await receiver?.close();
    await rm(folder, { recursive: true });
  });

  it.for([...(workflows ?? [])])('%s: the same from everywhere, and as it was', async ([, workflow]) => {
    const { success, traceId, wallMs } = await runWorkflow(workflow);
    expect(success).toBe(true);
    const { run, explanation } = await readFromEverywhere(traceId!);

    const ids = workflow.tools.map(({ tool_id }) => tool_id);
    expect(run.outcome).toBe('success');
    expect(run.notes).toEqual([]);
    expect(explanation.completeness).toEqual({ planned: ids.length, seen: ids.length });
    expect(explanation.done.toSorted()).toEqual(ids.toSorted());
    expect(explanation.notDone).toEqual([]);
    expect(explanation.findings.filter(({ savesMs }) => savesMs === 0)).toEqual([]); // nothing was wrong
    expectOnlyNarrower(run, explanation);
    const chains = expectChains(workflow, run, explanation);
    if (ids.length <= SMALL) expectSlackHolds(chains, explanation);
    expectSaidOnSpan(run, explanation, chains, wallMs);
  });

  it('montage-05d.json with a tool that fails: what that kept from running, and what ran all the same', async () => {
    const workflow = workflows!.get('montage-05d.json')!;
    const broken = 'mConcatFit_ID0000030';
    const { failedSteps, skippedSteps, traceId, wallMs } = await runWorkflow(workflow, broken);
    const { run, explanation } = await readFromEverywhere(traceId!);

    const chains = expectChains(workflow, run, explanation);
    const affected = [...chains.dependants(broken)].toSorted();
    const done = workflow.tools.map(({ tool_id }) => tool_id).filter((id) => id !== broken && !affected.includes(id));
    expect(affected.length).toBeGreaterThan(0);
    expect([failedSteps, skippedSteps.toSorted()]).toEqual([[broken], affected]);
    expect([run.outcome, explanation.rootCause]).toEqual(['failure', broken]);
    expect(explanation.affected.toSorted()).toEqual(affected);
    expect(explanation.done.toSorted()).toEqual(done.toSorted());
    expect(explanation.notDone.map(({ toolId }) => toolId).toSorted()).toEqual([broken, ...affected].toSorted());
    const skipped = explanation.differences.filter(({ kind }) => kind === 'skipped').map(({ toolId }) => toolId!);
    expect(skipped.toSorted()).toEqual(affected);
    expectOnlyNarrower(run, explanation, 'skipped');
    expectSlackHolds(chains, explanation);
    expect(run.span!.attributes.get('orchestration.root_cause')).toBe(broken);
    expectSaidOnSpan(run, explanation, chains, wallMs);
    expect(explanation.verdict).toMatch(
      /^Failed after [\d.]+ m?s: mConcatFit_ID0000030 failed \(no such file\); mBgModel_ID0000031, mBackground_ID0000032, mBackground_ID0000033 and 6 more did not run because of it\./,
    );
  });
});

/** Runs a workflow whose tools wait in proportion to what they once took, in whole milliseconds. */
async function runWorkflow(workflow: Workflow, broken?: string): Promise<RunResult & { wallMs: number }> {
  const once = new Chains(linksOf(workflow, ({ params }) => BigInt(Math.round(params.runtime_s * 1e9))));
  const scale = TARGET_MS / Number(once.length);
  const waits = new Map(
    workflow.tools.map(({ tool_id, params }) => [tool_id, Math.round(params.runtime_s * 1e9 * scale)]),
  );
  const execute = async ({ files }: Record<string, unknown>, { toolId }: ToolContext): Promise<object> => {
    const ms = waits.get(toolId)!;
    if (ms > 0) await sleep(ms);
    if (toolId === broken) throw new Error('no such file');
    return { files };
  };
  const tools = Object.fromEntries(workflow.tools.map(({ tool_id }) => [tool_id, execute]));
  const startedAt = performance.now();
  const result = await runPlan(workflow, { tools });
  return { ...result, wallMs: performance.now() - startedAt };
}

interface ReadBack {
  readonly run: Run;
  readonly explanation: Explanation;
}

/** Reads a run from the receiver, a store, a file and Jaeger, and expects the very same of all four: no attribute is left out of account. */
async function readFromEverywhere(traceId: string): Promise<ReadBack> {
  expect(await tracing.forceFlush()).toEqual({ ok: true, pending: 0, dropped: 0 });
  expect(await forwarder.finish()).toBeUndefined();
  await readTrace(stack.jaegerUrl, traceId, received.length);

  await writeStore(received);
  await writeFile(join(folder, 'traces.jsonl'), [...encodeTracesLines(received)].join(''));
  const { spans: ofFile, faults } = readTraces(await readFile(join(folder, 'traces.jsonl'), 'utf8'));
  expect(faults).toEqual([]);
  const direct = readOne(received);
  for (const [from, spans] of [
    ['the store', await readStore(traceId)],
    ['the file', ofFile],
    ['Jaeger', await new JaegerClient(stack.jaegerUrl).trace(traceId)],
  ] as const) {
    const { run, explanation } = readOne(spans);
    expect(run, from).toEqual(direct.run);
    expect(explanation, from).toEqual(direct.explanation);
  }
  return direct;
}

/** Written by one connection and read by another, so that it is the file that is read. */
async function writeStore(spans: readonly ReceivedSpan[]): Promise<void> {
  await using store = openStore({ file: join(folder, 'traces.sqlite') });
  store.add(spans);
}

async function readStore(traceId: string): Promise<ReceivedSpan[]> {
  await using store = openStore({ file: join(folder, 'traces.sqlite') });
  return store.trace(traceId);
}

function readOne(spans: readonly ReceivedSpan[]): ReadBack {
  const [run, ...more] = reconstruct(spans);
  expect(more).toEqual([]);
  return { run: run!, explanation: explainRun(run!) };
}

/**
 * Computes the critical path and every slack from the plan and the spans of the steps, and expects the same of the explanation, to the
 * nanosecond.
 */
function expectChains(workflow: Workflow, run: Run, { criticalPath, steps }: Explanation): Chains {
  const ran = new Map(stepsOf(run).map((step) => [step.toolId, step]));
  const chains = new Chains(linksOf(workflow, ({ tool_id }) => durationOf(ran.get(tool_id)!)));
  const path = criticalPath!.steps.map(({ toolId }) => toolId);
  expect(criticalPath!.ms).toBe(inMs(chains.length));
  expect(chains.along(path)).toBe(chains.length);
  expect(steps.filter(({ isCritical }) => isCritical).map(({ toolId }) => toolId)).toEqual(path);
  expect(new Map(steps.map(({ toolId, slackMs }) => [toolId, slackMs]))).toEqual(
    new Map([...ran.keys()].map((id) => [id, inMs(chains.slackOf(id))])),
  );
  return chains;
}

/** A step may take as much longer as its slack says, and not a nanosecond more. */
function expectSlackHolds(chains: Chains, { steps }: Explanation): void {
  for (const { toolId, slackMs } of steps) {
    const slackNs = BigInt(Math.round(slackMs! * 1e6));
    expect(chains.lengthened(toolId, slackNs).length, toolId).toBe(chains.length);
    expect(chains.lengthened(toolId, slackNs + 1n).length, toolId).toBe(chains.length + 1n);
  }
}

/** Nothing differs from the plan but groups of which not all steps ran at once; how many did is counted here again. */
function expectOnlyNarrower(run: Run, { differences }: Explanation, ...others: string[]): void {
  for (const { kind, groupIndex, text } of differences.filter(({ kind }) => !others.includes(kind))) {
    const { steps } = run.groups.find((group) => group.groupIndex === groupIndex)!;
    // Without the last millisecond: steps that followed each other may seem to overlap by what their starts were cut.
    const times = steps.map(({ span }) => [span!.startNs, span!.endNs - CLOCK_NS] as const);
    const peak = Math.max(...times.map(([at]) => times.filter(([start, end]) => start <= at && at < end).length));
    const said = `group ${groupIndex} may run ${steps.length} tools at once; at most ${peak} did`;
    expect([kind, text]).toEqual(['narrower', said]);
    expect(peak).toBeLessThan(steps.length);
  }
}

/**
 * What the process says of itself: by its own clock, which is more exact than the times of spans, and with the time that it takes to record
 * a step. So its times are no shorter than those read back, and it may find another chain that is about as long.
 */
function expectSaidOnSpan(run: Run, { criticalPath, verdict }: Explanation, chains: Chains, wallMs: number): void {
  const { attributes } = run.span!;
  const path = attributes.get('orchestration.critical_path') as string[];
  expect(inMs(chains.length - chains.along(path)!)).toBeLessThanOrEqual(CLOCK_MS * path.length);
  const pathMs = attributes.get('orchestration.critical_path_ms') as number;
  const said = attributes.get('orchestration.verdict') as string;
  const [, outcome, text, unit] = /^(Succeeded in|Failed after) ([\d.]+) (ms|s)\b/.exec(said)!;
  expect(outcome).toBe(run.outcome === 'success' ? 'Succeeded in' : 'Failed after');
  expect(verdict.startsWith(`${outcome} `)).toBe(true);
  const [tookMs, roundedMs] = unit === 's' ? [Number(text) * 1_000, 5] : [Number(text), 0.5];
  expect(pathMs).toBeGreaterThanOrEqual(criticalPath!.ms - 0.5);
  expect(tookMs).toBeGreaterThanOrEqual(pathMs - 0.5 - roundedMs);
  expect(wallMs).toBeGreaterThanOrEqual(tookMs - roundedMs);

  if (path.join() !== criticalPath!.steps.map(({ toolId }) => toolId).join()) return;
  const named = [said, verdict].flatMap((text) => /Critical path (.*), [\d.]+ m?s\.$/.exec(text)?.[1] ?? []);
  expect(new Set(named).size).toBeLessThanOrEqual(1);
}

function linksOf({ tools }: Workflow, ns: (tool: Workflow['tools'][number]) => bigint): Map<string, Link> {
  return new Map(tools.map((tool) => [tool.tool_id, { needs: tool.depends_on, ns: ns(tool) }]));
}

function stepsOf(run: Run): Step[] {
  return run.groups.flatMap(({ steps }) => steps);
}

/** Of a step that was skipped it is none, though its span lasts a nanosecond. */
function durationOf({ span, outcome }: Step): bigint {
  return outcome === 'skip' ? 0n : span!.endNs - span!.startNs;
}

function inMs(ns: bigint): number {
  return Number(ns) / 1e6;
}
