import type { RunView } from '../../view/run-view.ts';

/** Finds the keys of steps by the names that an explanation has for them. */
export class StepFinder {
  readonly #last = new Map<string, string>();
  readonly #passes = new Map<string, string>();

  constructor({ steps }: Pick<RunView, 'steps'>) {
    for (const { toolId, iteration, key } of steps) {
      const pass = passOf(toolId, iteration);
      this.#last.set(toolId, key);
      if (!this.#passes.has(pass)) this.#passes.set(pass, key);
    }
  }

  /** @param iteration of the last pass where it is left out */
  key(toolId: string, iteration?: number): string | undefined {
    return iteration === undefined ? this.#last.get(toolId) : this.#passes.get(passOf(toolId, iteration));
  }
}

/** A part of a text: plain, or the name of a step. */
export interface TextPart {
  readonly text: string;
  readonly key?: string | undefined;
}

/** A text in parts, so that the tools that it is about can be selected: where each of these stands in it first. */
export function partsOf(text: string, toolIds: readonly string[], finder: StepFinder): TextPart[] {
  const found = toolIds
    .flatMap((toolId) => {
      const at = placeOf(toolId, text);
      const [pass = '', iteration = 1] = /^ #(\d+)/.exec(text.slice(at + toolId.length)) ?? [];
      const key = finder.key(toolId, Number(iteration));
      return key === undefined || at < 0 ? [] : { at, text: toolId + pass, key };
    })
    .toSorted((a, b) => a.at - b.at || b.text.length - a.text.length);
  const parts: TextPart[] = [];
  let end = 0;
  for (const { at, text: name, key } of found) {
    if (at < end) continue;
    if (at > end) parts.push({ text: text.slice(end, at) });
    parts.push({ text: name, key });
    end = at + name.length;
  }
  return end < text.length ? [...parts, { text: text.slice(end) }] : parts;
}

/** Where a name stands in a text, not as a part of another name; -1 for nowhere. */
function placeOf(name: string, text: string): number {
  if (name === '') return -1;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!/[\p{L}\p{N}_-]$/u.test(text.slice(0, at)) && !/^[\p{L}\p{N}_-]/u.test(text.slice(at + name.length)))
      return at;
  }
  return -1;
}

function passOf(toolId: string, iteration: number): string {
  return `${iteration} ${toolId}`;
}
