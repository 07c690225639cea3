/** One thing that is searched for, in small letters: a word, or an attribute by the end of its name and a part of its value. */
export type SearchTerm = { readonly word: string } | { readonly key: string; readonly value: string };

/** `key=value`, `key="some value"`, `"some words"` or a word; what is not finished is taken as it is. */
const TERM = /([^\s="]+)=(?:"([^"]*)"?|(\S*))|"([^"]*)"?|(\S+)/g;

/**
 * Reads what is searched for: all of it has to be found.
 *
 * @example
 * parseSearch('timeout http.method=get "not found"')
 * // => [{ word: 'timeout' }, { key: 'http.method', value: 'get' }, { word: 'not found' }]
 */
export function parseSearch(text: string): SearchTerm[] {
  const terms = Array.from(text.toLowerCase().matchAll(TERM), ([, key, quotedValue, value = '', quoted, word = '']) =>
    key === undefined ? { word: quoted ?? word } : { key, value: quotedValue ?? value },
  );
  return terms.filter((term) => term.word !== '');
}
