import { ownValue } from '../own-value.ts';
import { parseReference, resolveReference, type ReferenceSource } from '../mapping.ts';
import type { Condition } from '../plan.ts';

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
      return !(found.found && isEqual(found.value, value, 0));
    case '==':
      return found.found && isEqual(found.value, value, 0);
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
  return Array.isArray(whole) && whole.some((element) => isEqual(element, part, 0));
}

const MAX_DEPTH = 32;

/** Equal as JSON is: same primitives, arrays in order, own data properties in any order. */
function isEqual(left: unknown, right: unknown, depth: number): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
  if (depth >= MAX_DEPTH || Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(ownValue(left, key), ownValue(right, key), depth + 1))
  );
}
