import { describe, expect, it } from 'vitest';
import { explainRun } from '../../../src/explain/explain-run.ts';
import { timeRows } from '../../../src/inspector/view/time-rows.ts';
import { madeRun } from '../../explain/made-runs.ts';

const TOOLS = {
  fetch: { ms: [0, 200] },
  rank: { needs: ['fetch'], ms: [200, 800] },
  write: { needs: ['rank'], ms: [800, 1000] },
} as const;
const fine = explainRun(madeRun({ ms: 1000, tools: TOOLS }));

describe('what took time', () => {
  it('has the step that was found first, then the others, each with its share and what would save some of it', () => {
    expect(timeRows(fine, 1000, true)).toEqual([
      {
        text: 'rank took 600 ms (60 % of the run)',
        toolIds: ['rank'],
        share: 0.6,
        saving: 'twice as fast about 300 ms less',
      },
      {
        text: 'fetch took 200 ms (20 % of the run)',
        toolIds: ['fetch'],
        share: 0.2,
        saving: 'twice as fast about 100 ms less',
      },
      {
        text: 'write took 200 ms (20 % of the run)',
        toolIds: ['write'],
        share: 0.2,
        saving: 'twice as fast about 100 ms less',
      },
    ]);
  });

  it('is no time that a step took to fail', () => {
    const tools = {
      ...TOOLS,
      rank: { ...TOOLS.rank, outcome: 'failure' },
      write: { needs: ['rank'], ms: [800, 800], outcome: 'skip' },
    } as const;
    const rows = timeRows(explainRun(madeRun({ ms: 800, outcome: 'failure', tools })), 800, true);
    expect(rows.map(({ toolIds, saving }) => [toolIds[0], saving])).toEqual([
      ['rank', ''],
      ['fetch', 'twice as fast about 100 ms less'],
    ]);
  });

  it('promises nothing as long as the run has not ended', () => {
    expect(timeRows(fine, 1000, false).map(({ toolIds, saving }) => [toolIds[0], saving])).toEqual([['rank', '']]);
  });

  it('has no share of a run that took no time', () => {
    const tools = { fetch: { ms: [0, 0], attempts: 2 } } as const;
    const rows = timeRows(explainRun(madeRun({ ms: 0, tools })), 0, true);
    expect(rows.map(({ toolIds, share }) => [toolIds, share])).toEqual([[['fetch'], 0]]);
  });
});
