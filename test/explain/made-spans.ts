import type { AttributeValue, ReceivedSpan } from '../../src/explain/read/received-span.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
/** 2026-11-23T00:00:00Z */
const EPOCH_MS = 1_795_392_000_000;

interface Made extends Partial<Omit<ReceivedSpan, 'attributes' | 'parentSpanId'>> {
  /** Id of the parent, as short as that of the span. */
  parent?: string;
  /** Milliseconds since the run started: from, to. */
  ms?: readonly [number, number];
  attributes?: Record<string, AttributeValue>;
}

/** A span made by hand. Ids may be as short as `s1`: they are written in hex. */
export function made(id: string, { parent, ms = [0, 0], attributes, ...rest }: Made = {}): ReceivedSpan {
  return {
    traceId: TRACE_ID,
    spanId: idOf(id),
    ...(parent === undefined ? {} : { parentSpanId: idOf(parent) }),
    name: id,
    kind: 'internal',
    startNs: nanoseconds(ms[0]),
    endNs: nanoseconds(ms[1]),
    attributes: new Map(Object.entries(attributes ?? {})),
    events: [],
    links: [],
    status: { code: 'unset' },
    resource: new Map(),
    scope: { name: 'test' },
    ...rest,
  };
}

/** A span of ours: attribute names are given without `orchestration.`. */
export function ours(type: string, id: string, rest: Made = {}): ReceivedSpan {
  const attributes = Object.entries({ 'span.type': type, ...rest.attributes });
  return made(id, {
    ...rest,
    attributes: Object.fromEntries(attributes.map(([key, value]) => [`orchestration.${key}`, value])),
  });
}

/** The plan of {@link overviewSpans}, as a plan span has it. */
export const OVERVIEW_PLAN: string = JSON.stringify({
  strategy: 'dag',
  execution_groups: [
    {
      group_index: 0,
      parallel_execution: true,
      tools: [
        { tool_id: 'primary', tool_type: 'ci_lookup', depends_on: [], dependency_groups: [], output_mapping: {} },
        { tool_id: 'secondary', tool_type: 'ci_lookup', depends_on: [], dependency_groups: [], output_mapping: {} },
      ],
    },
    {
      group_index: 1,
      parallel_execution: true,
      tools: [
        {
          tool_id: 'aggregate',
          tool_type: 'ci_aggregate',
          depends_on: ['primary', 'secondary'],
          dependency_groups: [0],
          output_mapping: { ci_type_filter: '{primary.data.rows[0].ci_type}' },
        },
        { tool_id: 'audit', tool_type: 'http', depends_on: ['secondary'], dependency_groups: [0], output_mapping: {} },
      ],
    },
    {
      group_index: 2,
      parallel_execution: false,
      tools: [
        { tool_id: 'publish', tool_type: 'http', depends_on: ['audit'], dependency_groups: [1], output_mapping: {} },
      ],
    },
  ],
  total_groups: 3,
  total_tools: 5,
  tool_ids: ['primary', 'secondary', 'aggregate', 'audit', 'publish'],
});

/** A run with a success, a mapping, a retried failure with HTTP below it, and a skip. */
export function overviewSpans(): ReceivedSpan[] {
  const step = (id: string, parent: string, group: number, order: number, rest: Made): ReceivedSpan =>
    ours('step', id, {
      name: `step ${id}`,
      parent,
      ...rest,
      attributes: { tool_id: id, group_index: group, execution_order: order, ...rest.attributes },
    });
  return [
    ours('run', 'run', {
      name: 'orchestration ci-overview dag',
      ms: [0, 100],
      attributes: {
        'run.id': 'r-1',
        'plan.name': 'ci-overview',
        strategy: 'dag',
        outcome: 'failure',
        failed: ['audit'],
        skipped: ['publish'],
      },
      status: { code: 'error', message: 'failed: audit' },
    }),
    ours('plan', 'plan', { parent: 'run', attributes: { execution_plan: OVERVIEW_PLAN, 'plan.name': 'ci-overview' } }),
    ours('group', 'g0', {
      parent: 'run',
      ms: [1, 30],
      attributes: { group_index: 0, parallel_execution: true, outcome: 'success' },
    }),
    step('primary', 'g0', 0, 0, { ms: [1, 20], attributes: { tool_type: 'ci_lookup', outcome: 'success' } }),
    step('secondary', 'g0', 0, 1, { ms: [1, 30], attributes: { tool_type: 'ci_lookup', outcome: 'success' } }),
    ours('group', 'g1', {
      parent: 'run',
      ms: [30, 98],
      attributes: { group_index: 1, parallel_execution: true, outcome: 'failure' },
    }),
    step('aggregate', 'g1', 1, 0, {
      ms: [30, 31],
      attributes: {
        tool_type: 'ci_aggregate',
        outcome: 'success',
        depends_on: ['primary', 'secondary'],
        output_mapping: '{"ci_type_filter":"{primary.data.rows[0].ci_type}"}',
        mappings: JSON.stringify([
          { field: 'ci_type_filter', ref: '{primary.data.rows[0].ci_type}', resolved: true, type: 'string', bytes: 6 },
          { field: 'limit', ref: '{secondary.data.limit}', resolved: false },
        ]),
      },
    }),
    step('audit', 'g1', 1, 1, {
      ms: [30, 98],
      attributes: { tool_type: 'http', outcome: 'failure', depends_on: ['secondary'], attempt_count: 2 },
      status: { code: 'error', message: 'audit answered 503' },
    }),
    ours('attempt', 'a1', {
      parent: 'audit',
      ms: [30, 50],
      attributes: { attempt: 1, max_attempts: 2, backoff_ms: 0, outcome: 'failure' },
      status: { code: 'error', message: 'audit answered 502' },
    }),
    made('h1', {
      name: 'GET',
      parent: 'a1',
      kind: 'client',
      ms: [31, 49],
      attributes: { 'url.full': 'http://127.0.0.1/audit' },
    }),
    made('h2', { name: 'handle', parent: 'h1', kind: 'server', ms: [32, 48] }),
    ours('attempt', 'a2', {
      parent: 'audit',
      ms: [70, 98],
      attributes: { attempt: 2, max_attempts: 2, backoff_ms: 20, outcome: 'failure' },
      status: { code: 'error', message: 'audit answered 503' },
    }),
    ours('group', 'g2', {
      parent: 'run',
      ms: [99, 99],
      attributes: { group_index: 2, parallel_execution: false, outcome: 'skip' },
    }),
    step('publish', 'g2', 2, 0, {
      ms: [99, 99],
      attributes: {
        tool_type: 'http',
        outcome: 'skip',
        skip_reason: 'dependency failed: audit',
        depends_on: ['audit'],
      },
    }),
  ];
}

function idOf(short: string): string {
  return Buffer.from(short).toString('hex').slice(0, 16).padStart(16, '0');
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round((EPOCH_MS + ms) * 1000)) * 1000n;
}
