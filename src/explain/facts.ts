import { type Graph, indexTools, readGraph } from '../graph.ts';
import { dataSources, type MappingRecord } from '../mapping.ts';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import type { Outcome, WaitReason } from '../semconv.ts';
import { findBackReads } from './back-reads.ts';
import type { ReceivedSpan } from './read/received-span.ts';
import type { DeclaredPlan, DeclaredTool } from './read/run.ts';

/**
 * What is known of a run, as plain numbers: all that it takes to explain it. Made of spans that were read back, or by the process that
 * runs it. Times are whole nanoseconds since the run started, so that sums are exact.
 */
export interface RunFacts {
  readonly plan: PlanFacts;
  /** Whether these are steps that no run holds. Default false. */
  readonly isLoose?: boolean;
  /** Whether the span above them did not arrive, which may be of a run. Default false. */
  readonly isDetached?: boolean;
  /** Whether the end of the run is known. */
  readonly hasEnded: boolean;
  /** Undefined as well where whoever ran it does not say. */
  readonly outcome: Outcome | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
  /** The tool that failed first, as whoever ran it says. */
  readonly rootCause?: string | undefined;
  /** Why it was cancelled; undefined where nobody says. */
  readonly cancelReason?: string | undefined;
  /** To the end of the run, else to the last that is known of it. */
  readonly durationNs: number;
  /** By how much times may be off: SDKs start spans on whole milliseconds. 0 where the clock is exact. */
  readonly clockNs: number;
  /** Steps directly of the run that ran or were skipped. */
  readonly steps: readonly StepFacts[];
  /** How many more there were than could be kept. */
  readonly omitted?: number;
  /** Planned tools of which nothing is known although the run has ended: their spans did not arrive. */
  readonly lost: ReadonlySet<string>;
  /** Whether spans of single passes are missing, of those tools or of others. Default false. */
  readonly hasLostPass?: boolean;
  /** Tools with a step that had not ended when the run did, and of which no more is known. Default none. */
  readonly running?: readonly string[];
  /** Planned tools that another process has or may have; empty where it has others: what became of them is not seen here. */
  readonly elsewhere?: ReadonlySet<string> | undefined;
}

export interface StepFacts {
  readonly toolId: string;
  /** Position among the plan's tools; -1 for a step that the plan does not have. */
  readonly tool: number;
  /** Which repetition of the tool this is, from 1. */
  readonly iteration: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly outcome: Outcome | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
  readonly skipReason: string | undefined;
  readonly attempts: number;
  /** How long it was until the last attempt started; 0 for a step that was tried once. */
  readonly retryNs: number;
  /** Why the attempt before the last failed; undefined where nobody says. */
  readonly retryError: string | undefined;
  /** What whoever ran it said that it waited for. */
  readonly waitReason: WaitReason | undefined;
  /** Whose clock its times are of: those of one clock can be compared. */
  readonly clock: number;
  /** The span that tells it; undefined for a step of this process, and for a skip that has none. */
  readonly span?: ReceivedSpan | undefined;
  /** What its references gave. */
  readonly mappings: readonly MappingRecord[];
}

/** A plan as numbers: a tool is its position, group after group. Made once a plan. */
export class PlanFacts {
  readonly strategy: string | undefined;
  /** Why the plan cannot be used, when its producer says so. */
  readonly error: string | undefined;
  readonly tools: readonly DeclaredTool[];
  readonly index: ReadonlyMap<string, number>;
  /** Ids of the tools whose output each tool reads. */
  readonly sources: readonly (readonly string[])[];
  /** Whether it is the plan itself; else it was put together from what steps say. */
  readonly isDeclared: boolean;
  /** The index that each group has in the run. */
  readonly groupIndexes: readonly number[];
  /** The group of each tool, by its place. */
  readonly groupOf: Int32Array;
  readonly groupCount: number;
  /** What each tool depends on, and whose output it reads unless it joins any, without back reads. */
  readonly needs: Graph;
  /** By tool, the tools whose output of the pass before it reads in a loop: they need it themselves. */
  readonly #backReads: ReadonlyMap<number, ReadonlySet<number>>;

  /** @param told the indexes of the groups, where steps tell them and no plan does */
  constructor({ strategy, groups, error }: DeclaredPlan, told?: readonly number[]) {
    this.isDeclared = told === undefined;
    this.groupIndexes = told ?? groups.map((_, index) => index);
    this.strategy = strategy;
    this.error = error;
    this.tools = groups.flat();
    this.groupCount = groups.length;
    this.groupOf = Int32Array.from(groups.flatMap((tools, group) => tools.map(() => group)));
    this.sources = this.tools.map(({ outputMapping }) => dataSources(outputMapping));
    const declared = this.tools.map(({ toolId, dependsOn }) => ({ tool_id: toolId, depends_on: dependsOn }));
    this.index = indexTools(declared);
    const positions = (ids: readonly string[]): number[] => ids.flatMap((id) => this.index.get(id) ?? []);
    this.#backReads = findBackReads(() => readGraph(declared, this.index, () => {}), this.sources.map(positions));
    const tools = declared.map((tool, at) => {
      // It starts after one of its dependencies, whatever it reads besides.
      if (this.tools[at]!.joinsAny && tool.depends_on.length > 0) return tool;
      const sources = this.sources[at]!.filter((source) => !this.readsBack(at, source));
      return sources.length === 0
        ? tool
        : { tool_id: tool.tool_id, depends_on: [...new Set([...tool.depends_on, ...sources])] };
    });
    this.needs = readGraph(tools, this.index, () => {});
  }

  /** Whether a tool reads from this one what the pass before gave. */
  readsBack(tool: number, source: string): boolean {
    return this.#backReads.get(tool)?.has(this.index.get(source) ?? -1) === true;
  }

  /** The plan as whoever runs it has it. */
  static of({ strategy, execution_groups, error }: ExecutionPlanTrace): PlanFacts {
    const groups = execution_groups.map(({ tools }) =>
      tools.map(({ tool_id, tool_type, depends_on, output_mapping, join }) => {
        const reads = { dependsOn: depends_on, outputMapping: output_mapping, joinsAny: join === 'any' };
        return { toolId: tool_id, toolType: tool_type, ...reads };
      }),
    );
    return new PlanFacts({ strategy, groups, error });
  }

  /** Whether each tool has to wait for the one before, whatever it depends on. */
  get isSerial(): boolean {
    return this.strategy === 'serial';
  }
}

/** Whether all times are of the run's own clock, so that they can be compared. */
export function hasOneClock({ steps }: RunFacts): boolean {
  return steps.every(({ clock }) => clock === 0);
}

/** Whether a step did something; else it was skipped. */
export function ran({ outcome }: StepFacts): boolean {
  return outcome !== 'skip';
}
