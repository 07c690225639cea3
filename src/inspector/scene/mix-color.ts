/** So much of a colour on another one, as an opaque colour. All as `#rrggbb`. */
export function mixColor(color: string, below: string, part: number): string {
  const channel = (at: number): string => {
    const [above, under] = [color, below].map((hex) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number];
    const value = Math.round(above * part + under * (1 - part));
    return value.toString(16).padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}
