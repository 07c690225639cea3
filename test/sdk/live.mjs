/**
 * What an Inspector is told of a run, on every SDK line: registers what `./sdk.mjs` makes with `orchestraceProcessor`, runs a tool that ends once the Inspector knows of
 * it, and prints as JSON what came.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { context } from '@opentelemetry/api';
import { createOrchestrace } from 'orchestrace';
import { orchestraceProcessor } from 'orchestrace/node';
import { makeSdk } from './sdk.mjs';

const spans = { '/api/live/spans': [], '/v1/traces': [] };
const inspector = createServer((request, response) => void answer(request, response));
async function answer(request, response) {
  request.setEncoding('utf8');
  let text = '';
  for await (const chunk of request) text += chunk;
  const body = JSON.parse(text);
  if (request.url === '/api/live/process' && !body.bye) return response.writeHead(200).flushHeaders();
  if (request.url in spans) spans[request.url].push(...spansOf(body.traces ?? body));
  response.end('{}', () => inspector.emit('told'));
}
await once(inspector.listen(0, '127.0.0.1'), 'listening');

const warnings = [];
const inspectorUrl = `http://127.0.0.1:${inspector.address().port}`;
const processor = orchestraceProcessor({ inspectorUrl, onWarning: (message) => warnings.push(message) });
const { tracerProvider, contextManager } = makeSdk(processor);
context.setGlobalContextManager(contextManager);
const { runPlan } = createOrchestrace({ tracer: tracerProvider.getTracer('scope', '1.2.3'), metrics: false });
await runPlan(
  { name: 'live', tools: [{ tool_id: 'watched' }] },
  {
    tools: {
      watched: async () => {
        while (!spans['/api/live/spans'].some(({ name }) => name === 'step watched')) await once(inspector, 'told');
      },
    },
  },
);
await tracerProvider.shutdown();
inspector.closeAllConnections();
inspector.close();
process.stdout.write(JSON.stringify({ started: drawn('/api/live/spans'), ended: drawn('/v1/traces'), warnings }));

function spansOf({ resourceSpans }) {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => ({ ...span, scope, resource }))),
  );
}

function drawn(path) {
  const nameOf = (id) => spans['/v1/traces'].find(({ spanId }) => spanId === id)?.name ?? '';
  return spans[path].map((span) => {
    const language = span.resource.attributes.find(({ key }) => key === 'telemetry.sdk.language');
    const hasEnded = span.endTimeUnixNano !== '0';
    return [
      `${span.name} < ${nameOf(span.parentSpanId)}`,
      `kind ${span.kind}, ${span.scope.name} ${span.scope.version}, ${language.value.stringValue}, ${hasEnded ? 'ended' : 'open'}`,
    ].join(': ');
  });
}
