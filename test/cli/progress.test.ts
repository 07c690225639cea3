import { describe, expect, it } from 'vitest';
import { describeEvent, Progress } from '../../src/cli/run/progress.ts';
import { createExecutionPlanTrace } from '../../src/index.ts';

const PLAN = {
  tools: [
    { tool_id: 'a' },
    { tool_id: 'b\x1b[2J' },
    { tool_id: 'c', depends_on: ['a'] },
    { tool_id: 'd', depends_on: ['a'] },
  ],
};
const SIZE = { width: 60, height: 20, color: false };

/** Half way: one done, one in its third attempt of a second pass, one skipped. */
function halfWay(): Progress {
  const progress = new Progress('half way', createExecutionPlanTrace(PLAN), 0);
  progress.take({ type: 'start', toolId: 'a', iteration: 1 }, 100);
  progress.take({ type: 'end', toolId: 'a', iteration: 1, outcome: 'success', reason: undefined, durationMs: 50 }, 150);
  progress.take({ type: 'start', toolId: 'b\x1b[2J', iteration: 2 }, 200);
  progress.take({ type: 'attempt', toolId: 'b\x1b[2J', attempt: 3 }, 300);
  progress.take(
    { type: 'end', toolId: 'c', iteration: 1, outcome: 'skip', reason: 'condition not met', durationMs: 0 },
    300,
  );
  progress.take({ type: 'start', toolId: 'not planned', iteration: 1 }, 300);
  return progress;
}

describe('the tree', () => {
  it('shows each group and step', () => {
    expect(halfWay().render(1200, SIZE).join('\n')).toMatchInlineSnapshot(`
      "half way [dag] 2 of 4 done, 1.20 s
      group 0 parallel
        ✓ a 50 ms
        ▸ b\\x1b[2J #2 attempt 3, 1.00 s
      group 1 parallel
        - c skipped: condition not met
        · d"
    `);
  });

  it('shows what runs and what did not go well where not all fits', () => {
    expect(
      halfWay()
        .render(1200, { ...SIZE, height: 6 })
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "half way [dag] 2 of 4 done, 1.20 s
      group 0 parallel
        ▸ b\\x1b[2J #2 attempt 3, 1.00 s
      group 1 parallel
        - c skipped: condition not met"
    `);
  });

  it.each([3, 4, 5, 10])('has at most %i lines of at most 20 columns', (height) => {
    const tools = Array.from({ length: 50 }, (_, index) => ({ tool_id: `tool number ${index} of many` }));
    const progress = new Progress(undefined, createExecutionPlanTrace({ tools }), 0);
    for (const { tool_id: toolId } of tools) progress.take({ type: 'start', toolId, iteration: 1 }, 0);
    const lines = progress.render(10, { width: 20, height, color: false });
    expect(lines.length).toBe(height);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(20);
    expect(lines.at(-1)).toBe(`and ${51 - (height - 2)} more lines`);
  });

  it('is coloured where there is colour', () => {
    expect(halfWay().render(0, { ...SIZE, color: true })[2]).toBe('\x1b[32m  ✓ a 50 ms\x1b[39m');
  });
});

it.each([
  [{ type: 'start', toolId: 'a\n', iteration: 3 } as const, String.raw`a\n #3 started`],
  [{ type: 'attempt', toolId: 'a', attempt: 2 } as const, 'a attempt 2 started'],
  [
    {
      type: 'end',
      toolId: 'a',
      iteration: 1,
      outcome: 'timeout',
      reason: 'no result within 5 ms',
      durationMs: 5,
    } as const,
    'a timed out, 5.0 ms: no result within 5 ms',
  ],
  [{ type: 'end', toolId: 'a', iteration: 1, outcome: 'skip', reason: undefined, durationMs: 0 } as const, 'a skipped'],
])('%j is said as %j', (event, line) => {
  expect(describeEvent(event)).toBe(line);
});
