import type { JSX } from 'preact';

interface IconProps {
  /** A path in a square of 16. */
  readonly path: string;
}

export function Icon({ path }: IconProps): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

/** The icon of what closes something. */
export const CLOSE = 'M4 4l8 8m0-8l-8 8';

interface IconButtonProps {
  readonly label: string;
  /** The key that does the same. */
  readonly hint: string;
  /** A path in a square of 16. */
  readonly icon: string;
  readonly isPressed?: boolean;
  readonly isDisabled?: boolean;
  readonly onClick: () => void;
}

/** A button without words: these are what readers of the screen, and who points at it, get. */
export function IconButton({ label, hint, icon, isPressed, isDisabled, onClick }: IconButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      aria-pressed={isPressed}
      aria-disabled={isDisabled}
      title={`${label} (${hint})`}
      onClick={() => isDisabled || onClick()}
    >
      <Icon path={icon} />
    </button>
  );
}
