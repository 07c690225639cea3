import type { Span, SpanContext } from '@opentelemetry/api';
import { isFailing, RUN_CANCELLED } from '../explain/failures.ts';
import type { Outcome } from '../semconv.ts';
import type { Needs, PlannedTool } from './planned-tool.ts';
import type { RunTally } from './run-attributes.ts';
import type { StepRecorder } from './step-recorder.ts';

/** What a run knows of one tool. */
export interface ToolState {
  readonly planned: PlannedTool | undefined;
  /** How often it started here. */
  starts: number;
  /** How many of its steps have not ended. */
  running: number;
  /** Whether it ended once, for good. */
  settled: boolean;
  /** When it ended last, on the clock of `performance.now()`. */
  endedAt: number | undefined;
  /** How it ended last. */
  outcome: Outcome | undefined;
  /** Its last span, to link to. */
  spanContext: SpanContext | undefined;
  /** Its steps that are tried in attempts and have not ended. */
  tried: Set<StepRecorder> | undefined;
}

/** What a run knows of its tools: those of its plan and those that came. */
export class ToolStates {
  readonly #tools: ReadonlyMap<string, PlannedTool>;
  /** By the tools' positions in the plan. */
  readonly #planned: (ToolState | undefined)[] = [];
  /** By id. */
  readonly #others = new Map<string, ToolState>();
  /** Tools that another process runs; this one does not see them end. */
  readonly #delegated = new Set<string>();
  /** Whether another process may run any of them. */
  #isShared = false;
  /** When each tool failed: of a planned one, the last time; of others, which may be one of many, the first. */
  readonly #failed = new Map<string, number>();
  /** Why each tool was skipped, the last time. */
  readonly #skipped = new Map<string, string | undefined>();

  constructor(tools: ReadonlyMap<string, PlannedTool>) {
    this.#tools = tools;
  }

  /** Planned tools that another process runs, or may run because they did not start here; undefined where no other process takes part. */
  get delegated(): ReadonlySet<string> | undefined {
    if (!this.#isShared) return this.#delegated.size > 0 ? this.#delegated : undefined;
    return new Set([...this.#delegated, ...[...this.#tools.keys()].filter((toolId) => !this.#isSeen(toolId))]);
  }

  /** Tools with a step that has not ended, other than those within a step; undefined if there are none. */
  get running(): string[] | undefined {
    const ids: string[] = [];
    for (const state of this.#planned) if (state && state.running > 0) ids.push(state.planned!.traced.tool_id);
    for (const [toolId, { running }] of this.#others) if (running > 0) ids.push(toolId);
    return ids.length > 0 ? ids : undefined;
  }

  /** Undefined for a tool of which nothing was seen. */
  seen(toolId: string): ToolState | undefined {
    const planned = this.#tools.get(toolId);
    return planned ? this.#planned[planned.index] : this.#others.get(toolId);
  }

  of(toolId: string, planned: PlannedTool | undefined = this.#tools.get(toolId)): ToolState {
    if (planned) return (this.#planned[planned.index] ??= unseen(planned));
    let state = this.#others.get(toolId);
    if (!state) this.#others.set(toolId, (state = unseen(undefined)));
    return state;
  }

  /** What became of everything that a tool needs; undefined for one that no plan has. */
  needsOf({ planned }: ToolState): Needs | undefined {
    return planned?.needs(this.#planned, this.#others);
  }

  /** Steps that are tried in attempts and have not ended. */
  *tried(): Iterable<StepRecorder> {
    for (const states of [this.#planned, this.#others.values()])
      for (const state of states) if (state?.tried) yield* state.tried;
  }

  /** @param toolId undefined where another process may have any */
  delegate(toolId: string | undefined): void {
    if (toolId === undefined) this.#isShared = true;
    else this.#delegated.add(toolId);
  }

  /** Notes how a tool ended. `at` is on the clock of `performance.now()`. */
  ended(toolId: string, state: ToolState, outcome: Outcome, at: number, skipReason?: string): void {
    state.outcome = outcome;
    if (isFailing(outcome) && (state.planned || !this.#failed.has(toolId))) this.#failed.set(toolId, at);
    if (outcome === 'skip') this.#skipped.set(toolId, skipReason);
  }

  /**
   * Notes that a tool has settled: for what depends on it, it has ended.
   *
   * @returns whether it is the first time
   */
  settle(state: ToolState, span: Span | undefined, at: number): boolean {
    const isFirst = !state.settled;
    state.settled = true;
    state.endedAt = at;
    if (span) state.spanContext = span.spanContext();
    return isFirst;
  }

  /** @param planned ids of the plan's tools, in its order */
  tally(planned: readonly string[]): RunTally {
    const failed = [...this.#failed].toSorted(([, a], [, b]) => a - b).map(([toolId]) => toolId);
    const skipped = this.#lasting([...this.#skipped.keys()], (last) => last === 'skip');
    const notStarted = this.#isShared
      ? []
      : planned.filter((toolId) => !this.#isSeen(toolId) && !this.#delegated.has(toolId));
    return {
      failed: this.#lasting(failed, isFailing),
      skipped,
      notStarted,
      idle: [...skipped.filter((toolId) => this.#skipped.get(toolId) !== RUN_CANCELLED), ...notStarted],
    };
  }

  /** Of a planned tool that comes again, as in a loop, the last outcome counts; of others, which may be one of many, any. */
  #lasting(toolIds: readonly string[], isSuch: (outcome: Outcome) => boolean): string[] {
    return toolIds.filter((toolId) => {
      const state = this.seen(toolId);
      return !state?.planned || state.outcome === undefined || isSuch(state.outcome);
    });
  }

  /** Whether it started or ended here. */
  #isSeen(toolId: string): boolean {
    const state = this.seen(toolId);
    return state !== undefined && (state.starts > 0 || state.endedAt !== undefined);
  }
}

function unseen(planned: PlannedTool | undefined): ToolState {
  return {
    planned,
    starts: 0,
    running: 0,
    settled: false,
    endedAt: undefined,
    outcome: undefined,
    spanContext: undefined,
    tried: undefined,
  };
}
