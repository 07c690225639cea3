import { parseReference, resolveReference, type ReferenceSource } from '../mapping.ts';
import type { Condition } from '../plan.ts';
import { isEqual } from './is-equal.ts';

/** Whether a condition holds. A reference that finds nothing equals nothing, and compares with nothing. Never throws for a parsed plan. */
export function holds({ ref, op, value }: Condition, source: ReferenceSource): boolean {
  const reference = parseReference(ref);
  const found = reference ? resolveReference(reference, source) : { found: true as const, value: ref };
  switch (op) {
    case 'exists':
      return found.found;
    case 'not_exists':
      return !found.found;
    case '!=':
      return !(found.found && isEqual(found.value, value));
    case '==':
      return found.found && isEqual(found.value, value);
    case 'contains':
      return found.found && contains(found.value, value);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return found.found && compares(found.value, op, value);
  }
}

/** Numbers with numbers, texts with texts by code unit; nothing else has an order. */
function compares(left: unknown, op: '<' | '<=' | '>' | '>=', right: unknown): boolean {
  const areNumbers = typeof left === 'number' && typeof right === 'number';
  const areTexts = typeof left === 'string' && typeof right === 'string';
  if (!areNumbers && !areTexts) return false;
  const [a, b] = [left as string, right as string];
  return op === '<' ? a < b : op === '<=' ? a <= b : op === '>' ? a > b : a >= b;
}

/** A text that is part of a text, or an element of an array. */
function contains(whole: unknown, part: unknown): boolean {
  if (typeof whole === 'string') return typeof part === 'string' && whole.includes(part);
  return Array.isArray(whole) && whole.some((element) => isEqual(element, part));
}
