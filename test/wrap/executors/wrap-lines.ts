import { readFileSync } from 'node:fs';

/** How many lines a test needs to wrap what it wraps: those between `// wrap` and `// end` in its own source, blank ones left out. */
export function wrapLines(file: string): number {
  const found = readFileSync(file, 'utf8').match(/^ *\/\/ wrap\n(.*?)^ *\/\/ end$/ms);
  if (!found) throw new Error(`${file} has no lines between "// wrap" and "// end"`);
  return found[1]!.split('\n').filter((line) => line.trim() !== '').length;
}

/** What a call gave: its value, or what it threw with what can be seen of that. */
export async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error, details: Object.getOwnPropertyDescriptors(error) };
  }
}
