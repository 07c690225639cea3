import * as fc from 'fast-check';
import { PlanFacts, type RunFacts, type StepFacts } from '../../src/explain/facts.ts';

/** What is simulated: tools that need tools before them, by position. */
export interface Case {
  readonly needs: readonly (readonly number[])[];
  readonly durations: readonly number[];
}

/** How a simulated run went: when each tool started and ended, and what let it start. */
export interface Simulated {
  readonly start: readonly number[];
  readonly end: readonly number[];
  /** When all that it needs had ended. */
  readonly ready: readonly number[];
  /** When the groups before its own had ended too; `ready` without barriers. */
  readonly open: readonly number[];
  readonly makespan: number;
}

interface Circumstances {
  /** Most that run at once. */
  readonly width?: number;
  /** Whether each group waits for all groups before it. */
  readonly barriers?: boolean;
}

/** The level of each tool: 0 without needs, else one more than the highest among them. */
export function levelsOf({ needs }: Pick<Case, 'needs'>): number[] {
  const levels: number[] = [];
  for (const sources of needs) levels.push(Math.max(-1, ...sources.map((source) => levels[source]!)) + 1);
  return levels;
}

/**
 * Runs tools in a world of its own: whenever something ends, what may start now stands in line, in the order in which it became able to, then
 * by position; and the first in line start as long as fewer than `width` run. Quadratic and plain, to be believed.
 */
export function simulate(tools: Case, { width = Infinity, barriers = false }: Circumstances = {}): Simulated {
  const { needs, durations } = tools;
  const levels = levelsOf(tools);
  const size = needs.length;
  const [start, end, ready, open]: [number[], number[], number[], number[]] = [[], [], [], []];
  const line: number[] = [];
  const isOver = (tool: number, now: number): boolean => end[tool] !== undefined && end[tool] <= now;
  for (let now = 0; ;) {
    // A step that takes no time ends as it starts, and lets others start at the same time.
    for (let changed = true; changed;) {
      changed = false;
      for (let tool = 0; tool < size; tool += 1) {
        if (ready[tool] === undefined && needs[tool]!.every((source) => isOver(source, now))) ready[tool] = now;
        const waitsForGroup = barriers && levels.some((level, other) => level < levels[tool]! && !isOver(other, now));
        if (ready[tool] === undefined || waitsForGroup || open[tool] !== undefined) continue;
        open[tool] = now;
        line.push(tool);
      }
      const running = start.filter((_, tool) => !isOver(tool, now)).length;
      if (line.length > 0 && running < width) {
        const tool = line.shift()!;
        start[tool] = now;
        end[tool] = now + durations[tool]!;
        changed = true;
      }
    }
    const ahead = end.filter((at) => at > now);
    if (ahead.length === 0) return { start, end, ready, open, makespan: Math.max(0, ...end) };
    now = Math.min(...ahead);
  }
}

/** Tools that need up to three tools before them. */
export function casesOf(
  duration: fc.Arbitrary<number>,
  { minLength = 0, maxLength = 9 }: { minLength?: number; maxLength?: number } = {},
): fc.Arbitrary<Case> {
  return fc.array(fc.tuple(fc.array(fc.nat(), { maxLength: 3 }), duration), { minLength, maxLength }).map((tools) => ({
    needs: tools.map(([sources], tool) => [...new Set(tool === 0 ? [] : sources.map((source) => source % tool))]),
    durations: tools.map(([, duration]) => duration),
  }));
}

export const MS = 1e6;

/** A step of which only its tool and times matter. */
export function stepFacts(plan: PlanFacts, toolId: string, startNs: number, endNs: number): StepFacts {
  return {
    toolId,
    tool: plan.index.get(toolId) ?? -1,
    iteration: 1,
    startNs,
    endNs,
    outcome: 'success',
    error: undefined,
    skipReason: undefined,
    attempts: 1,
    retryNs: 0,
    retryError: undefined,
    waitReason: undefined,
    clock: 0,
    mappings: [],
  };
}

/** The plan of simulated tools, `t0` and so on, group after group by their levels. */
export function planFactsOf({ needs }: Pick<Case, 'needs'>, strategy = 'dag'): PlanFacts {
  const levels = levelsOf({ needs });
  const groups = Array.from({ length: Math.max(-1, ...levels) + 1 }, (_, level) =>
    needs.flatMap((sources, tool) =>
      levels[tool] === level
        ? [
            {
              toolId: `t${tool}`,
              toolType: undefined,
              dependsOn: sources.map((source) => `t${source}`),
              outputMapping: {},
            },
          ]
        : [],
    ),
  );
  const serial = groups.flat().map((tool) => [tool]);
  return new PlanFacts({ strategy, groups: strategy === 'serial' ? serial : groups, error: undefined });
}

/** A simulated run as a process that sees it all would tell it. One unit is a millisecond. */
export function runFactsOf(tools: Case, { start, end, makespan }: Simulated, strategy = 'dag'): RunFacts {
  const plan = planFactsOf(tools, strategy);
  return {
    plan,
    hasEnded: true,
    outcome: 'success',
    error: undefined,
    durationNs: makespan * MS,
    clockNs: 0,
    steps: tools.needs.map((_, tool) => stepFacts(plan, `t${tool}`, start[tool]! * MS, end[tool]! * MS)),
    lost: new Set(),
  };
}
