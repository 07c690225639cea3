import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

describe('public names', () => {
  it('are these at the root', async () => {
    expect(Object.keys(await import('../src/index.ts')).toSorted()).toMatchInlineSnapshot(`
      [
        "OrchestraceError",
        "PlanError",
        "PlanSchema",
        "StageExecutor",
        "ToolChainExecutor",
        "ToolOrchestrator",
        "VERSION",
        "configure",
        "continueOrchestration",
        "createExecutionPlanTrace",
        "createOrchestrace",
        "groupTools",
        "inferStrategy",
        "instrumentExecutor",
        "isReportedFailure",
        "parsePlan",
        "parseReference",
        "resolveReference",
        "runPlan",
        "traceOrchestration",
        "traceTool",
        "traceTools",
      ]
    `);
  });

  it('are these types at the root', () => {
    expect(exportedTypes('index.ts')).toMatchInlineSnapshot(`
      [
        "AttemptOptions",
        "Carrier",
        "Condition",
        "ConditionOperator",
        "ContinueOrchestration",
        "Convention",
        "ErrorCode",
        "ExecuteChainOptions",
        "ExecutionGroup",
        "ExecutionPlanTrace",
        "ExecutorOptions",
        "FailurePolicy",
        "InstrumentExecutor",
        "Loop",
        "Orchestrace",
        "OrchestrationOptions",
        "Outcome",
        "Plan",
        "PlanInput",
        "PlanIssue",
        "PlanSource",
        "PlanTool",
        "PlanToolInput",
        "Reference",
        "ReferenceSource",
        "Retry",
        "Run",
        "RunInput",
        "RunPlan",
        "RunPlanOptions",
        "RunResult",
        "RunnerOptions",
        "Scheduling",
        "ShouldRun",
        "SpanNameInput",
        "SpanType",
        "StageExecutorOptions",
        "StageInput",
        "StageResult",
        "Step",
        "StepData",
        "StepMetadata",
        "StepOptions",
        "StepResult",
        "Strategy",
        "Tool",
        "ToolCall",
        "ToolChain",
        "ToolChainStep",
        "ToolContext",
        "ToolEntry",
        "ToolOptions",
        "ToolRegistry",
        "ToolsOptions",
        "TraceOptions",
        "TraceOrchestration",
        "TraceTool",
        "TraceTools",
        "TracedTool",
      ]
    `);
  });

  it('are these constants in ./semconv', async () => {
    expect(await import('../src/semconv.ts')).toMatchInlineSnapshot(`
      {
        "ATTR_ERROR_TYPE": "error.type",
        "ATTR_GEN_AI_OPERATION_NAME": "gen_ai.operation.name",
        "ATTR_GEN_AI_TOOL_NAME": "gen_ai.tool.name",
        "ATTR_GEN_AI_TOOL_TYPE": "gen_ai.tool.type",
        "ATTR_GEN_AI_WORKFLOW_NAME": "gen_ai.workflow.name",
        "ATTR_LINK_FROM": "from",
        "ATTR_LINK_TO": "to",
        "ATTR_OPENINFERENCE_SPAN_KIND": "openinference.span.kind",
        "ATTR_ORCHESTRATION_ATTEMPT": "orchestration.attempt",
        "ATTR_ORCHESTRATION_ATTEMPT_COUNT": "orchestration.attempt_count",
        "ATTR_ORCHESTRATION_BACKOFF_MS": "orchestration.backoff_ms",
        "ATTR_ORCHESTRATION_BLAST_RADIUS": "orchestration.blast_radius",
        "ATTR_ORCHESTRATION_BLOCKED_BY": "orchestration.blocked_by",
        "ATTR_ORCHESTRATION_CANCEL_REASON": "orchestration.cancel_reason",
        "ATTR_ORCHESTRATION_CRITICAL_PATH": "orchestration.critical_path",
        "ATTR_ORCHESTRATION_CRITICAL_PATH_MS": "orchestration.critical_path_ms",
        "ATTR_ORCHESTRATION_DEPENDENCY_GROUPS": "orchestration.dependency_groups",
        "ATTR_ORCHESTRATION_DEPENDS_ON": "orchestration.depends_on",
        "ATTR_ORCHESTRATION_EXECUTION_ORDER": "orchestration.execution_order",
        "ATTR_ORCHESTRATION_EXECUTION_PLAN": "orchestration.execution_plan",
        "ATTR_ORCHESTRATION_FAILED": "orchestration.failed",
        "ATTR_ORCHESTRATION_GROUP_INDEX": "orchestration.group_index",
        "ATTR_ORCHESTRATION_INPUT": "orchestration.input",
        "ATTR_ORCHESTRATION_ITERATION": "orchestration.iteration",
        "ATTR_ORCHESTRATION_LINKS_OMITTED": "orchestration.links_omitted",
        "ATTR_ORCHESTRATION_LINK_TYPE": "orchestration.link.type",
        "ATTR_ORCHESTRATION_MAPPINGS": "orchestration.mappings",
        "ATTR_ORCHESTRATION_MAX_ATTEMPTS": "orchestration.max_attempts",
        "ATTR_ORCHESTRATION_NOT_STARTED": "orchestration.not_started",
        "ATTR_ORCHESTRATION_OUTCOME": "orchestration.outcome",
        "ATTR_ORCHESTRATION_OUTPUT": "orchestration.output",
        "ATTR_ORCHESTRATION_OUTPUT_MAPPING": "orchestration.output_mapping",
        "ATTR_ORCHESTRATION_PARALLEL_EXECUTION": "orchestration.parallel_execution",
        "ATTR_ORCHESTRATION_PLANNED": "orchestration.planned",
        "ATTR_ORCHESTRATION_PLAN_HASH": "orchestration.plan.hash",
        "ATTR_ORCHESTRATION_PLAN_NAME": "orchestration.plan.name",
        "ATTR_ORCHESTRATION_PLAN_PART": "orchestration.plan.part",
        "ATTR_ORCHESTRATION_PLAN_PARTS": "orchestration.plan.parts",
        "ATTR_ORCHESTRATION_PLAN_SOURCE": "orchestration.plan.source",
        "ATTR_ORCHESTRATION_ROOT_CAUSE": "orchestration.root_cause",
        "ATTR_ORCHESTRATION_RUN_ID": "orchestration.run.id",
        "ATTR_ORCHESTRATION_SKIPPED": "orchestration.skipped",
        "ATTR_ORCHESTRATION_SKIP_REASON": "orchestration.skip_reason",
        "ATTR_ORCHESTRATION_SPAN_TYPE": "orchestration.span.type",
        "ATTR_ORCHESTRATION_STRATEGY": "orchestration.strategy",
        "ATTR_ORCHESTRATION_TOOL_ID": "orchestration.tool_id",
        "ATTR_ORCHESTRATION_TOOL_IDS": "orchestration.tool_ids",
        "ATTR_ORCHESTRATION_TOOL_TYPE": "orchestration.tool_type",
        "ATTR_ORCHESTRATION_TOTAL_GROUPS": "orchestration.total_groups",
        "ATTR_ORCHESTRATION_TOTAL_TOOLS": "orchestration.total_tools",
        "ATTR_ORCHESTRATION_VERDICT": "orchestration.verdict",
        "ATTR_ORCHESTRATION_WAIT_MS": "orchestration.wait_ms",
        "ATTR_ORCHESTRATION_WAIT_REASON": "orchestration.wait_reason",
        "METRIC_ORCHESTRATION_ACTIVE_RUNS": "orchestration.active_runs",
        "METRIC_ORCHESTRATION_RUN_DURATION": "orchestration.run.duration",
        "METRIC_ORCHESTRATION_STEP_DURATION": "orchestration.step.duration",
        "METRIC_ORCHESTRATION_STEP_WAIT": "orchestration.step.wait",
        "SCOPE_NAME": "orchestrace",
      }
    `);
  });

  it('are these in ./inspector', async () => {
    const names = Object.keys(await import('../src/inspector/index.ts'));
    expect([...names, ...exportedTypes('inspector/index.ts')].toSorted()).toMatchInlineSnapshot(`
      [
        "Attempt",
        "AttributeValue",
        "Baseline",
        "BaselineComparison",
        "Comparison",
        "Explanation",
        "Group",
        "JaegerClient",
        "JaegerOptions",
        "ReceivedSpan",
        "Receiver",
        "ReceiverOptions",
        "RecentRun",
        "Run",
        "RunFilter",
        "SpanNode",
        "Step",
        "StoreOptions",
        "TraceStore",
        "TraceSummary",
        "TraceView",
        "TracesRequest",
        "baselineOf",
        "compareRuns",
        "compareWithBaseline",
        "encodeTracesLines",
        "explainRun",
        "openStore",
        "readTrace",
        "readTraces",
        "reconstruct",
        "startReceiver",
      ]
    `);
  });

  it('are these in ./node', async () => {
    const names = Object.keys(await import('../src/node/index.ts'));
    expect([...names, ...exportedTypes('node/index.ts')].toSorted()).toMatchInlineSnapshot(`
      [
        "DiagnoseOptions",
        "Diagnosis",
        "Finding",
        "FindingCode",
        "FlushResult",
        "ProcessorOptions",
        "Protocol",
        "Tracing",
        "TracingOptions",
        "diagnose",
        "orchestraceProcessor",
        "startTracing",
      ]
    `);
  });
});

describe('imports', () => {
  it.each([
    ['index.ts', ['@opentelemetry/api', 'zod']],
    ['semconv.ts', []],
  ])('bring no package and no part of Node into %s but %j', (entry, packages) => {
    expect(packagesBehind(entry)).toEqual(packages);
  });

  it('are all named by package.json', () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(SRC, '../package.json'), 'utf8')) as Record<
      'dependencies' | 'peerDependencies',
      Record<string, string>
    >;
    // The page is bundled: what it is made of nobody has to install.
    const shipped = sources().filter((file) => !/^inspector\/(page\/|build-page)/.test(file));
    const packages = shipped.flatMap((file) => importsOf(file).filter((name) => !/^(\.|node:)/.test(name)));
    const nameOf = (path: string): string => /^(@[^/]+\/)?[^/]+/.exec(path)![0];
    const named = Object.keys({ ...dependencies, ...peerDependencies });
    expect([...new Set(packages.map(nameOf))].filter((name) => !named.includes(name))).toEqual([]);
  });

  it('point one way', () => {
    expect(sources().flatMap((file) => wrongImports(file))).toEqual([]);
  });
});

/**
 * Which part of src may import which: its own row and those above. `mapping` stands below `plan`, whose faults include references that do not
 * parse.
 */
const TOWER: readonly (readonly string[])[] = [
  ['semconv', 'errors', 'version', 'own-value', 'suppress-tracing', 'words', 'live-protocol', 'otlp-value'],
  ['options'],
  ['mapping', 'graph'],
  ['plan', 'plan-faults'],
  ['groups'],
  ['plan-trace'],
  ['explain'],
  ['spans'],
  ['wrap'],
  ['run'],
  ['create-orchestrace'],
  ['index'],
];

/** Parts beside the tower, with the highest row that each may import. */
const BESIDE: Readonly<Record<string, string>> = {
  adapters: 'wrap',
  node: 'spans',
  inspector: 'explain',
  cli: 'index',
};

function wrongImports(file: string): string[] {
  const part = partOf(file);
  if (rowOf(part) === -1 && !(part in BESIDE)) return [`${file} stands in no row of the table`];
  return localImports(file)
    .filter((target) => !mayImport(part, partOf(target)))
    .map((target) => `${file} -> ${target}`);
}

function mayImport(from: string, to: string): boolean {
  if (from === to || from === 'cli') return true;
  return rowOf(to) !== -1 && rowOf(to) <= rowOf(BESIDE[from] ?? from);
}

function rowOf(part: string): number {
  return TOWER.findIndex((row) => row.includes(part));
}

/** The folder of a file in src, or a file's own name at the top. */
function partOf(file: string): string {
  return file.split('/')[0]!.replace(/\.ts$/, '');
}

function sources(): string[] {
  return globSync('**/*.{ts,tsx}', { cwd: SRC }).map((file) => file.split(sep).join('/'));
}

/** The packages and parts of Node that an entry brings along, types included. */
function packagesBehind(entry: string): string[] {
  const packages = new Set<string>();
  const seen = new Set([entry]);
  for (const file of seen) {
    for (const target of localImports(file)) seen.add(target);
    for (const name of importsOf(file)) if (!name.startsWith('.')) packages.add(name);
  }
  return [...packages].toSorted();
}

function localImports(file: string): string[] {
  return importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) =>
      relative(SRC, join(SRC, dirname(file), name))
        .split(sep)
        .join('/'),
    );
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const statements = text.matchAll(
    /^(?:import|export)\s[^;]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...statements].map((found) => (found[1] ?? found[2] ?? found[3])!);
}

function exportedTypes(entry: string): string[] {
  const text = readFileSync(join(SRC, entry), 'utf8');
  const lists = text.matchAll(/^export (type )?\{([^}]*)\}/gm);
  return [...lists]
    .flatMap(([, isType, names = '']) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && (isType || name.startsWith('type ')))
        .map((name) => name.replace(/^type /, '')),
    )
    .toSorted();
}
