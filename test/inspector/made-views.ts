import type { EdgeView, GroupView, RunView, StepView } from '../../src/inspector/view/run-view.ts';

/** What is not said of a step is as it is for most: it was planned, ended well, waited for nothing. */
export type MadeStep = Partial<Omit<StepView, 'parent'>> & {
  readonly toolId: string;
  /** Key of the step that called it. */
  readonly calledBy?: string;
};

export type MadeRun = Partial<Omit<RunView, 'steps'>> & { readonly steps?: readonly MadeStep[] };

/**
 * A run as the server would describe it. Groups follow from the steps' `group`, edges from their `dependsOn`, the critical path from their
 * `isCritical`, the duration from their ends, unless they are given.
 */
export function madeView({ steps: made = [], ...given }: MadeRun = {}): RunView {
  const keys = made.map(keyOf);
  const steps = made.map((step, index) => madeStep(step, keys, index));
  const ended = steps.flatMap(({ startMs, endMs }) => endMs ?? startMs ?? []);
  const durationMs =
    given.durationMs ??
    Math.max(
      0,
      ended.reduce((last, ms) => Math.max(last, ms), 0),
    );
  const critical = [...steps.keys()].filter((index) => steps[index]!.isCritical);
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    runSpanId: 'b7ad6b7169203331',
    planName: 'made',
    strategy: 'dag',
    state: 'ended',
    outcome: 'success',
    startedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    durationMs,
    services: [{ name: 'maker' }],
    verdict: 'It was made.',
    completeness: { planned: steps.length, seen: steps.length },
    groups: madeGroups(steps),
    steps,
    edges: madeEdges(steps),
    ...(critical.length > 0 && { criticalPath: { steps: critical, ms: durationMs } }),
    explanation: {
      findings: [],
      times: [],
      parallelism: { workMs: durationMs, busyMs: durationMs, achieved: 1, peak: 1, idleMs: 0 },
      barrier: { waitedMs: 0, costMs: 0 },
      whatIf: [],
      rootCause: undefined,
      affected: [],
      done: [],
      notDone: [],
      differences: [],
    },
    sections: [],
    notes: [],
    otherSpans: 0,
    totalSpans: steps.length,
    markdown: '',
    mermaid: '',
    ...given,
  };
}

function keyOf({ key, toolId, iteration = 1 }: MadeStep): string {
  return key ?? (iteration > 1 ? `${toolId}#${iteration}` : toolId);
}

function madeStep({ calledBy, ...step }: MadeStep, keys: readonly string[], index: number): StepView {
  const state = step.state ?? 'success';
  const hasSpan = !['planned', 'not started', 'no span'].includes(state);
  const startMs = 'startMs' in step ? step.startMs : hasSpan ? 0 : undefined;
  const hasEnded = startMs !== undefined && state !== 'running' && state !== 'interrupted';
  return {
    key: keys[index]!,
    state,
    iteration: 1,
    isPlanned: true,
    spanId: hasSpan ? `00000000${index.toString(16).padStart(8, '0')}` : undefined,
    startMs,
    endMs: hasEnded ? startMs + (state === 'skip' ? 0 : 100) : undefined,
    waitMs: 0,
    isCritical: false,
    savesMs: 0,
    attempts: [],
    dependsOn: [],
    outputMapping: {},
    mappings: [],
    spanCount: 0,
    runs: [],
    parent: calledBy === undefined ? undefined : keys.indexOf(calledBy),
    ...step,
  };
}

function madeGroups(steps: readonly StepView[]): GroupView[] {
  const size = Math.max(-1, ...new Set(steps.map(({ group = -1 }) => group))) + 1;
  return Array.from({ length: size }, (_, group) => {
    const own = steps.filter((step) => step.group === group);
    const started = own.flatMap(({ startMs }) => startMs ?? []);
    const ended = own.flatMap(({ endMs }) => endMs ?? []);
    const isOpen = own.some(({ state }) => state === 'running' || state === 'planned');
    return {
      groupIndex: group,
      isParallel: own.length > 1,
      ...(started.length > 0 && {
        spanId: `10000000${group.toString(16).padStart(8, '0')}`,
        startMs: Math.min(...started),
        parallelism: { declared: own.length, peak: own.length, achieved: own.length },
        ...(!isOpen && ended.length > 0 && { endMs: Math.max(...ended), outcome: 'success' as const }),
      }),
    };
  });
}

function madeEdges(steps: readonly StepView[]): EdgeView[] {
  const indexes = new Map(steps.map(({ toolId }, index) => [toolId, index]));
  return steps.flatMap(({ dependsOn, outputMapping }, to) =>
    dependsOn.flatMap((toolId) => {
      const from = indexes.get(toolId);
      if (from === undefined) return [];
      const mappings = Object.entries(outputMapping)
        .filter(([, ref]) => ref.startsWith(`{${toolId}`))
        .map(([field, ref]) => ({ field, ref }));
      const isCritical = steps[from]!.isCritical && steps[to]!.isCritical;
      return {
        from,
        to,
        kind: mappings.length > 0 ? ('data' as const) : ('control' as const),
        isDeclared: true,
        mappings,
        isCritical,
      };
    }),
  );
}

/** Groups of steps that run at once, each group after the one before; some of them fail, retry, wait. Always the same for the same size. */
export function madeLargeView(size: number, { perGroup = 100 }: { readonly perGroup?: number } = {}): RunView {
  const random = randomFrom(size);
  const steps: MadeStep[] = [];
  let groupStart = 0;
  let groupEnd = 0;
  for (let index = 0; index < size; index += 1) {
    const group = Math.floor(index / perGroup);
    if (index % perGroup === 0) groupStart = groupEnd;
    const waitMs = random() < 0.3 ? random() * 40 : 0;
    const startMs = groupStart + waitMs + random() * 5;
    const endMs = startMs + 20 + 200 * random() ** 2;
    groupEnd = Math.max(groupEnd, endMs);
    const isRetried = random() < 0.1;
    const middle = startMs + (endMs - startMs) * 0.6;
    const spanId = (attempt: number): string => `2${attempt}${index.toString(16).padStart(14, '0')}`;
    steps.push({
      toolId: `step-${index}`,
      toolType: 'made',
      group,
      executionOrder: index % perGroup,
      state: random() < 0.02 ? 'failure' : 'success',
      startMs,
      endMs,
      waitMs,
      ...(waitMs > 0 && {
        waitReason: 'slot' as const,
        waitedFor: { toolId: `step-${Math.max(0, index - 1)}`, iteration: 1 },
      }),
      isCritical: index % perGroup === 0,
      dependsOn: group === 0 ? [] : [`step-${index - perGroup}`],
      spanCount: isRetried ? 2 : 3,
      ...(isRetried && {
        attemptCount: 2,
        attempts: [
          { attempt: 1, spanId: spanId(1), startMs, endMs: middle - 10, outcome: 'failure' as const },
          { attempt: 2, spanId: spanId(2), startMs: middle, endMs, outcome: 'success' as const, backoffMs: 10 },
        ],
      }),
    });
  }
  return madeView({ steps });
}

/** Numbers from 0 to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.trunc(state + 0x6d2b79f5);
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
