/**
 * A program that knows nothing but OTLP: `foreign-sender.mjs URL WHAT`. It makes its spans itself, with the names that the README has.
 */

const [url, what] = process.argv.slice(2);
const traceId = process.argv[4] ?? '5'.repeat(32);
const startMs = Date.now() - 10_000;

/** OTLP has a type for each value. */
function valueOf(value) {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(valueOf) } };
  if (typeof value === 'boolean') return { boolValue: value };
  return typeof value === 'number' ? { intValue: String(value) } : { stringValue: value };
}

function span(id, name, [from, to], { parent, error, ...attributes } = {}) {
  return {
    traceId,
    spanId: id.toString(16).padStart(16, '0'),
    ...(parent !== undefined && { parentSpanId: parent.toString(16).padStart(16, '0') }),
    name,
    kind: 1,
    startTimeUnixNano: `${startMs + from}000000`,
    endTimeUnixNano: `${startMs + to}000000`,
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) })),
    ...(error !== undefined && { status: { code: 2, message: error } }),
  };
}

const of = (type, attributes) => ({
  'orchestration.span.type': type,
  ...Object.fromEntries(Object.entries(attributes).map(([key, value]) => [`orchestration.${key}`, value])),
});
const step = (toolId, more = {}) => of('step', { tool_id: toolId, outcome: 'success', ...more });

const SPANS = {
  'a whole run': () => {
    const tools = [
      { tool_id: 'extract', depends_on: [] },
      { tool_id: 'transform', depends_on: ['extract'] },
      { tool_id: 'report', depends_on: ['transform'] },
    ];
    const plan = {
      strategy: 'serial',
      execution_groups: tools.map((tool, at) => ({ group_index: at, tools: [tool] })),
    };
    return [
      span(1, 'etl', [0, 900], {
        ...of('run', { 'plan.name': 'etl', strategy: 'serial', outcome: 'failure' }),
        error: 'transform',
      }),
      span(2, 'plan', [0, 1], {
        parent: 1,
        ...of('plan', { 'plan.name': 'etl', execution_plan: JSON.stringify(plan) }),
      }),
      span(3, 'group 0', [0, 500], { parent: 1, ...of('group', { group_index: 0, parallel_execution: false }) }),
      span(4, 'extract', [0, 500], { parent: 3, ...step('extract', { group_index: 0 }) }),
      span(5, 'SELECT orders', [10, 480], { parent: 4, 'db.system.name': 'postgresql' }),
      span(6, 'group 1', [500, 900], { parent: 1, ...of('group', { group_index: 1, parallel_execution: false }) }),
      span(7, 'transform', [500, 900], {
        parent: 6,
        ...step('transform', { group_index: 1, depends_on: ['extract'], outcome: 'failure' }),
        error: 'column total is missing',
      }),
    ];
  },
  'a run without a plan': () => [
    span(1, 'etl', [0, 900], of('run', { outcome: 'success' })),
    span(2, 'extract', [0, 500], { parent: 1, ...step('extract') }),
    span(3, 'transform', [500, 900], { parent: 1, ...step('transform', { depends_on: ['extract'] }) }),
  ],
  'steps alone': () => [
    span(1, 'nightly job', [0, 900]),
    span(2, 'extract', [0, 500], { parent: 1, ...step('extract') }),
    span(3, 'transform', [500, 900], { parent: 1, ...step('transform', { depends_on: ['extract'] }) }),
  ],
  'no orchestration': () => [
    span(1, 'GET /checkout', [0, 300], { 'http.request.method': 'GET' }),
    span(2, 'SELECT carts', [10, 200], { parent: 1, 'db.system.name': 'postgresql', error: 'deadlock detected' }),
  ],
};

const body = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [{ scope: { name: 'by hand' }, spans: SPANS[what]() }],
    },
  ],
};
const response = await fetch(`${url}/v1/traces`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});
if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
