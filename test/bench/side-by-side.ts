import { Bench } from 'tinybench';

/** One comparison: ours against the floor. */
export interface Row {
  readonly size: number;
  /** Nanoseconds a call. */
  readonly oursNs: number;
  readonly floorNs: number;
  readonly ratio: number;
}

/** What a bench reports; `ratio` is the worst of the rows. */
export interface Result {
  readonly name: string;
  readonly ratio: number;
  readonly goal: number;
  readonly rows: readonly Row[];
}

/**
 * Times two functions side by side: both in every round, first the one and then the other first. The ratio is the median
 * over the rounds, so that a slow phase of the machine hits both alike.
 */
export async function sideBySide(size: number, ours: () => unknown, floor: () => unknown, rounds = 11): Promise<Row> {
  const repeats = Math.max(1, Math.ceil(1000 / (await warmUp(ours, floor))));
  const results: { oursNs: number; floorNs: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const bench = new Bench({ time: 60, iterations: 8, warmup: false });
    const tasks = [
      ['ours', ours],
      ['floor', floor],
    ] as const;
    for (const [name, call] of round % 2 === 0 ? tasks : tasks.toReversed()) {
      bench.add(name, () => {
        let kept: unknown;
        for (let i = 0; i < repeats; i += 1) kept = call();
        if (kept === undefined) throw new Error(`${name} gave nothing`);
      });
    }
    globalThis.gc?.();
    await bench.run();
    results.push({ oursNs: medianNs(bench, 'ours') / repeats, floorNs: medianNs(bench, 'floor') / repeats });
  }
  return {
    size,
    oursNs: median(results.map(({ oursNs }) => oursNs)),
    floorNs: median(results.map(({ floorNs }) => floorNs)),
    ratio: median(results.map(({ oursNs, floorNs }) => oursNs / floorNs)),
  };
}

/** Like {@link sideBySide}, for calls that take a while and are awaited: a whole run each. */
export async function sideBySideAsync(
  size: number,
  ours: () => Promise<unknown>,
  floor: () => Promise<unknown>,
  rounds = 11,
): Promise<Row> {
  // CPU time of this thread: what other processes do meanwhile does not count.
  const time = async (call: () => Promise<unknown>, forMs: number): Promise<number> => {
    const before = process.threadCpuUsage();
    let calls = 0;
    for (const end = performance.now() + forMs; performance.now() < end || calls < 5; calls += 1) await call();
    const { user, system } = process.threadCpuUsage(before);
    return ((user + system) * 1000) / calls / size;
  };
  for (let pass = 0; pass < 3; pass += 1) for (const call of [ours, floor]) await time(call, 200);
  const results: { oursNs: number; floorNs: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    globalThis.gc?.();
    const result = { oursNs: 0, floorNs: 0 };
    const tasks = [
      ['oursNs', ours],
      ['floorNs', floor],
    ] as const;
    for (const [key, call] of round % 2 === 0 ? tasks : tasks.toReversed()) result[key] = await time(call, 250);
    results.push(result);
  }
  return {
    size,
    oursNs: median(results.map(({ oursNs }) => oursNs)),
    floorNs: median(results.map(({ floorNs }) => floorNs)),
    ratio: median(results.map(({ oursNs, floorNs }) => oursNs / floorNs)),
  };
}

/** Runs both until they are compiled; gives the microseconds that the slower one takes. */
async function warmUp(...calls: readonly (() => unknown)[]): Promise<number> {
  const times: number[] = [];
  for (let pass = 0; pass < 4; pass += 1) {
    for (const call of calls) {
      const end = performance.now() + 100;
      let count = 0;
      const start = performance.now();
      for (; performance.now() < end; count += 1) call();
      times.push(((performance.now() - start) * 1000) / count);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return Math.max(...times.slice(-calls.length));
}

function medianNs(bench: Bench, name: string): number {
  const result = bench.getTask(name)?.result;
  if (result === undefined || !('latency' in result)) throw new Error(`${name} did not run`);
  return result.latency.p50 * 1e6;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** A plan as JSON gives it: tools in layers, each with a dependency in the layer before and up to two more, shuffled. */
export function layeredPlan(size: number): { name: string; strategy: 'dag'; tools: PlainTool[] } {
  const layers = { 10: 4, 100: 8, 1000: 20 }[size] ?? Math.ceil(Math.sqrt(size));
  const random = randomFrom(42);
  const below = (end: number): number => Math.floor(random() * end);
  const layerStart = (layer: number): number => Math.floor((layer * size) / layers);
  const tools: PlainTool[] = [];
  for (let layer = 0; layer < layers; layer += 1) {
    const [start, end] = [layerStart(layer), layerStart(layer + 1)];
    const previous = layerStart(Math.max(0, layer - 1));
    const oldest = layerStart(Math.max(0, layer - 3));
    for (let tool = start; tool < end; tool += 1) {
      const needs = new Set<number>();
      if (layer > 0) needs.add(previous + below(start - previous));
      for (let more = layer > 0 ? below(3) : 0; more > 0; more -= 1) needs.add(oldest + below(start - oldest));
      const [first] = needs;
      tools.push({
        tool_id: id(tool),
        tool_type: ['api', 'function', 'database', 'llm'][tool % 4]!,
        depends_on: [...needs].map(id),
        output_mapping: first === undefined ? {} : { filter: `{${id(first)}.data.rows[0].status}`, limit: '100' },
        params: { url: `https://example.test/${tool}`, retries: tool % 8, body: { a: 1, b: ['x', 'y'] } },
      });
    }
  }
  for (let i = size - 1; i > 0; i -= 1) {
    const j = below(i + 1);
    [tools[i], tools[j]] = [tools[j]!, tools[i]!];
  }
  return structuredClone({ name: 'bench plan', strategy: 'dag', tools });
}

export interface PlainTool {
  tool_id: string;
  tool_type: string;
  depends_on: string[];
  output_mapping: Record<string, string>;
  params: Record<string, unknown>;
}

function id(tool: number): string {
  return `tool_${tool.toString(36)}`;
}

/** Mulberry32: the same plans in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
