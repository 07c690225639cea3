import { describe, expect, it } from 'vitest';
import { escapeMermaid } from '../../../src/explain/tell/escape-mermaid.ts';

/** Each was read as text by Mermaid 11.17, and as something else unescaped. */
describe('a text in a label of Mermaid', () => {
  it.each([
    ['fetch_rows-2.txt', 'fetch_rows-2.txt'],
    ['"]; x --> y', '#34;]; x --#62; y'],
    ['<b>&amp;', '#60;b#62;#38;amp;'],
    ['#quot;', '#35;quot;'],
    ['`code`', '#96;code#96;'],
    ['%%{init: {}}%%', '#37;#37;{init: {}}#37;#37;'],
    ['*a* ~b~', '#42;a#42; #126;b#126;'],
    ['__init__', '#95;#95;init#95;#95;'],
    ['[a](b)', '[a#93;(b)'],
    ['rows[0].x', 'rows[0].x'],
    ['1. first', '1#46; first'],
    ['1.20 s', '1.20 s'],
    ['- item', '#45; item'],
    ['-x', '-x'],
    ['$$x$$', '$\u200b$x$\u200b$'],
    ['$input', '$input'],
    ['fa:fa-ban', 'fa:\u200bfa-ban'],
    ['a\nb\u202ec\0', 'a#92;nb#92;u202ec#92;x00'],
    [String.raw`C:\new`, 'C:#92;new'],
  ])('%j is written %j', (text, escaped) => {
    expect(escapeMermaid(text)).toBe(escaped);
  });
});
