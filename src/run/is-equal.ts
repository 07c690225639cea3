import { ownValue } from '../own-value.ts';

const MAX_DEPTH = 32;

/** Whether two values are the same as JSON: same primitives, arrays in order, own data properties in any order. */
export function isEqual(left: unknown, right: unknown, depth = 0): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
  if (depth >= MAX_DEPTH || Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(ownValue(left, key), ownValue(right, key), depth + 1))
  );
}
