import { DecodeError } from './decoded-traces.ts';

/** Largest time that the protocol's 64-bit unsigned nanoseconds can hold. */
export const MAX_UINT64: bigint = 2n ** 64n - 1n;

/** In both encodings in JSON null stands for an absent field. */
export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The text itself; an empty one for anything else. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/**
 * The items of a list; an absent list is empty.
 *
 * @throws {DecodeError} it is something else; `at` says where
 */
export function list(value: unknown, at: string): readonly unknown[] {
  if (!isSet(value)) return [];
  if (Array.isArray(value)) return value;
  throw new DecodeError(`${at}: expected a list`);
}
