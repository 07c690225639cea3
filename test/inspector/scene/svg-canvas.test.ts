import { expect, it } from 'vitest';
import { SvgCanvas } from '../../../src/inspector/scene/svg-canvas.ts';

it('writes down what is drawn', () => {
  const canvas = new SvgCanvas();
  canvas.fillStyle = '#111111';
  canvas.strokeStyle = '#222222';
  canvas.fillRect(0, 0, 10, 20.123);
  canvas.globalAlpha = 0.5;
  canvas.strokeRect(1, 2, 3, 4);
  canvas.globalAlpha = 1;
  canvas.beginPath();
  canvas.roundRect(0, 0, 100, 50, 5);
  canvas.fill();
  canvas.beginPath();
  canvas.roundRect(0, 0, 6, 50, [6, 0, 0, 6]);
  canvas.fill();
  canvas.beginPath();
  canvas.moveTo(0, 1);
  canvas.lineTo(2, 3);
  canvas.bezierCurveTo(1, 2, 3, 4, 5, 6);
  canvas.lineWidth = 2;
  canvas.setLineDash([7, 3]);
  canvas.stroke();
  canvas.font = '600 13px sans-serif';
  canvas.textAlign = 'right';
  canvas.fillText('a < b', 4, 5);
  expect(canvas.elements).toEqual([
    '<rect x="0" y="0" width="10" height="20.12" fill="#111111"/>',
    '<rect x="1" y="2" width="3" height="4" fill="none" stroke="#222222" stroke-width="1" opacity="0.5"/>',
    '<path d="M5 0h90a5 5 0 0 1 5 5v40a5 5 0 0 1 -5 5h-90a5 5 0 0 1 -5 -5v-40a5 5 0 0 1 5 -5z" fill="#111111"/>',
    '<path d="M6 0h0a0 0 0 0 1 0 0v50a0 0 0 0 1 0 0h0a6 6 0 0 1 -6 -6v-38a6 6 0 0 1 6 -6z" fill="#111111"/>',
    '<path d="M0 1L2 3C1 2 3 4 5 6" fill="none" stroke="#222222" stroke-width="2" stroke-dasharray="7 3"/>',
    '<text x="4" y="5" font-size="13" font-weight="600" text-anchor="end" fill="#111111">a &lt; b</text>',
  ]);
});
