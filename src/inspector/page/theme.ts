import { computed, effect, signal } from '@preact/signals';
import { DARK, LIGHT } from '../scene/palette.ts';
import { readChoice, writeChoice } from './choices.ts';

export type Theme = (typeof THEMES)[number];
const THEMES = ['system', 'light', 'dark'] as const;

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(systemDark.matches);

/** What the reader chose. */
export const theme = signal<Theme>(THEMES.find((theme) => theme === readChoice('theme')) ?? 'system');
const isDark = computed(() => theme.value === 'dark' || (theme.value === 'system' && isSystemDark.value));
/** The colours that this comes to: what is drawn without style sheets has to be drawn anew when they change. */
export const palette = computed(() => (isDark.value ? DARK : LIGHT));

/** Makes the page light or dark: gives its style sheet the colours, as `--name`. */
export function startTheme(): void {
  systemDark.addEventListener('change', ({ matches }) => (isSystemDark.value = matches));
  effect(() => {
    const { style } = document.documentElement;
    style.colorScheme = isDark.value ? 'dark' : 'light';
    for (const [name, color] of Object.entries(palette.value)) style.setProperty(`--${name}`, color);
  });
  theme.subscribe((chosen) => writeChoice('theme', chosen));
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
}
