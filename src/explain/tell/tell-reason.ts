import { OUTCOMES } from './outcomes.ts';

/** As the scheduler has it; at the end, for names may hold anything. */
const REASON = /(^|: )dependency (failed|skipped): (.+)$/s;

/**
 * A clause that ends with why something was skipped, in words: of `tax was skipped: dependency failed: match`, `tax was skipped because match failed`. Any
 * other is left as it is.
 */
export function tellReason(clause: string): string {
  return clause.replace(REASON, (_, before: string, how: string, names: string) => {
    const were = names.includes(', ') ? 'were' : 'was';
    const list = names.replace(/, (?!.*, )/s, ' and ');
    return `${before && ' '}because ${list} ${how === 'failed' ? how : `${were} ${how}`}`;
  });
}

/** The same of what became of a step, which begins with its outcome: of `failure: out of memory`, `failed: out of memory`. */
export function tellOutcome(clause: string): string {
  return tellReason(
    clause.replace(/^\w+(?=:|$)/, (word) =>
      Object.hasOwn(OUTCOMES, word) ? OUTCOMES[word as keyof typeof OUTCOMES][1] : word,
    ),
  );
}
