import { show, shown } from '../url-state.ts';

/** A list of JSON as it stands in the address; what is none is empty. */
export function readList(text: string, type: 'number'): number[];
export function readList(text: string, type: 'string'): string[];
export function readList(text: string, type: string): unknown[] {
  if (text === '') return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter((item) => typeof item === type) : [];
  } catch {
    return [];
  }
}

/** With an item, or without it where it was there. */
export function toggled<T>(list: readonly T[], item: T): T[] {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item];
}

/** Opens a step, or closes it. */
export function toggleStep(key: string): void {
  writeList('open', toggled(readList(shown.peek().open, 'string'), key));
}

export function openStep(key: string): void {
  if (!readList(shown.peek().open, 'string').includes(key)) toggleStep(key);
}

/** Collapses a group, or expands it. */
export function toggleGroup(groupIndex: number): void {
  collapseGroups(toggled(readList(shown.peek().collapsed, 'number'), groupIndex));
}

export function collapseGroups(groupIndexes: readonly number[]): void {
  writeList('collapsed', groupIndexes);
}

function writeList(name: 'open' | 'collapsed', list: readonly unknown[]): void {
  show({ [name]: list.length === 0 ? '' : JSON.stringify(list) }, false);
}
