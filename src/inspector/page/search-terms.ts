/** One thing that is searched for, in small letters: a word, or an attribute by the end of its name and a part of its value. */
export type SearchTerm = { readonly word: string } | { readonly key: string; readonly value: string };

/** A text without white space, or one in quotes, alone or after `key=`. */
const TERM = /(?:([^\s="]+)=)?(?:"([^"]*)"?|(\S+))|([^\s="]+)=/g;

/**
 * Reads what is searched for: all of it has to be found.
 *
 * @example
 * parseSearch('timeout http.method=get "not found"')
 * // => [{ word: 'timeout' }, { key: 'http.method', value: 'get' }, { word: 'not found' }]
 */
export function parseSearch(text: string): SearchTerm[] {
  return Array.from(text.toLowerCase().matchAll(TERM), ([, key, quoted, bare, keyAlone]) => {
    if (keyAlone !== undefined) return { key: keyAlone, value: '' };
    const value = quoted ?? bare ?? '';
    return key === undefined ? { word: value } : { key, value };
  }).filter((term) => 'key' in term || term.word !== '');
}
