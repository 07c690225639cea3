/** What came, for a message: never a large value in full. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A text in quotes, shortened when it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 60)}...` : text);
}

/** The letters of a name alone, so that `dependsOn`, `depends-on` and `depends_on` are the same. */
export function squash(name: string): string {
  return name.length > 64 ? name : name.toLowerCase().replaceAll(/[_\- ]/g, '');
}

/** The first `length` code units, without half a surrogate pair at the end. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
