import type { JSX } from 'preact';

interface SeparatorProps {
  readonly label: string;
  readonly class: string;
  readonly 'aria-orientation'?: 'vertical';
  /** Where it is, of where it can be. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** The pointer takes it along. */
  readonly onDrag: (event: PointerEvent, line: HTMLElement) => void;
  /** An arrow key was pressed: to the right or down, or the other way. */
  readonly onStep: (by: 1 | -1) => void;
}

const STEPS: Readonly<Record<string, 1 | -1>> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** A line between two parts, which can be moved. */
export function Separator({ label, value, min, max, onDrag, onStep, ...rest }: SeparatorProps): JSX.Element {
  return (
    <div
      {...rest}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-valuenow={Math.round(value)}
      aria-valuemin={min}
      aria-valuemax={Math.round(max)}
      onPointerDown={({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onDrag(event, event.currentTarget);
      }}
      onKeyDown={(event) => {
        const by = STEPS[event.key];
        if (by === undefined) return;
        event.preventDefault();
        onStep(by);
      }}
    />
  );
}
