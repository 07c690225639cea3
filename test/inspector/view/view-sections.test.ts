import { expect, it } from 'vitest';
import { explainRun } from '../../../src/explain/explain-run.ts';
import { sectionsOf } from '../../../src/explain/tell/sections.ts';
import { viewSections } from '../../../src/inspector/view/view-sections.ts';
import { madeRun } from '../../explain/made-runs.ts';

it('names the tools that lines are about', () => {
  const run = madeRun({
    ms: 1000,
    tools: { fetch: { ms: [0, 900] }, rank: { ms: [900, 1000], mapping: { rows: '{fetch.data.rows}' } } },
  });
  const explanation = explainRun(run);
  const lines = viewSections(sectionsOf(run, explanation), explanation).flatMap(({ lines }) => lines);
  expect(lines.filter(({ toolIds }) => toolIds.length > 0)).toMatchInlineSnapshot(`
    [
      {
        "text": "fetch took 900 ms (90 % of the run); twice as fast about 450 ms less",
        "toolIds": [
          "fetch",
        ],
      },
      {
        "text": "with rank twice as fast: about 50 ms less",
        "toolIds": [
          "rank",
        ],
      },
      {
        "text": "rank reads fetch without depending on it",
        "toolIds": [
          "rank",
          "fetch",
        ],
      },
    ]
  `);
});
