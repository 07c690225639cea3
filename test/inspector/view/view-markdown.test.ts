import { expect, it } from 'vitest';
import { viewMarkdown } from '../../../src/inspector/view/view-markdown.ts';
import { madeView } from '../made-views.ts';
import { overviewRun } from '../page/overview.ts';

it('says what the report on the page says', () => {
  expect(overviewRun().markdown).toMatchInlineSnapshot(`
    "**Failed after 100 ms: audit failed after 2 attempts (audit answered 503); publish did not run because of it. aggregate got nothing for limit: {secondary.data.limit} found nothing.**

    \`ci-overview\` · dag · 100 ms · 5 of 5 planned steps seen · trace \`0af7651916cd43dd8448eb211c80319c\`  
    Critical path: secondary \\> audit, 97 ms of 100 ms

    **what took time**

    - audit needed 2 attempts (audit answered 502), the last began 40 ms after the first
    - audit took 68 ms (68 % of the run)

    **planned and actual**

    - 1 skipped: publish

    **parallelism**

    - 1.2 steps at once on average while any ran, at most 2
    - group 0: at most 2 of 2 at once, 1.6 on average
    - group 1: at most 1 of 2 at once, 1.0 on average

    **what if**

    - with secondary twice as fast: about 15 ms less

    **done and not done**

    - done (3): primary, secondary, aggregate
    - not done (2): audit, publish"
  `);
});

it('lets no text of a trace become markup, a mention or a link', () => {
  const evil = '@octocat [a](https://evil.test) <img src=x> `b` |\n# h';
  const text = viewMarkdown(
    madeView({ planName: evil, strategy: evil, verdict: evil, notes: [evil] }),
    [{ title: 'data flow', lines: [evil], isFinding: false }],
    evil,
  );
  const prose = text.replaceAll(/(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
  expect(prose).not.toMatch(/@octocat|:\/\/|^# h|(?<!\\)[<[]/m);
});

it('names a run that has no name', () => {
  expect(viewMarkdown(madeView({ planName: undefined, strategy: undefined }), [], undefined)).toContain(
    '\nunnamed run · 0 ms ·',
  );
});
