/** A process of its own that takes part in a run: `child.ts SCENARIO OTLP-URL`. */
import { once } from 'node:events';
import { continueOrchestration, traceOrchestration, type Carrier } from '../../src/index.ts';
import { startTracing } from '../../src/node/index.ts';

const [scenario, endpoint] = process.argv.slice(2);
const say = (text: string): void => void process.send!(text);

await using tracing = await startTracing({ serviceName: 'the-other-process', endpoint });

if (!tracing.registered) throw new Error('the tests have registered a provider');

if (scenario === 'killed') {
  const tools = ['done', 'hangs', 'never'].map((tool_id) => ({ tool_id }));
  await traceOrchestration({ name: 'killed', strategy: 'serial', tools }, async (run) => {
    await run.step('done', async () => {
      const order = once(process, 'message');
      say(run.traceId!);
      await order;
    });
    setInterval(() => {}, 60_000); // keeps the process
    await run.step('hangs', () => new Promise(() => {}));
  });
} else {
  const [carrier] = (await once(process, 'message')) as [Carrier];
  continueOrchestration(carrier, (run) => {
    run.step('there', () => 2);
    say(run.traceId!);
  });
  process.disconnect();
}
