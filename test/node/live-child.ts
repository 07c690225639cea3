/**
 * A host process with a run that goes on: `live-child.ts SCENARIO`, with ORCHESTRACE_INSPECTOR_URL in its environment; `live-child.ts SCENARIO processor` has an SDK of its own. Starts when it is run, and does what the
 * scenario says once it gets a line on stdin, which the scenario `is killed` never does.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { runPlan } from '../../src/index.ts';
import { orchestraceProcessor, startTracing } from '../../src/node/index.ts';

const PLAN = { name: 'p', tools: [{ tool_id: 'a' }, { tool_id: 'b', depends_on: ['a'] }] };
/** Works at once, also when nothing else can. */
const say = (line: string): void => void writeSync(1, `${line}\n`);

let settle: (value: string) => void;
const a = new Promise<string>((resolve) => (settle = resolve));
const tracing = process.argv[3] === 'processor' ? startSdk() : await startTracing();
const run = runPlan(PLAN, { tools: { a: () => a, b: () => 'made' } });
void run.then(({ finalOutput }) => say(`result ${String(finalOutput)}`));
process.on('exit', (code) => say(`exit ${code}`));

function startSdk(): NodeSDK {
  const inspectorUrl = process.env['ORCHESTRACE_INSPECTOR_URL'];
  const sdk = new NodeSDK({
    spanProcessors: [orchestraceProcessor({ exporter: new OTLPTraceExporter(), inspectorUrl })],
  });
  sdk.start();
  return sdk;
}

const scenarios: Record<string, () => void | Promise<void>> = {
  'throws what nobody catches': () => {
    throw new Error('nobody catches this');
  },

  'leaves in the middle': () => process.exit(3),

  'has nothing left to do': () => {},

  'ends its run': () => settle(''),

  'ends its run and shuts down': async () => {
    settle('');
    await run;
    await tracing.shutdown();
  },

  'blocks its event loop': () => {
    say('blocking');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
};

await once(process.stdin, 'data');
// From here on it is the scenario that keeps the process, or does not.
process.stdin.destroy();
setImmediate(() => void scenarios[process.argv[2]!]!());
