import type { MappingRecord } from '../../mapping.ts';
import type { Outcome } from '../../semconv.ts';
import type { ReceivedSpan } from './received-span.ts';

/** One execution of a plan as its spans tell it: run > group > step > attempt, and what else happened below. */
export interface Run {
  readonly traceId: string;
  /** The run's own span. Undefined while the run goes on, after a kill, or when it was lost. */
  readonly span: ReceivedSpan | undefined;
  readonly runId: string | undefined;
  readonly planName: string | undefined;
  readonly strategy: string | undefined;
  /** Undefined as long as the run's span is. */
  readonly outcome: Outcome | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
  /** Why it was cancelled. */
  readonly cancelReason: string | undefined;
  /** Set where nothing of it is known but steps whose parent did not arrive: there may be no run. */
  readonly isDetached?: true;
  /** The run's own times, else those of what is known of it. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Undefined when no plan was declared or it did not arrive whole. */
  readonly plan: DeclaredPlan | undefined;
  /** Those that carry the plan, in parts where it was too long for one. */
  readonly planSpans: readonly ReceivedSpan[];
  /** How many tools the plan has, and how many of them have a span, be it of a skip. */
  readonly plannedTools: number;
  readonly seenTools: number;
  /** Those of the plan and those that only the spans have, by index. */
  readonly groups: readonly Group[];
  /** Steps without a group. */
  readonly steps: readonly Step[];
  /** Spans of others directly below the run or a group, and those whose parent did not arrive. */
  readonly spans: readonly SpanNode[];
  /** What is odd about the trace, a sentence each. */
  readonly notes: readonly string[];
}

export interface Group {
  readonly groupIndex: number;
  /** Whether it has, or was meant to have, more than one tool. */
  readonly parallel: boolean;
  readonly span: ReceivedSpan | undefined;
  /** More of them, where several processes or a loop opened the group. */
  readonly moreSpans: readonly ReceivedSpan[];
  readonly outcome: Outcome | undefined;
  /** Undefined when nothing of the group ran. */
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  /** By place in the group, then iteration. */
  readonly steps: readonly Step[];
}

export interface Step {
  readonly toolId: string;
  readonly toolType: string | undefined;
  readonly groupIndex: number | undefined;
  readonly executionOrder: number | undefined;
  readonly iteration: number;
  /** Whether the run's plan has this tool. */
  readonly isPlanned: boolean;
  readonly dependsOn: readonly string[];
  readonly outputMapping: Readonly<Record<string, string>>;
  /** What each reference gave. */
  readonly mappings: readonly MappingRecord[];
  /** Undefined for a planned step of which there is no span. */
  readonly span: ReceivedSpan | undefined;
  readonly outcome: Outcome | undefined;
  /**
   * Why a planned step has no span: it is certain that it did not start, or that cannot be told, since spans arrive when they end.
   * Undefined for a step with a span, and for a skip without one.
   */
  readonly absence: 'not started' | 'no span' | undefined;
  /** Why it was skipped or has no span. */
  readonly reason: string | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
  /** How often it was tried, as its span says; attempts have spans only where a step may be tried again. */
  readonly attemptCount: number | undefined;
  readonly attempts: readonly Attempt[];
  /** Spans of others below the step, and not below an attempt. */
  readonly spans: readonly SpanNode[];
  /** Unplanned steps that it called. */
  readonly steps: readonly Step[];
  /** Runs that it started. */
  readonly runs: readonly Run[];
}

export interface Attempt {
  readonly attempt: number;
  readonly maxAttempts: number | undefined;
  readonly backoffMs: number | undefined;
  readonly span: ReceivedSpan;
  readonly outcome: Outcome | undefined;
  readonly error: string | undefined;
  readonly spans: readonly SpanNode[];
}

/** A span of another producer (HTTP, database, ...) and what is below it. */
export interface SpanNode {
  readonly span: ReceivedSpan;
  readonly children: readonly SpanNode[];
}

/** The execution plan trace, as far as it can be read from what another process wrote. */
export interface DeclaredPlan {
  readonly strategy: string | undefined;
  readonly groups: readonly (readonly DeclaredTool[])[];
  /** Why the plan has no groups, when its producer says so. */
  readonly error: string | undefined;
}

export interface DeclaredTool {
  readonly toolId: string;
  readonly toolType: string | undefined;
  readonly dependsOn: readonly string[];
  readonly outputMapping: Readonly<Record<string, string>>;
  /** Whether it may start after the first of its dependencies that succeeds. */
  readonly joinsAny?: boolean;
}
