import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import { STATES } from '../../scene/step-states.ts';
import type { TimeScale } from '../../scene/time-scale.ts';
import type { StepRow, StepSide } from '../../view/compare-view.ts';
import { Mark } from '../ui/state.tsx';
import { StepLink } from '../ui/step-link.tsx';
import { showText } from '../ui/texts.ts';
import { show } from '../url-state.ts';
import { Signed } from './signed.tsx';

interface StepRowProps {
  readonly row: StepRow;
  readonly index: number;
  readonly scale: TimeScale;
  /** Least change that is worth a colour. */
  readonly materialMs: number;
  /** In pixels, within the list. */
  readonly top: number;
  readonly isSelected: boolean;
}

/** A step of both runs: before above, after below. */
export function StepRowView({ row, index, scale, materialMs, top, isSelected }: StepRowProps): JSX.Element {
  const { key, name, before, after, notes, hasOtherOutcome, shiftMs, changeMs } = row;
  // A link within the row does it by itself.
  const select = ({ target }: MouseEvent): void => {
    if (key !== undefined && !(target as Element).closest('a')) show({ selected: `step:${key}` });
  };
  const leastMs = row.isMaterial ? materialMs : Infinity;
  const alone = before && after ? '' : before ? 'is-gone' : 'is-new';
  return (
    <div
      class={`row ${key === undefined ? '' : 'can-select'} ${isSelected ? 'is-selected' : ''} ${alone}`}
      role="row"
      aria-rowindex={index + 2}
      style={{ top: `${top}px` }}
      onClick={select}
    >
      <span role="cell" class="name">
        <span>
          <Mark state={after?.state ?? 'not started'} />
          <StepLink name={name} stepKey={key} />
        </span>
        {notes.length > 0 && (
          <small class={hasOtherOutcome || alone ? 'is-marked' : ''} title={notes.join(', ')}>
            {showText(notes.join(', '))}
          </small>
        )}
      </span>
      <span role="cell" class="axis">
        {before && <Bar side={before} scale={scale} color="unknown" className="is-before" />}
        {after && <Bar side={after} scale={scale} color={STATES[after.state!].color} className="is-after" />}
        <span class="hidden">{spoken(row)}</span>
      </span>
      <span role="cell" class="number">
        {shiftMs !== undefined && <Signed ms={shiftMs} materialMs={leastMs} />}
        <small>at {formatDuration((after ?? before)!.startMs)}</small>
      </span>
      <span role="cell" class="number">
        {changeMs !== undefined && <Signed ms={changeMs} materialMs={leastMs} />}
        <small>{[before, after].map((side) => (side ? formatDuration(side.durationMs) : '–')).join(' → ')}</small>
      </span>
    </div>
  );
}

interface BarProps {
  readonly side: StepSide;
  readonly scale: TimeScale;
  /** A name of the palette. */
  readonly color: string;
  readonly className: string;
}

function Bar({ side, scale, color, className }: BarProps): JSX.Element {
  const { startMs, durationMs, waitMs, isCritical, range } = side;
  const place = (fromMs: number, toMs: number): { left: string; width: string } => {
    const [left, right] = [fromMs, toMs].map((ms) => (scale.x(ms) / scale.pixels.to) * 100) as [number, number];
    return { left: `${left}%`, width: `${right - left}%` };
  };
  return (
    <>
      {waitMs > 0 && <span class={`wait ${className}`} style={place(startMs - waitMs, startMs)} />}
      <span
        class={`bar ${className} ${isCritical ? 'is-critical' : ''} ${durationMs === 0 ? 'is-empty' : ''}`}
        style={{ ...place(startMs, startMs + durationMs), background: `var(--${color})` }}
      />
      {range && range.min < range.max && <span class="range" style={place(startMs + range.min, startMs + range.max)} />}
    </>
  );
}

/** For readers of the screen, what the bars show. */
function spoken({ before, after }: StepRow): string {
  return `before: ${spokenSide(before)}; this run: ${spokenSide(after)}`;
}

function spokenSide(side: StepSide | undefined): string {
  if (!side) return 'none';
  const stands = side.state === undefined ? '' : `, ${STATES[side.state].words}`;
  const times = `${formatDuration(side.durationMs)} from ${formatDuration(side.startMs)}`;
  return `${times}${stands}${side.isCritical ? ', critical path' : ''}`;
}
