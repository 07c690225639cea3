import type { Difference } from '../../explain/differences.ts';
import type { Explanation } from '../../explain/explain-run.ts';
import type { StepName } from '../../explain/step-name.ts';
import type { MappingRecord } from '../../mapping.ts';
import type { Outcome, WaitReason } from '../../semconv.ts';

/**
 * One run as the page shows it: what was planned, what happened, what it means. Plain JSON, made by the server and drawn by the page, which computes
 * nothing of it again. Times are milliseconds since the start of the run, with fractions, unless said otherwise; what is unknown is absent.
 */
export interface RunView {
  readonly traceId: string;
  /** Id of the run's own span, also where that has not arrived; empty for steps without any run. Names the run within its trace. */
  readonly runSpanId: string;
  readonly runId?: string | undefined;
  /** The step of another run that started it, by its key; absent where none did. */
  readonly startedBy?:
    | { readonly runSpanId: string; readonly planName?: string | undefined; readonly step: string }
    | undefined;
  readonly planName?: string | undefined;
  readonly strategy?: string | undefined;
  readonly state: RunState;
  readonly outcome?: Outcome | undefined;
  readonly error?: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Of a run that has not ended: as far as it is known. */
  readonly durationMs: number;
  /** How far the run was when this was made; absent unless it goes on. */
  readonly nowMs?: number | undefined;
  /** Since when its process has not been heard of, although it should be: its event loop is kept busy, or it is halted. */
  readonly silentSinceMs?: number | undefined;
  readonly services: readonly ServiceView[];
  readonly verdict: string;
  readonly completeness: { readonly planned: number; readonly seen: number };
  /** What successful runs of this plan took; absent where there are none beside this one. */
  readonly usual?: { readonly runs: number; readonly medianMs: number } | undefined;
  /** The trace id and run of the last success of the plan before this run. */
  readonly lastSuccess?: RunRef | undefined;
  readonly groups: readonly GroupView[];
  /** Every step, those inside steps among them: groups in order, by place in the group, then iteration; what a step called comes right after it. */
  readonly steps: readonly StepView[];
  /** Who hands what to whom, of the plan; without one, as the steps say. Indexes of `steps`. */
  readonly edges: readonly EdgeView[];
  readonly criticalPath?: { readonly steps: readonly number[]; readonly ms: number } | undefined;
  readonly explanation: Pick<
    Explanation,
    'findings' | 'parallelism' | 'barrier' | 'rootCause' | 'affected' | 'done' | 'notDone'
  > & {
    readonly times: readonly TimeRow[];
    readonly differences: readonly Difference[];
    readonly whatIf: readonly WhatIfRow[];
  };
  /** What the explanation says in words. */
  readonly sections: readonly SectionView[];
  /** What is odd about the trace, a sentence each. */
  readonly notes: readonly string[];
  /** Spans of others directly below the run or a group: how many, with all that is below them. */
  readonly otherSpans: number;
  readonly totalSpans: number;
  /** Set where the run has more steps than are shown: the first ones are. */
  readonly totalSteps?: number | undefined;
  /** To be copied: the report as Markdown, and the graph as a flow chart of Mermaid. */
  readonly markdown: string;
  readonly mermaid: string;
}

/** `interrupted`: its process died. `unfinished`: no end of it arrived, and nobody tells whether it goes on. */
export type RunState = 'ended' | 'running' | 'interrupted' | 'unfinished';

export interface RunRef {
  readonly traceId: string;
  readonly runSpanId: string;
}

export interface ServiceView {
  readonly name: string;
  readonly version?: string | undefined;
  readonly host?: string | undefined;
}

export interface GroupView {
  readonly groupIndex: number;
  readonly isParallel: boolean;
  readonly spanId?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  /** How many tools the plan lets run at once here; how many did, at most and on average. Absent where nothing of it ran long enough to tell. */
  readonly parallelism?: { readonly declared: number; readonly peak: number; readonly achieved: number } | undefined;
}

/**
 * What became of a step. `running`: it started, and its process lives. `interrupted`: it started, and its process died. `planned`: nothing of it is known
 * yet, and the run goes on. `not started`: it is certain that it did not. `no span`: it cannot be told.
 */
export type StepState = Outcome | 'unknown' | 'running' | 'interrupted' | 'planned' | 'not started' | 'no span';

export interface StepView {
  /** Names it within the run, from run to run alike where that can be: `fetch`, `fetch#2` for its second pass. */
  readonly key: string;
  readonly toolId: string;
  readonly toolType?: string | undefined;
  readonly state: StepState;
  readonly iteration: number;
  /** Index of `groups`; absent outside any. */
  readonly group?: number | undefined;
  readonly executionOrder?: number | undefined;
  readonly isPlanned: boolean;
  /** Index of the step that called it. */
  readonly parent?: number | undefined;
  readonly spanId?: string | undefined;
  /** Absent for what did not start. A skip has a start and no length. */
  readonly startMs?: number | undefined;
  /** Absent while it runs. */
  readonly endMs?: number | undefined;
  /** What this step took in successful runs of the plan, the middle of them. */
  readonly usualMs?: number | undefined;
  /** From when it had all it needs to its start. */
  readonly waitMs: number;
  readonly waitReason?: WaitReason | undefined;
  /** Whose end let it start. */
  readonly waitedFor?: StepName | undefined;
  /** The dependency that ended last, and how long that was the only one missing. */
  readonly lastDependency?: (StepName & { readonly ms: number }) | undefined;
  readonly isCritical: boolean;
  /** How much longer it could have taken before the critical path is longer. */
  readonly slackMs?: number | undefined;
  /** By how much the run would shorten if it took half as long. */
  readonly savesMs: number;
  /** Why it was skipped or did not start. */
  readonly reason?: string | undefined;
  /** Why it failed, in full. */
  readonly error?: string | undefined;
  readonly attemptCount?: number | undefined;
  /** Those that have spans. */
  readonly attempts: readonly AttemptView[];
  readonly dependsOn: readonly string[];
  readonly outputMapping: Readonly<Record<string, string>>;
  /** What each reference gave. */
  readonly mappings: readonly MappingRecord[];
  /** How many spans are below it, whoever wrote them: attempts, and what they and it did; steps that it called have their own. */
  readonly spanCount: number;
  /** Runs that it started. */
  readonly runs: readonly InnerRunView[];
}

export interface AttemptView {
  readonly attempt: number;
  readonly spanId: string;
  readonly startMs: number;
  /** Absent while it runs. */
  readonly endMs?: number | undefined;
  readonly outcome?: Outcome | undefined;
  readonly error?: string | undefined;
  readonly backoffMs?: number | undefined;
}

export interface InnerRunView {
  readonly runSpanId: string;
  readonly planName?: string | undefined;
  readonly outcome?: Outcome | undefined;
}

/** `to` needs `from`. */
export interface EdgeView {
  readonly from: number;
  readonly to: number;
  /** `control`: declared in `depends_on`. `data`: an output is read too, or without being declared. */
  readonly kind: 'control' | 'data';
  /** Whether a data edge is declared in `depends_on`. */
  readonly isDeclared: boolean;
  /** Fields that are mapped, e.g. `{ field: 'rows', ref: '{orders.data.rows}' }`. */
  readonly mappings: readonly { readonly field: string; readonly ref: string }[];
  /** Whether it is an edge of the critical path. */
  readonly isCritical: boolean;
}

/** One thing that took time. */
export interface TimeRow {
  readonly text: string;
  /** The tools that it is about, the most important first. */
  readonly toolIds: readonly string[];
  /** The time that the text tells of, as a share of the run; 0 where that is not known. */
  readonly share: number;
  /** What would save some of it; empty where the text says that itself, or nothing would. */
  readonly saving: string;
}

/** How long the run would have taken under another circumstance. */
export interface WhatIfRow {
  readonly text: string;
  readonly ms: number;
  /** From what it took: negative for shorter. */
  readonly changeMs: number;
  /** The step that it is about. */
  readonly step?: StepName;
}

/** A part of the report: a heading, and clauses. */
export interface SectionView {
  readonly title: string;
  readonly lines: readonly LineView[];
}

export interface LineView {
  readonly text: string;
  /** Tools that it is about. */
  readonly toolIds: readonly string[];
}

/** A run in the list. */
export interface RunRow extends RunRef {
  readonly planName?: string | undefined;
  readonly strategy?: string | undefined;
  readonly state: RunState;
  readonly outcome?: Outcome | undefined;
  /** As its span says it; of one without an end, what is known of that. */
  readonly verdict?: string | undefined;
  readonly startedAtMs: number;
  /** Absent while it runs. Of one without an end, as far as it is known. */
  readonly durationMs?: number | undefined;
  /** Of the successful runs of its plan before it, the last 20. */
  readonly usual?: { readonly runs: number; readonly medianMs: number } | undefined;
  readonly services: readonly ServiceView[];
  /** Of the whole trace. */
  readonly spans: number;
  /** Where it is kept, where that is not the Inspector's own store. */
  readonly source?: string | undefined;
}

export interface RunList {
  readonly runs: readonly RunRow[];
  /** How many traces without a run there are: what is missing in them is told where one of them is opened. */
  readonly otherTraces: readonly TraceRow[];
  /** What had to make room, and what could not be read, a sentence each. */
  readonly notes: readonly string[];
  readonly nowMs: number;
}

/** A trace in which there is no run. */
export interface TraceRow {
  readonly traceId: string;
  readonly startedAtMs: number;
  /** From its first start to its last end; absent as long as nothing of it has ended. */
  readonly durationMs?: number;
  readonly spans: number;
  readonly services: readonly ServiceView[];
}
