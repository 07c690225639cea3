/** The value of an own data property; undefined for any other. Runs no getter; a proxy's trap may throw. */
export function ownValue(object: unknown, key: string | number): unknown {
  if ((typeof object !== 'object' && typeof object !== 'function') || object === null) return undefined;
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}
