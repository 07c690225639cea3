import type { AttributeValue } from '@opentelemetry/api';
import type { AttributeName } from '../semconv.ts';

/**
 * Attributes with names of `semconv.ts` only. They are written out where they are set, and checked by this type, because an object literal
 * with plain keys is made fifty times faster than one with computed keys (V8 in Node 24), and that is the path of every step.
 */
export type KnownAttributes = { [name in AttributeName]?: AttributeValue };
