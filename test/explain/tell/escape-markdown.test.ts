import { expect, it } from 'vitest';
import { codeBlock, codeInTable, codeOf, escapeMarkdown, itemOf } from '../../../src/explain/tell/escape-markdown.ts';

it.each([
  ['plain', '`plain`'],
  ['a`b', '``a`b``'],
  ['`', '`` ` ``'],
  ['a|b', '`a|b`'],
  ['', '`  `'],
])('writes %j as code', (name, code) => {
  expect(codeOf(name)).toBe(code);
});

it('writes a name as code that does not end a cell of a table', () => {
  expect(codeInTable('a|b`|')).toBe('``a\\|b`\\|``');
});

it('cuts a name as code that is too long, between characters, and copes with any number of ticks', () => {
  expect(codeOf('🙂'.repeat(300_000))).toBe(`\`${'🙂'.repeat(200)}…\``);
  const ticks = '`a'.repeat(300_000);
  expect(codeOf(ticks)).toHaveLength(207);
  expect(codeBlock(ticks, 'text')).toBe(`\`\`\`text\n${ticks}\n\`\`\``);
});

it.each([
  ['# big', '\\# big'],
  ['###### small', '\\###### small'],
  ['#', '\\#'],
  ['  # big', '\\# big'],
  ['- b', '\\- b'],
  ['+ b', '\\+ b'],
  ['* b', '\\* b'],
  ['> b', '\\> b'],
  ['1. b', '1\\. b'],
  ['12) b', '12\\) b'],
  ['---', '\\---'],
  ['===', '\\==='],
  ['    code', 'code'],
  ['1.24 s', '1.24 s'],
  ['-3 ms', '-3 ms'],
  ['+3 ms: rank', '+3 ms: rank'],
])('makes nothing but a line of %j in a list', (line, item) => {
  expect(itemOf(line)).toBe(`- ${item}`);
});

it('leaves plain text as it is', () => {
  expect(escapeMarkdown('Failed after 1.24 s (5 %): rank failed; a > b.')).toBe(
    String.raw`Failed after 1.24 s (5 %): rank failed; a \> b.`,
  );
});
