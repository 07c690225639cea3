/**
 * The name of a span of others; for HTTP with path and status, by the names of the semantic conventions.
 *
 * @param attribute gives an attribute of the span by its key
 * @example
 * nameSpan('GET', (key) => ({ 'url.path': '/sizes', 'http.response.status_code': 200 })[key]) // => 'GET /sizes 200'
 */
export function nameSpan(name: string, attribute: (key: string) => unknown): string {
  const where = attribute('url.path') ?? pathOf(attribute('url.full'));
  const status = attribute('http.response.status_code');
  const words = [name];
  if (typeof where === 'string' && !name.includes(where)) words.push(where);
  if (typeof status === 'number') words.push(String(status));
  return words.join(' ');
}

function pathOf(url: unknown): string | undefined {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).pathname : undefined;
}
