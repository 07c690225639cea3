const PIXELS_PER_LINE = 16;

/** How far a wheel was turned, in pixels: some tell lines. */
export function wheelPixels({ deltaX, deltaY, deltaMode }: WheelEvent): readonly [x: number, y: number] {
  const unit = deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_PER_LINE : 1;
  return [deltaX * unit, deltaY * unit];
}
