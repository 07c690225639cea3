export { configure } from './spans/telemetry.ts';
export {
  continueOrchestration,
  createOrchestrace,
  instrumentExecutor,
  runPlan,
  traceOrchestration,
  traceTool,
  traceTools,
  type Orchestrace,
} from './create-orchestrace.ts';
export { OrchestraceError, PlanError, type ErrorCode, type PlanIssue } from './errors.ts';
export { groupTools, inferStrategy } from './groups.ts';
export { parseReference, resolveReference, type Reference, type ReferenceSource, type StepData } from './mapping.ts';
export { isReportedFailure, type Convention, type SpanNameInput, type TraceOptions } from './options.ts';
export {
  parsePlan,
  PlanSchema,
  type Condition,
  type ConditionOperator,
  type Loop,
  type Plan,
  type PlanInput,
  type PlanTool,
  type PlanToolInput,
  type Retry,
  type Strategy,
} from './plan.ts';
export {
  createExecutionPlanTrace,
  type ExecutionGroup,
  type ExecutionPlanTrace,
  type TracedTool,
} from './plan-trace.ts';
export type { RunInput, RunnerOptions, RunPlan, RunPlanOptions } from './run/run-plan.ts';
export { StageExecutor, type StageExecutorOptions, type StageInput, type StageResult } from './run/stage-executor.ts';
export {
  ToolChainExecutor,
  type ExecuteChainOptions,
  type ToolChain,
  type ToolChainStep,
} from './run/tool-chain-executor.ts';
export { ToolOrchestrator } from './run/tool-orchestrator.ts';
export type {
  FailurePolicy,
  RunResult,
  Scheduling,
  ShouldRun,
  StepMetadata,
  StepResult,
  Tool,
  ToolContext,
  ToolEntry,
  ToolRegistry,
} from './run/types.ts';
export type { Outcome, PlanSource, SpanType } from './semconv.ts';
export type { Carrier } from './spans/carrier.ts';
export { VERSION } from './version.ts';
export type { ExecutorOptions, ToolCall } from './wrap/executor-options.ts';
export type { InstrumentExecutor } from './wrap/instrument-executor.ts';
export type { AttemptOptions, Run, Step, StepOptions } from './wrap/run.ts';
export type { OrchestrationOptions } from './wrap/trace-orchestration.ts';
export type { ToolOptions, TraceTool } from './wrap/trace-tool.ts';
export type { ToolsOptions, TraceTools } from './wrap/trace-tools.ts';
export type { ContinueOrchestration, TraceOrchestration } from './wrap/trace-orchestration.ts';
