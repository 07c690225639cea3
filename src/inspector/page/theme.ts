import { computed, effect, signal } from '@preact/signals';
import { readChoice, writeChoice } from './choices.ts';

export type Theme = (typeof THEMES)[number];
const THEMES = ['system', 'light', 'dark'] as const;

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(systemDark.matches);

/** What the reader chose. */
export const theme = signal<Theme>(THEMES.find((theme) => theme === readChoice('theme')) ?? 'system');
/** What that comes to: what is drawn without style sheets has to be drawn anew when it changes. */
export const isDark = computed(() => theme.value === 'dark' || (theme.value === 'system' && isSystemDark.value));

/** Makes the page light or dark. */
export function startTheme(): void {
  systemDark.addEventListener('change', ({ matches }) => (isSystemDark.value = matches));
  effect(() => {
    if (theme.value === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme.value;
    writeChoice('theme', theme.value);
  });
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
}
