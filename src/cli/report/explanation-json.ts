import type { Explanation } from '../../explain/explain-run.ts';

/** An explanation as plain data in snake_case, for `--json`. Times are milliseconds; what is unknown is absent. */
export function explanationToJson(explanation: Explanation): Record<string, unknown> {
  return toSnakeCase(explanation) as Record<string, unknown>;
}

/** The keys are those of the type: none comes from a trace. */
function toSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      toSnakeCase(inner),
    ]),
  );
}
