import type { RequestListener, ServerResponse } from 'node:http';

/** A trace of one run: its plan and the second in which it started; without a plan, of one step that belongs to no run. */
interface Stored {
  readonly id: string;
  readonly service: string;
  readonly plan?: string;
  readonly second: number;
  /** Whether the run's own span never came: there is its plan instead. */
  readonly isKilled?: boolean;
}

/** Of a run of the plan `overview`. */
export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const STORED: readonly Stored[] = [
  { id: '1af7651916cd43dd8448eb211c80319c', service: 'shop', plan: 'nightly', second: 1 },
  { id: TRACE_ID, service: 'shop', plan: 'overview', second: 2 },
  { id: '2af7651916cd43dd8448eb211c80319c', service: 'shop', second: 3 },
  { id: '3af7651916cd43dd8448eb211c80319c', service: 'users', plan: 'overview', second: 4 },
  { id: '4af7651916cd43dd8448eb211c80319c', service: 'gateway', second: 5 },
  { id: '5af7651916cd43dd8448eb211c80319c', service: 'gateway', plan: 'overview', second: 6, isKilled: true },
];

/** What differs between the versions of Jaeger. */
export interface Generation {
  readonly v3: 'none' | 'base64' | 'without attributes' | 'with attributes';
  /** Whether the older API can be searched: not since August 2026. */
  readonly olderSearch: boolean;
  readonly spelling: 'snake' | 'camel';
}

export const GENERATIONS: Readonly<Record<string, Generation>> = {
  '1.35': { v3: 'none', olderSearch: true, spelling: 'snake' },
  '1.53': { v3: 'base64', olderSearch: true, spelling: 'snake' },
  '2.13': { v3: 'without attributes', olderSearch: true, spelling: 'snake' },
  '2.20': { v3: 'with attributes', olderSearch: true, spelling: 'camel' },
  'after 2.20': { v3: 'with attributes', olderSearch: false, spelling: 'camel' },
};

const NOW = Date.now();

/** Answers as Jaeger of that generation does. */
export function answerAs(generation: Generation, basePath = ''): RequestListener {
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : '';
    if (path.startsWith('/api/v3/') && generation.v3 !== 'none') {
      return answerV3(path, searchParams, generation, response);
    }
    if (path.startsWith('/api/traces/')) return answerOlderTrace(path.slice('/api/traces/'.length), response);
    if (path === '/api/services' && generation.olderSearch) return sendJson(response, 200, older(services()));
    if (path === '/api/traces' && generation.olderSearch) return answerOlderSearch(searchParams, response);
    // Its page, for any path that it does not know.
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Jaeger UI</title>');
  };
}

function answerV3(path: string, query: URLSearchParams, { v3, spelling }: Generation, response: ServerResponse): void {
  const parameter = (camel: string): string | null =>
    query.get(spelling === 'camel' ? camel : camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  if (path === '/api/v3/services') return sendJson(response, 200, { services: services() });
  let found: readonly Stored[];
  if (path === '/api/v3/traces') {
    const [start, end] = [parameter('query.startTimeMin'), parameter('query.startTimeMax')];
    if (!start || !end) return sendJson(response, 400, { error: { httpCode: 400, message: 'times are required' } });
    const attributes = v3 === 'with attributes' ? query.get('query.attributes') : null;
    const depth = Number(query.get(spelling === 'camel' ? 'query.searchDepth' : 'query.num_traces'));
    if (depth === 0) return sendJson(response, 500, { error: { httpCode: 500, message: 'search depth is required' } });
    found = search(parameter('query.serviceName'), attributes, Date.parse(start)).slice(0, depth);
  } else {
    found = STORED.filter(({ id }) => path === `/api/v3/traces/${id}`);
  }
  if (found.length === 0) return sendJson(response, 404, notFound());
  const resourceSpans = found.flatMap(
    (stored) => otlp(otlpSpans(stored, v3 === 'base64'), stored.service).resourceSpans,
  );
  sendJson(response, 200, { result: { resourceSpans } });
}

function answerOlderTrace(id: string, response: ServerResponse): void {
  const found = STORED.filter((stored) => stored.id === id);
  if (found.length > 0) return sendJson(response, 200, older(found.map(olderTrace)));
  sendJson(response, 404, { ...older(null), errors: [{ code: 404, msg: 'trace not found' }] });
}

function answerOlderSearch(query: URLSearchParams, response: ServerResponse): void {
  const found = search(query.get('service'), query.get('tags'), Number(query.get('start')) / 1_000);
  sendJson(response, 200, older(found.slice(0, Number(query.get('limit'))).map(olderTrace)));
}

function services(): string[] {
  return [...new Set(STORED.map(({ service }) => service))];
}

/** Newest first, as Jaeger's storages do. */
function search(service: string | null, attributes: string | null, startMin: number): Stored[] {
  const wanted = JSON.parse(attributes ?? '{}') as Record<string, string>;
  return STORED.toReversed().filter((stored) => {
    const type = stored.isKilled ? 'plan' : 'run';
    const has: Record<string, unknown> = { 'orchestration.span.type': type, 'orchestration.plan.name': stored.plan };
    const matches = Object.entries(wanted).every(([key, value]) => stored.plan !== undefined && has[key] === value);
    return stored.service === service && matches && startMs(stored.second) >= startMin;
  });
}

export function notFound(): object {
  return { error: { httpCode: 404, message: 'No traces found' } };
}

/** As in v3, which names no JSON in its Content-Type. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(JSON.stringify(body));
}

export function startMs(second: number): number {
  return NOW - 60_000 + second * 1_000;
}

export function otlp(spans: readonly object[], service = 'shop'): { resourceSpans: object[] } {
  const scopeSpans = [{ scope: { name: 'orchestrace', version: '0.1.0' }, spans }];
  return { resourceSpans: [{ resource: { attributes: [text('service.name', service)] }, scopeSpans }] };
}

export function otlpSpan(): object {
  return {
    traceId: TRACE_ID,
    spanId: 'b7ad6b7169203331',
    name: 'work',
    kind: 1,
    startTimeUnixNano: '1',
    endTimeUnixNano: '2',
  };
}

function otlpSpans({ id, plan, second, isKilled }: Stored, isBase64: boolean): object[] {
  const written = (hex: string): string => (isBase64 ? Buffer.from(hex, 'hex').toString('base64') : hex);
  const [traceId, spanId] = [written(id), written('b7ad6b7169203331')];
  const times = { startTimeUnixNano: `${startMs(second)}000000`, endTimeUnixNano: `${startMs(second)}500000` };
  const kind = isBase64 ? 'SPAN_KIND_INTERNAL' : 1;
  const run = {
    traceId,
    spanId,
    name: `run ${plan}`,
    kind,
    ...times,
    attributes: [
      text('orchestration.span.type', 'run'),
      text('orchestration.plan.name', plan ?? ''),
      text('orchestration.outcome', 'failure'),
      { key: 'orchestration.total_tools', value: { intValue: '3' } },
      { key: 'orchestration.failed', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
    ],
    status: { code: isBase64 ? 'STATUS_CODE_ERROR' : 2, message: 'broken' },
  };
  const links = [{ traceId, spanId, attributes: [text('orchestration.link.type', 'data')] }];
  const step = {
    traceId,
    spanId: written('b7ad6b7169203332'),
    parentSpanId: spanId,
    name: 'step',
    kind,
    ...times,
    links,
  };
  if (isKilled) {
    const attributes = [text('orchestration.span.type', 'plan'), text('orchestration.plan.name', plan ?? '')];
    return [{ ...step, spanId: written('b7ad6b7169203333'), links: [], attributes }, step];
  }
  return plan === undefined ? [step] : [run, step];
}

function older(data: unknown): object {
  return { data, total: 0, limit: 0, offset: 0, errors: null };
}

function olderTrace({ id, service, plan, second, isKilled }: Stored): object {
  const reference = (refType: string): object => ({ refType, traceID: id, spanID: 'b7ad6b7169203331' });
  const common = { traceID: id, startTime: startMs(second) * 1_000, duration: 500, logs: [], processID: 'p1' };
  const tags = [
    ['otel.scope.name', 'string', 'orchestrace'],
    ['otel.scope.version', 'string', '0.1.0'],
    ['orchestration.span.type', 'string', 'run'],
    ['orchestration.plan.name', 'string', plan],
    ['orchestration.outcome', 'string', 'failure'],
    ['orchestration.total_tools', 'int64', 3],
    ['orchestration.failed', 'string', '["a"]'],
    ['span.kind', 'string', 'internal'],
    ['otel.status_code', 'string', 'ERROR'],
    ['error', 'bool', true],
    ['otel.status_description', 'string', 'broken'],
  ].map(([key, type, value]) => ({ key, type, value }));
  const run = { ...common, spanID: 'b7ad6b7169203331', operationName: `run ${plan}`, references: [], tags };
  const references = [reference('CHILD_OF'), reference('FOLLOWS_FROM')];
  const step = { ...common, spanID: 'b7ad6b7169203332', operationName: 'step', references, tags: [] };
  const planTags = tags
    .filter(({ key }) => key === 'orchestration.plan.name' || key === 'orchestration.span.type')
    .map((tag) => (tag.value === 'run' ? { ...tag, value: 'plan' } : tag));
  const planSpan = { ...step, spanID: 'b7ad6b7169203333', references: [reference('CHILD_OF')], tags: planTags };
  return {
    traceID: id,
    spans: plan === undefined ? [step] : [isKilled ? planSpan : run, step],
    processes: { p1: { serviceName: service, tags: [] } },
  };
}

export function text(key: string, stringValue: string): object {
  return { key, value: { stringValue } };
}
