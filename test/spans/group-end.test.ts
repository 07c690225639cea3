import { beforeAll, expect, it } from 'vitest';
import { record, useContextManager } from '../helpers/spans.ts';

beforeAll(useContextManager);

it('ends a group no earlier than any of its steps, in whatever order their clocks put them', () => {
  const recording = record({
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => {
          if (span.name === 'step slow') Object.assign(span, { endTime: [span.endTime[0] + 1, 0] });
        },
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  recording.traceOrchestration({ tools: [{ tool_id: 'slow' }, { tool_id: 'left out' }] }, (run) => {
    run.step('slow', () => {});
    run.skip('left out', 'condition not met');
  });
  expect(recording.span('group 0 parallel').endTime).toEqual(recording.span('step slow').endTime);
});
