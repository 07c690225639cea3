import { Wording } from '../../explain/format.ts';
import { readTrace } from '../../explain/read/read-trace.ts';
import type { FoundTrace } from '../trace-source.ts';

/** What to say of spans among which there is no run: what is missing, and whose they are. */
export function describeForeign({ spans, from }: FoundTrace): string {
  const scopes = [...new Set(spans.map(({ scope }) => scope.name))].filter((name) => name !== '');
  const whose =
    scopes.length === 0
      ? ''
      : `; they are of ${scopes.length === 1 ? 'the scope' : 'the scopes'} ${new Wording().names(scopes)}`;
  return `no run is in ${from}: ${readTrace(spans).notes[0] ?? 'it has no spans'}${whose}`;
}
