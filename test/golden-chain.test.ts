/**
 * Conformance with the executor that chains come from: vectors of what it does, and for each either the same answer, or the rule that says
 * why ours differs and what it is instead.
 *
 * The answer of ours is never compared with itself: a small model here, which knows the rules and nothing of the engine, says what a chain
 * must give; `followed` is what the recording says too.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ToolChainExecutor, type RunResult, type ToolChain, type ToolContext, type ToolEntry } from '../src/index.ts';

const FIXTURES = new URL('fixtures/golden/', import.meta.url);
const WHOLE = new URL(`${process.env.ORCHESTRACE_GOLDEN ?? '../shared/golden'}/`, new URL('../', import.meta.url));
const folders = [{ name: 'selection', folder: FIXTURES, isWhole: false }];
if (existsSync(WHOLE)) folders.push({ name: 'every vector', folder: WHOLE, isWhole: true });

interface Step {
  readonly step_id: string;
  readonly tool_name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly depends_on: readonly string[];
  readonly output_mapping: Readonly<Record<string, string>>;
  readonly timeout_ms?: number;
  readonly retry_count?: number;
}

interface Envelope {
  readonly success: boolean;
  readonly data: unknown;
  readonly error: string | null;
}

/** What a fake tool does. */
interface Script {
  readonly returns?: Envelope;
  readonly echo?: true;
  readonly raises?: { readonly type: string; readonly message: string | null };
  readonly raises_outside?: string;
  readonly returns_nothing?: true;
  readonly delay_ms?: number;
  readonly sequence?: readonly Script[];
  readonly shared?: true;
  readonly mutates?: Readonly<Record<string, unknown>>;
}

interface Start {
  readonly step_id: string;
  readonly tool_name: string;
  readonly executed_tool: string | null;
  readonly group_index: number;
  readonly execution_order: number;
  readonly params: unknown;
}

interface StepOutcome extends Envelope {
  readonly step_id: string;
}

interface Answer {
  readonly success: boolean;
  readonly failed_steps: readonly string[];
  readonly final_output: unknown;
  readonly step_results: readonly StepOutcome[];
  readonly starts: readonly Start[];
}

interface Vector {
  readonly name: string;
  readonly input: {
    readonly execution_mode: string;
    readonly steps: readonly Step[];
    readonly tools: Readonly<Record<string, Script>>;
    readonly execution_plan_trace: object | null;
  };
  readonly expected: Answer & {
    readonly raises?: unknown;
    readonly max_in_flight?: number;
    readonly events?: readonly (readonly [string, string])[];
    readonly quirks: readonly string[];
  };
}

// ---- the original's notation ----

/** A bare reference of the original as ours, in braces; what neither dialect takes for a reference is a literal. */
function inOurs(text: string): string {
  if (text.startsWith('{') || !/^\w+\./.test(text)) return text;
  const [tool, ...keys] = text.split('.');
  return `{${[tool, ...(keys[0] === 'data' ? keys : ['data', ...keys])].join('.').replaceAll('.*', '[*]')}}`;
}

const mappingInOurs = (mapping: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(mapping).map(([field, text]) => [field, inOurs(text)]));

const MISSING: unique symbol = Symbol('missing');

/** Reads the references that occur here: keys, indexes, and `[*]` that keeps nulls. */
function read(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof value !== 'object' || value === null) return MISSING;
  if (key === '*') {
    const found = (value as unknown[]).map((element) => read(element, rest));
    return found.every((each) => each === MISSING) && found.length > 0
      ? MISSING
      : found.map((each) => (each === MISSING ? null : each));
  }
  return Object.hasOwn(value, key) ? read((value as Record<string, unknown>)[key], rest) : MISSING;
}

/** The step that a reference reads, and the way to its value; undefined for a literal. */
function parse(text: string): { source: string; path: string[] } | undefined {
  const ours = inOurs(text);
  if (!ours.startsWith('{')) return undefined;
  const [source, , ...path] = ours
    .slice(1, -1)
    .split(/[.[\]]+/)
    .filter((part) => part !== '') as [string, ...string[]];
  return { source, path };
}

// ---- why a chain is refused ----

const STRATEGIES: Readonly<Record<string, string>> = {
  serial: 'serial',
  sequential: 'serial',
  parallel: 'parallel',
  dag: 'dag',
};

/** Rule and what the message must say, for everything that keeps a chain from being run. */
function refusals({ execution_mode, steps, tools }: Vector['input']): [string, RegExp][] {
  const found: [string, RegExp][] = [];
  const strategy = STRATEGIES[execution_mode];
  if (!strategy) return [['C8 an unknown mode is refused', /^execution_mode must be one of/]];
  const ids = steps.map(({ step_id }) => step_id);
  if (new Set(ids).size < ids.length) found.push(['C12 a duplicate step id is refused', /duplicate of/]);
  if (steps.some(({ step_id, depends_on }) => depends_on.includes(step_id)))
    found.push(['C6 a step that depends on itself is refused', /depends on itself/]);
  if (steps.some(({ depends_on }) => depends_on.some((id) => !ids.includes(id))))
    found.push(['C6 an unknown dependency is refused', /there is no tool/]);
  if (found.length === 0 && levelsOf(steps).flat().length < steps.length)
    found.push(['C6 a cycle is refused', /cycle: /]);
  const isOther = (id: string, step_id: string): boolean => id !== step_id && ids.includes(id);
  if (strategy === 'parallel' && steps.some(({ step_id, depends_on }) => depends_on.some((id) => isOther(id, step_id))))
    found.push(['C3 dependencies in a parallel chain are refused', /a parallel plan has no dependencies/]);
  if (found.length === 0 && steps.some((step) => readsTooEarly(step, steps)))
    found.push(['P11 a mapping from what is no dependency is refused', /the result of .* may not be there yet/]);
  if (steps.some(({ timeout_ms }) => timeout_ms !== undefined && timeout_ms <= 0))
    found.push(['C9 a timeout of no time is refused', /more than 0 ms/]);
  if (found.length === 0 && steps.some(({ tool_name }) => !Object.hasOwn(tools, tool_name)))
    found.push([
      'C13 a tool that is not there is refused, and none is guessed',
      /no tool ".*the tools given are|the tools given are/,
    ]);
  return found;
}

function readsTooEarly({ step_id, output_mapping }: Step, steps: readonly Step[]): boolean {
  const before = new Set<string>();
  const open = [step_id];
  for (const id of open) {
    for (const source of steps.find((step) => step.step_id === id)?.depends_on ?? []) {
      if (!before.has(source)) open.push(source);
      before.add(source);
    }
  }
  return Object.values(output_mapping).some((text) => {
    const source = parse(text)?.source;
    return source !== undefined && !before.has(source);
  });
}

/** Levels by repeated removal of what needs nothing that is left; what is on a cycle is in none. */
function levelsOf(steps: readonly Step[]): Step[][] {
  const levels: Step[][] = [];
  for (let left = [...steps]; left.length > 0;) {
    const ids = new Set(left.map(({ step_id }) => step_id));
    const level = left.filter(({ depends_on }) => !depends_on.some((id) => ids.has(id)));
    if (level.length === 0) break;
    levels.push(level);
    left = left.filter((step) => !level.includes(step));
  }
  return levels;
}

/** Topological order: first in first out, ties by declaration (Kahn 1962). */
function serialOrder(steps: readonly Step[]): Step[] {
  const order = steps.filter(({ depends_on }) => depends_on.length === 0);
  for (const { step_id } of order) {
    const placed = new Set(
      order.slice(0, order.findIndex((step) => step.step_id === step_id) + 1).map((step) => step.step_id),
    );
    for (const step of steps) {
      if (step.depends_on.includes(step_id) && !order.includes(step) && step.depends_on.every((id) => placed.has(id)))
        order.push(step);
    }
  }
  return order;
}

// ---- the model ----

interface Expected extends Answer {
  readonly skipped: Readonly<Record<string, string>>;
}

/** What the rules say that a chain gives. Knows no time: groups one after the other, in each the order of declaration. */
function modelOf({ execution_mode, steps, tools, execution_plan_trace }: Vector['input']): Expected {
  const strategy = STRATEGIES[execution_mode];
  const order = serialOrder(steps);
  const groups =
    strategy === 'serial' ? order.map((step) => [step]) : strategy === 'dag' ? levelsOf(steps) : [[...steps]];
  const isAnnotated = execution_plan_trace !== null && Object.keys(execution_plan_trace).length > 0;
  const fakes = fakesOf(tools);
  const results = new Map<string, Envelope>();
  const shown = new Map<string, Envelope>();
  const skipped: Record<string, string> = {};
  const starts: Start[] = [];
  const failed: string[] = [];
  for (const [group_index, group] of groups.entries()) {
    for (const [execution_order, step] of group.entries()) {
      const { step_id, depends_on, tool_name } = step;
      const reason = skipReasonOf(step, results, skipped, strategy === 'serial' ? failed[0] : undefined);
      if (reason !== undefined) {
        skipped[step_id] = reason;
        continue;
      }
      const output_mapping = mappingInOurs(step.output_mapping);
      const params: Record<string, unknown> = { ...step.parameters };
      for (const [field, text] of Object.entries(output_mapping)) {
        const reference = parse(text);
        const value = reference ? read(results.get(reference.source)?.data, reference.path) : text;
        if (value !== MISSING) params[field] = value;
      }
      starts.push(plain({ step_id, tool_name, executed_tool: tool_name, group_index, execution_order, params }));
      const isLong = (step.timeout_ms ?? 30_000) < (tools[tool_name]!.delay_ms ?? 0);
      let result = isLong ? failure(`Timeout after ${step.timeout_ms}ms`) : fakes.get(tool_name)!(params);
      for (let retry = 0; !result.success && retry < (step.retry_count ?? 0); retry += 1)
        result = fakes.get(tool_name)!(params);
      if (!result.success) failed.push(step_id);
      results.set(step_id, result);
      const orchestration = { group_index, execution_order, tool_id: step_id, depends_on, output_mapping };
      const { data } = result;
      const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
      const takes = isAnnotated && isObject && !Object.hasOwn(data, 'orchestration');
      shown.set(step_id, { ...result, data: takes ? { ...data, orchestration } : data });
    }
  }
  const successes = (all: readonly Step[]): Step[] =>
    all.filter(({ step_id }) => results.get(step_id)?.success === true);
  const dataOf = (step: Step | undefined): unknown => step && shown.get(step.step_id)?.data;
  const sinks = steps.filter(({ step_id }) => !steps.some(({ depends_on }) => depends_on.includes(step_id)));
  const dagOutput = (): unknown =>
    sinks.length === 1
      ? dataOf(successes(sinks)[0])
      : Object.fromEntries(successes(sinks).map((step) => [step.step_id, dataOf(step)]));
  return plain({
    success: failed.length === 0,
    failed_steps: failed,
    final_output:
      strategy === 'serial'
        ? dataOf(successes(order).at(-1))
        : strategy === 'parallel'
          ? successes(steps).map(dataOf)
          : dagOutput(),
    step_results: steps.flatMap(({ step_id }) => (shown.has(step_id) ? [{ step_id, ...shown.get(step_id)! }] : [])),
    starts,
    skipped,
  });
}

function skipReasonOf(
  { depends_on }: Step,
  results: ReadonlyMap<string, Envelope>,
  skipped: Readonly<Record<string, string>>,
  halted: string | undefined,
): string | undefined {
  const failed = depends_on.find((id) => results.get(id)?.success === false);
  if (failed !== undefined) return `dependency failed: ${failed}`;
  const idle = depends_on.find((id) => Object.hasOwn(skipped, id));
  if (idle !== undefined) return `dependency skipped: ${idle}`;
  return halted === undefined ? undefined : `run stopped: ${halted} failed`;
}

const failure = (error: string): Envelope => ({ success: false, data: null, error });

/** JSON as it would be written: undefined is null. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_key, each: unknown) => (each === undefined ? null : each))) as T;
}

// ---- fake tools ----

const NO_ENVELOPE = (name: string): string =>
  `tool "${name}" is registered with envelope: true and must return { success, data, error }`;

/** What each tool answers to a call, in the model's words. */
function fakesOf(tools: Vector['input']['tools']): Map<string, (params: Record<string, unknown>) => Envelope> {
  return new Map(
    Object.entries(tools).map(([name, script]) => {
      const act = actOf(script);
      return [
        name,
        (params) => {
          try {
            const { success, data, error } = act(params) as Envelope;
            return { success, data, error: error ?? (success ? null : 'the tool reported failure') };
          } catch (error) {
            return failure(error instanceof TypeError ? NO_ENVELOPE('') : (error as Error).message);
          }
        },
      ];
    }),
  );
}

/** What a tool does when its time has come, apart from its delay. */
function actOf(script: Script): (params: Record<string, unknown>) => unknown {
  let calls = 0;
  const { sequence } = script;
  if (sequence) {
    const acts = sequence.map(actOf);
    return (params) => acts[Math.min(calls++, acts.length - 1)]!(params);
  }
  return (params) => {
    for (const [parameter, value] of Object.entries(script.mutates ?? {})) (params[parameter] as unknown[]).push(value);
    if (script.raises) throw named(script.raises.type, script.raises.message ?? '');
    if (script.raises_outside !== undefined) throw new Error(script.raises_outside);
    if (script.returns_nothing) return undefined;
    if (script.echo) return { success: true, data: { received: params }, error: null };
    return script.shared ? script.returns : structuredClone(script.returns);
  };
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

// ---- ours ----

interface Observed {
  readonly answer: Answer;
  readonly skipped: Record<string, string>;
  readonly events: [string, string][];
  readonly most: number;
}

async function runOurs({ input }: Vector, scheduling: 'ready' | 'group'): Promise<Observed> {
  const calls: { step_id: string; params: unknown }[] = [];
  const events: [string, string][] = [];
  let [now, most] = [0, 0];
  const tools = Object.fromEntries(
    Object.entries(input.tools).map(([name, script]): [string, ToolEntry] => {
      const act = actOf(script);
      const execute = async (params: Record<string, unknown>, { toolId, attempt }: ToolContext): Promise<unknown> => {
        if (attempt === 1) calls.push({ step_id: toolId, params: plain(params) });
        events.push(['start', toolId]);
        most = Math.max(most, ++now);
        if (script.delay_ms !== undefined) await new Promise((resolve) => setTimeout(resolve, script.delay_ms));
        now--;
        events.push(['end', toolId]);
        return act(params);
      };
      return [name, { execute, envelope: true }];
    }),
  );
  const executor = new ToolChainExecutor({ tools, scheduling });
  const running = executor.executeChain(chainOf(input), undefined, { executionPlanTrace: input.execution_plan_trace });
  running.catch(() => {}); // looked at below
  await vi.runAllTimersAsync();
  const result = await running;
  return { ...answerOf(input, result, calls), events, most };
}

function chainOf({ execution_mode, steps }: Vector['input']): ToolChain {
  const ours = steps.map((step) => ({ ...step, output_mapping: mappingInOurs(step.output_mapping) }));
  return { execution_mode, steps: ours } as ToolChain;
}

function answerOf(
  { steps }: Vector['input'],
  run: RunResult,
  calls: readonly { step_id: string; params: unknown }[],
): Pick<Observed, 'answer' | 'skipped'> {
  const results = [...run.results.values()];
  const starts = calls.map(({ step_id, params }) => {
    const { group_index, execution_order } = run.results.get(step_id)!.orchestration;
    const { tool_name } = steps.find((step) => step.step_id === step_id)!;
    return { step_id, tool_name, executed_tool: tool_name, group_index, execution_order, params };
  });
  const step_results = results
    .filter(({ outcome }) => outcome !== 'skip')
    .map(({ stepId, success, data, error }) => ({
      step_id: stepId,
      success,
      data,
      error: error instanceof Error ? error.message.replace(/tool ".*" is/, 'tool "" is') : error,
    }));
  const skipped = Object.fromEntries(
    results.flatMap(({ stepId, skipReason }) => (skipReason === undefined ? [] : [[stepId, skipReason]])),
  );
  const { success, failedSteps, finalOutput } = run;
  const answer = plain({
    success,
    failed_steps: failedSteps,
    final_output: finalOutput,
    step_results,
    starts,
  } as Answer);
  return { answer, skipped };
}

/** What was recorded, with its references in our dialect and its results in the order of the chain. */
function recordedOf({ input, expected }: Vector): Answer {
  const translate = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(translate);
    return Object.fromEntries(
      Object.entries(value).map(([key, each]: [string, unknown]) => [
        key,
        key === 'output_mapping' ? mappingInOurs(each as Record<string, string>) : translate(each),
      ]),
    );
  };
  const place = new Map(input.steps.map(({ step_id }, index) => [step_id, index]));
  const { success, failed_steps, final_output, step_results, starts } = expected;
  return translate({
    success,
    failed_steps,
    final_output,
    step_results: step_results.toSorted((a, b) => place.get(a.step_id)! - place.get(b.step_id)!),
    starts,
  }) as Answer;
}

// ---- why ours differs ----

const RULES: readonly [string, (vector: Vector, expected: Expected) => boolean][] = [
  [
    'C1 serial follows the dependencies',
    ({ input }) => isSerial(input) && !isDeepStrictEqual(serialOrder(input.steps), input.steps),
  ],
  ['C2 execution_order counts inside the group', ({ input }) => isSerial(input) && input.steps.length > 1],
  [
    'C5 what needs a failed step is skipped',
    ({ input }, { skipped }) => input.execution_mode === 'dag' && Object.keys(skipped).length > 0,
  ],
  [
    'C7 the final output of a dag is that of its sinks',
    ({ input }) => input.execution_mode === 'dag' && !hasLastSink(input),
  ],
  [
    'C7 a failed step is no final output',
    ({ input }, { failed_steps }) =>
      input.execution_mode === 'dag' && failed_steps.includes(input.steps.at(-1)?.step_id ?? ''),
  ],
  ['C9 retry_count is honoured', ({ input }) => input.steps.some(({ retry_count }) => retry_count !== undefined)],
  [
    'C11 metadata is in a copy, and in no mapped data',
    ({ expected }) => expected.quirks.some((quirk) => /^(shared-result|metadata-leaks)/.test(quirk)),
  ],
  [
    'C11 references read what the tool returned',
    ({ input }) => references(input).some((text) => text.includes('.orchestration.')),
  ],
  [
    'C14 the text of an error is its message',
    ({ expected }) => expected.quirks.some((quirk) => /error-text|exception-text/.test(quirk)),
  ],
  [
    'C14 a failure that says nothing says that it was reported',
    ({ input }) =>
      Object.values(input.tools).some(({ returns }) => returns?.success === false && returns.error === null),
  ],
  [
    'R1 references in braces and literals work',
    ({ input }) => references(input).some((text) => text.startsWith('{') || !parse(text)),
  ],
  ['R8 [*] keeps nulls in place', ({ input }) => references(input).some((text) => text.includes('*'))],
  ['R9 null is a value', ({ input }) => references(input).some((text) => /\.nothing$|\.nul$/.test(text))],
];

const isSerial = ({ execution_mode }: Vector['input']): boolean => STRATEGIES[execution_mode] === 'serial';
const references = ({ steps }: Vector['input']): string[] =>
  steps.flatMap(({ output_mapping }) => Object.values(output_mapping));

function hasLastSink({ steps }: Vector['input']): boolean {
  const sinks = steps.filter(({ step_id }) => !steps.some(({ depends_on }) => depends_on.includes(step_id)));
  return sinks.length === 1 && sinks[0] === steps.at(-1);
}

/** How many vectors were followed, corrected by which rule, and left out. */
class Tally {
  followed = 0;
  readonly corrected = new Map<string, number>();
  readonly skipped: string[] = [];

  correct(rules: readonly string[]): void {
    const key = rules.join(' + ');
    this.corrected.set(key, (this.corrected.get(key) ?? 0) + 1);
  }

  get total(): number {
    return [...this.corrected.values()].reduce((sum, count) => sum + count, this.followed + this.skipped.length);
  }

  print(title: string): void {
    const rows = [...this.corrected].toSorted((a, b) => b[1] - a[1]).map(([rule, count]) => `  ${count} ${rule}`);
    const corrected = this.total - this.followed - this.skipped.length;
    const skipped = `${this.skipped.length} skipped${this.skipped.length > 0 ? ` (${this.skipped.join(', ')})` : ''}`;
    console.log([`${title}: ${this.followed} followed, ${corrected} corrected, ${skipped}`, ...rows].join('\n'));
  }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe.each(folders)('chain.json, $name', ({ name, folder, isWhole }) => {
  const vectors = JSON.parse(readFileSync(new URL('chain.json', folder), 'utf8')) as Vector[];
  const tally = new Tally();
  afterAll(() => tally.print(`chain.json, ${name}`));

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
    const { input, expected } = vector;
    if (expected.quirks.includes('python-only')) {
      tally.skipped.push(vector.name);
      return;
    }
    const refused = refusals(input);
    if (refused.length > 0) {
      const error: unknown = await runOurs(vector, 'group').catch((error: unknown) => error);
      for (const [, pattern] of refused) expect((error as Error).message).toMatch(pattern);
      tally.correct(refused.map(([rule]) => rule));
      return;
    }
    const model = modelOf(input);
    const { skipped, ...wanted } = model;
    const byGroup = await runOurs(vector, 'group');
    expect(byGroup.answer).toEqual(wanted);
    expect(byGroup.skipped).toEqual(skipped);
    expect(byGroup.most).toBe(expected.max_in_flight ?? byGroup.most);
    if (expected.events) expect(byGroup.events).toEqual(expected.events);
    await expectSameWhenReady(vector, model);

    if (isDeepStrictEqual(byGroup.answer, recordedOf(vector))) {
      tally.followed += 1;
      return;
    }
    const rules = RULES.filter(([, applies]) => applies(vector, model)).map(([rule]) => rule);
    expect(rules, 'no rule says why this is not what was recorded').not.toEqual([]);
    tally.correct(rules);
  });

  it('looks at all of them', () => {
    expect(tally.total).toBe(vectors.length);
    expect(tally.skipped.length).toBeLessThanOrEqual(2);
    if (isWhole) expect(vectors.length).toBeGreaterThanOrEqual(152);
  });
});

/** By readiness, which is the default: the same results, and no step before what it depends on. */
async function expectSameWhenReady(
  vector: Vector,
  { skipped, starts, failed_steps, ...wanted }: Expected,
): Promise<void> {
  const { answer, skipped: oursSkipped, events } = await runOurs(vector, 'ready');
  const byId = (a: { step_id: string }, b: { step_id: string }): number => a.step_id.localeCompare(b.step_id);
  expect({ ...answer, starts: answer.starts.toSorted(byId), failed_steps: answer.failed_steps.toSorted() }).toEqual({
    ...wanted,
    starts: starts.toSorted(byId),
    failed_steps: failed_steps.toSorted(),
  });
  expect(oursSkipped).toEqual(skipped);
  for (const { step_id, depends_on } of vector.input.steps) {
    const start = events.findIndex(([what, id]) => what === 'start' && id === step_id);
    if (start < 0) continue;
    for (const source of depends_on)
      expect(events.findIndex(([what, id]) => what === 'end' && id === source)).toBeLessThan(start);
  }
  if (vector.name !== 'wave-barrier/dag') return;
  // C4 no step waits for the slowest of a wave that it does not need
  expect(events.map(([what, id]) => `${what} ${id}`)).toEqual([
    'start a',
    'start b',
    'end a',
    'start c',
    'end c',
    'start d',
    'end d',
    'end b',
  ]);
}
