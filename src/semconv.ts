/**
 * Names only: span attributes, link attributes, metrics and their values. What is done with them is in `spans/`.
 * Stands on its own (`orchestrace/semconv`), so that a producer or a reader of these traces needs nothing else.
 */

/** Name of the instrumentation scope of all spans and metrics. */
export const SCOPE_NAME = 'orchestrace' as const;

// What a span is

/** `run`, `plan`, `group`, `step` or `attempt`. Every span. */
export const ATTR_ORCHESTRATION_SPAN_TYPE = 'orchestration.span.type' as const;

// Run

/** Identifies one execution of a plan, e.g. `0b6cd1f4-…` (a random UUID unless given). Run. */
export const ATTR_ORCHESTRATION_RUN_ID = 'orchestration.run.id' as const;
/** Name of the plan, e.g. `ci-overview`. Run, plan. */
export const ATTR_ORCHESTRATION_PLAN_NAME = 'orchestration.plan.name' as const;
/** The same for plans with the same tools, dependencies and mappings, e.g. `1f0c2b6d0a9e43`. Run. */
export const ATTR_ORCHESTRATION_PLAN_HASH = 'orchestration.plan.hash' as const;
/** Where the plan comes from: `declared` by a person, `derived` from a framework, or `none`. Run. */
export const ATTR_ORCHESTRATION_PLAN_SOURCE = 'orchestration.plan.source' as const;
/** `parallel`, `serial` or `dag`. Run, group, step. */
export const ATTR_ORCHESTRATION_STRATEGY = 'orchestration.strategy' as const;
/** Number of groups of the plan, e.g. `2`. Run. */
export const ATTR_ORCHESTRATION_TOTAL_GROUPS = 'orchestration.total_groups' as const;
/** Number of tools of the plan, e.g. `3`. Run. */
export const ATTR_ORCHESTRATION_TOTAL_TOOLS = 'orchestration.total_tools' as const;
/** Id of the tool that failed first, e.g. `primary`. Run that has a failed step. */
export const ATTR_ORCHESTRATION_ROOT_CAUSE = 'orchestration.root_cause' as const;
/** Number of planned tools that did not run because they need the root cause, directly or not, e.g. `3`. Run with a root cause. */
export const ATTR_ORCHESTRATION_BLAST_RADIUS = 'orchestration.blast_radius' as const;
/** Ids of the tools on the longest chain of steps that need each other, in order, e.g. `["fetch","rank"]`. Run that has ended and has a plan, up to 10,000 steps. */
export const ATTR_ORCHESTRATION_CRITICAL_PATH = 'orchestration.critical_path' as const;
/** Milliseconds, rounded, that the steps of the critical path took together, e.g. `40210`. Run, as `critical_path`. */
export const ATTR_ORCHESTRATION_CRITICAL_PATH_MS = 'orchestration.critical_path_ms' as const;
/** One or two sentences of at most 300 characters that say how the run went and why. Run that has ended. */
export const ATTR_ORCHESTRATION_VERDICT = 'orchestration.verdict' as const;
/** Why the run was cancelled, where whoever did it says so, e.g. `shutting down`. Run that was cancelled. */
export const ATTR_ORCHESTRATION_CANCEL_REASON = 'orchestration.cancel_reason' as const;
/** Ids of planned tools that neither ran nor were skipped, e.g. `["write"]`. Run. */
export const ATTR_ORCHESTRATION_NOT_STARTED = 'orchestration.not_started' as const;
/** Ids of tools that ended as `failure`, `error` or `timeout`, e.g. `["primary"]`. Run. */
export const ATTR_ORCHESTRATION_FAILED = 'orchestration.failed' as const;
/** Ids of skipped tools, e.g. `["aggregate"]`. Run. */
export const ATTR_ORCHESTRATION_SKIPPED = 'orchestration.skipped' as const;

// Plan

/** The execution plan trace as JSON; joined from the parts when it is split. Plan (or run, with `announcePlan: false`). */
export const ATTR_ORCHESTRATION_EXECUTION_PLAN = 'orchestration.execution_plan' as const;
/** Number of this part, from 1. Plan that is split. */
export const ATTR_ORCHESTRATION_PLAN_PART = 'orchestration.plan.part' as const;
/** Number of parts, e.g. `4`. Plan that is split. */
export const ATTR_ORCHESTRATION_PLAN_PARTS = 'orchestration.plan.parts' as const;

// Group

/** Number of the group, from 0. Group, step. */
export const ATTR_ORCHESTRATION_GROUP_INDEX = 'orchestration.group_index' as const;
/** Whether the group has more than one tool. Group. */
export const ATTR_ORCHESTRATION_PARALLEL_EXECUTION = 'orchestration.parallel_execution' as const;
/** Ids of the tools of the group, e.g. `["primary","secondary"]`. Group. */
export const ATTR_ORCHESTRATION_TOOL_IDS = 'orchestration.tool_ids' as const;
/** Groups that the whole group depends on, e.g. `[0]`. Group, step. */
export const ATTR_ORCHESTRATION_DEPENDENCY_GROUPS = 'orchestration.dependency_groups' as const;

// Step

/** Id of the tool, the same from run to run, e.g. `aggregate`. Step; on a link, the tool that the link leads to. */
export const ATTR_ORCHESTRATION_TOOL_ID = 'orchestration.tool_id' as const;
/** Kind of the tool, e.g. `ci_aggregate`. Step. */
export const ATTR_ORCHESTRATION_TOOL_TYPE = 'orchestration.tool_type' as const;
/** Place of the step in its group, from 0. Step. */
export const ATTR_ORCHESTRATION_EXECUTION_ORDER = 'orchestration.execution_order' as const;
/** Which repetition of the tool in this run this is: 2 for the second; absent on the first. Step. */
export const ATTR_ORCHESTRATION_ITERATION = 'orchestration.iteration' as const;
/** Ids of all tools that this one depends on, e.g. `["primary","secondary"]`. Step. */
export const ATTR_ORCHESTRATION_DEPENDS_ON = 'orchestration.depends_on' as const;
/** JSON object, parameter to reference, e.g. `{"ci_type_filter":"{primary.data.rows[0].ci_type}"}`. Step. */
export const ATTR_ORCHESTRATION_OUTPUT_MAPPING = 'orchestration.output_mapping' as const;
/** `false` for a step that the plan of its run does not have; else absent. Step. */
export const ATTR_ORCHESTRATION_PLANNED = 'orchestration.planned' as const;
/** Id of the dependency that ended last, e.g. `secondary`. Step with dependencies. */
export const ATTR_ORCHESTRATION_BLOCKED_BY = 'orchestration.blocked_by' as const;
/** Milliseconds, rounded, between the end of the last dependency (else the start of the run) and the start of the step. Step. */
export const ATTR_ORCHESTRATION_WAIT_MS = 'orchestration.wait_ms' as const;
/**
 * What the step waited for last: `dependency`, `group` (the rest of the groups before its own), `slot` (fewer other steps running) or
 * `unknown`. Step that waited.
 */
export const ATTR_ORCHESTRATION_WAIT_REASON = 'orchestration.wait_reason' as const;
/** `success`, `failure`, `error`, `timeout`, `cancellation` or `skip`. Run, group, step, attempt. */
export const ATTR_ORCHESTRATION_OUTCOME = 'orchestration.outcome' as const;
/** JSON array of what each reference gave: `[{"field","ref","resolved","type","bytes"}]`, never a value. Step with a mapping. */
export const ATTR_ORCHESTRATION_MAPPINGS = 'orchestration.mappings' as const;
/** How often the step was tried, e.g. `1`. Step that ran. */
export const ATTR_ORCHESTRATION_ATTEMPT_COUNT = 'orchestration.attempt_count' as const;
/** Why the step did not run, e.g. `dependency failed: primary`. Skipped step. */
export const ATTR_ORCHESTRATION_SKIP_REASON = 'orchestration.skip_reason' as const;
/** Number of dependencies beyond the 100 that have a link, e.g. `100`. Step. */
export const ATTR_ORCHESTRATION_LINKS_OMITTED = 'orchestration.links_omitted' as const;
/** JSON of what the tool was called with. Step, only with `recordInputs`. */
export const ATTR_ORCHESTRATION_INPUT = 'orchestration.input' as const;
/** JSON of what the tool returned. Step, only with `recordOutputs`. */
export const ATTR_ORCHESTRATION_OUTPUT = 'orchestration.output' as const;

// Attempt

/** Number of the attempt, from 1. Attempt. */
export const ATTR_ORCHESTRATION_ATTEMPT = 'orchestration.attempt' as const;
/** How often the step may be tried, e.g. `3`; absent where nobody says. Attempt. */
export const ATTR_ORCHESTRATION_MAX_ATTEMPTS = 'orchestration.max_attempts' as const;
/** Milliseconds waited before this attempt, e.g. `200`. Attempt. */
export const ATTR_ORCHESTRATION_BACKOFF_MS = 'orchestration.backoff_ms' as const;

// Links of a step to what it depends on, and of an attempt to the one before

/** `depends_on` (control), `data` (an output is mapped to an input) or `retry_of` (the attempt before). Link. */
export const ATTR_ORCHESTRATION_LINK_TYPE = 'orchestration.link.type' as const;
/** Which end of the linked span the edge starts at: `output`. Link. */
export const ATTR_LINK_FROM = 'from' as const;
/** Which end of this span the edge leads to: `input`. Link. */
export const ATTR_LINK_TO = 'to' as const;

// Names of OpenTelemetry's semantic conventions 1.45.0 (error: stable; gen_ai: development, copied) and OpenInference 2.12

/** Class name of the error, `timeout` or `_OTHER`. Failed run, step, attempt; step and run metrics. */
export const ATTR_ERROR_TYPE = 'error.type' as const;
/** `invoke_workflow` or `execute_tool`. Run, step, with `conventions: ['gen_ai']`. */
export const ATTR_GEN_AI_OPERATION_NAME = 'gen_ai.operation.name' as const;
/** Name of the plan. Run, with `conventions: ['gen_ai']`. */
export const ATTR_GEN_AI_WORKFLOW_NAME = 'gen_ai.workflow.name' as const;
/** Id of the tool. Step, with `conventions: ['gen_ai']`. */
export const ATTR_GEN_AI_TOOL_NAME = 'gen_ai.tool.name' as const;
/** `function`. Step, with `conventions: ['gen_ai']`. */
export const ATTR_GEN_AI_TOOL_TYPE = 'gen_ai.tool.type' as const;
/** `CHAIN` or `TOOL`. Run, group, step, with `conventions: ['openinference']`. */
export const ATTR_OPENINFERENCE_SPAN_KIND = 'openinference.span.kind' as const;

// Metrics

/** Histogram, seconds: duration of runs, by strategy and outcome. */
export const METRIC_ORCHESTRATION_RUN_DURATION = 'orchestration.run.duration' as const;
/** Histogram, seconds: duration of steps, by strategy, tool_type, outcome and error.type. */
export const METRIC_ORCHESTRATION_STEP_DURATION = 'orchestration.step.duration' as const;
/** Histogram, seconds: what `wait_ms` says, by strategy and tool_type. */
export const METRIC_ORCHESTRATION_STEP_WAIT = 'orchestration.step.wait' as const;
/** Up-down counter, `{run}`: runs that are going on, by strategy. */
export const METRIC_ORCHESTRATION_ACTIVE_RUNS = 'orchestration.active_runs' as const;

// Values

export type SpanType = 'run' | 'plan' | 'group' | 'step' | 'attempt';
export type Outcome = 'success' | 'failure' | 'error' | 'timeout' | 'cancellation' | 'skip';
export type WaitReason = 'dependency' | 'group' | 'slot' | 'unknown';
export type PlanSource = 'declared' | 'derived' | 'none';
export type LinkType = 'depends_on' | 'data' | 'retry_of';

/** Every attribute name above. */
export type AttributeName = Names[Extract<keyof Names, `ATTR_${string}`>];
type Names = typeof import('./semconv.ts');
