/** Where a text stops being JSON. Lines and columns count from 1, columns in UTF-16 units as editors do. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  /** What it is in the middle of, where it is the text that ends. */
  readonly endsIn?: 'a string' | 'an object' | 'a list';
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const WORD = /true|false|null/y;

/** What may come next. */
type State = 'value' | 'value or ]' | 'key' | 'key or }' | 'after';

const EXPECTED: Readonly<Record<Exclude<State, 'after'>, string>> = {
  value: 'a value',
  'value or ]': 'a value or ]',
  key: 'a key in double quotes',
  'key or }': 'a key in double quotes or }',
};

const ENDS_IN = { '"': 'a string', '{': 'an object', '[': 'a list' } as const;
const IN_STRING = 'a character of a string, an escape that JSON knows, or its closing quote';

/**
 * Finds where a text stops being JSON (RFC 8259), because the errors of `JSON.parse` do not always say. Takes any depth.
 *
 * @returns undefined for JSON
 */
export function findJsonFault(text: string): JsonFault | undefined {
  let at = 0;
  const open: ('[' | '{')[] = [];
  let state: State = 'value';
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  /** By hand: a pattern for a whole string runs out of stack on a long one. */
  const takeString = (): boolean => {
    if (text[at] !== '"') return false;
    at++;
    while (at < text.length && text[at] !== '"') {
      if (text[at] === '\\') {
        if (!take(ESCAPE)) return false;
      } else if (text.charCodeAt(at) < 0x20) return false;
      else at++;
    }
    return text[at++] === '"';
  };
  const fault = (expected: string): JsonFault => {
    const found = { ...positionOf(text, at), expected };
    const inside = expected === IN_STRING ? '"' : open.at(-1);
    return at < text.length || inside === undefined ? found : { ...found, endsIn: ENDS_IN[inside] };
  };
  for (;;) {
    take(SPACE);
    const next = text[at];
    const inside = open.at(-1);
    if (state === 'after') {
      if (inside === undefined) return at === text.length ? undefined : fault('nothing more');
      if (next === ',') state = inside === '[' ? 'value' : 'key';
      else if (next === (inside === '[' ? ']' : '}')) open.pop();
      else return fault(inside === '[' ? 'a comma or ]' : 'a comma or }');
      at++;
    } else if ((state === 'value or ]' && next === ']') || (state === 'key or }' && next === '}')) {
      open.pop();
      at++;
      state = 'after';
    } else if (state === 'key' || state === 'key or }') {
      if (!takeString()) return fault(next === '"' ? IN_STRING : EXPECTED[state]);
      take(SPACE);
      if (text[at] !== ':') return fault('a colon');
      at++;
      state = 'value';
    } else if (next === '[' || next === '{') {
      open.push(next);
      at++;
      state = next === '[' ? 'value or ]' : 'key or }';
    } else {
      if (next === '"' && !takeString()) return fault(IN_STRING);
      if (next !== '"' && !take(NUMBER) && !take(WORD)) return fault(EXPECTED[state]);
      state = 'after';
    }
  }
}

/** Says where, and what was expected. */
export function describeJsonFault({ line, column, expected, endsIn }: JsonFault): string {
  if (endsIn) return `the file ends in the middle of ${endsIn}, in line ${line}`;
  return `line ${line}, column ${column}: expected ${expected}`;
}

function positionOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: at - start + 1 };
}
