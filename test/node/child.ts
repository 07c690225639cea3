/** A host process that traces: `child.ts SCENARIO`. Says on stdout what happens, in order, a line each. */
import { registerHooks } from 'node:module';
import { trace } from '@opentelemetry/api';
import { runPlan } from '../../src/index.ts';
import { startTracing, type TracingOptions } from '../../src/node/index.ts';

const say = (line: string): void => console.log(line);
process.on('unhandledRejection', (error) => say(`unhandledRejection ${String(error)}`));
process.on('exit', (code) => say(`exit ${code}`));

async function traceRun(options?: TracingOptions): Promise<void> {
  await startTracing(options);
  const result = await runPlan({ name: 'p', tools: [{ tool_id: 'a' }] }, { tools: { a: () => 'made' } });
  say(`result ${String(result.finalOutput)}`);
}

function endSpans(count: number): void {
  for (let number = 0; number < count; number++) trace.getTracer('test').startSpan(`span ${number}`).end();
}

const scenarios: Record<string, () => Promise<void>> = {
  'a run and nothing else': () => traceRun(),

  'a run whose warnings are told': () => traceRun({ onWarning: (message) => say(`warning ${message.slice(0, 20)}`) }),

  'many spans and no shutdown': async () => {
    await startTracing();
    endSpans(5_000);
  },

  'a span and a shutdown': async () => {
    const tracing = await startTracing({ flushTimeoutMs: 300 });
    endSpans(1);
    say(JSON.stringify(await tracing.shutdown()));
  },

  'a package that is missing': async () => {
    registerHooks({
      resolve(specifier, context, nextResolve) {
        // Only for this package: the SDK depends on some of its peers.
        const isAsked = specifier === process.argv[3] && context.parentURL?.includes('/src/node/');
        if (!isAsked) return nextResolve(specifier, context);
        throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' });
      },
    });
    try {
      await startTracing({ metrics: true });
    } catch (error) {
      const { name, code, message } = error as Error & { code: string };
      say(`${name} ${code} ${message}`);
    }
    say(`registered: ${trace.getTracer('test').startSpan('x').isRecording()}`);
  },
};

await scenarios[process.argv[2]!]!();
