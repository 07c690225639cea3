import { describe, expect, it } from 'vitest';
import { renderGraphSvg } from '../../../src/inspector/scene/graph-svg.ts';
import { DARK, LIGHT } from '../../../src/inspector/scene/palette.ts';
import { madeView } from '../made-views.ts';
import { elementsOf, readXml, textOf } from '../read-xml.ts';
import { draw, sampleView } from './graph-sample.ts';

const NAMES = [
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  ']]>',
  '<!-- & --> &amp; <![CDATA[',
  'a\0b\x08c\x1bd\ufffee\uffff',
  'a\ud800b',
  "'; --",
  '\u202egnp.exe',
];

const OWN_ELEMENTS = ['svg', 'title', 'desc', 'rect', 'text', 'g', 'path'];

describe('the graph as SVG', () => {
  it('is well-formed whatever names it holds, and holds no element of theirs', () => {
    const steps = NAMES.map((name, index) => ({
      toolId: name,
      key: `${index}`,
      toolType: name,
      group: index % 2,
      ...(index > 0 && { dependsOn: [NAMES[0]!], outputMapping: { [name]: `{${NAMES[0]}.data["${name}"]}` } }),
    }));
    const view = madeView({ planName: NAMES.join(' '), verdict: NAMES.join(' '), steps });
    for (const collapsed of [[], [0]]) {
      const svg = renderGraphSvg(draw(view, collapsed).scene, LIGHT);
      expect(() => readXml(svg)).not.toThrow();
      expect(new Set(svg.match(/<\w+/g))).toEqual(new Set(OWN_ELEMENTS.map((name) => `<${name}`)));
    }
  });

  it('says what it is, and all that the page says', () => {
    const svg = readXml(renderGraphSvg(draw(sampleView()).scene, LIGHT));
    expect(['title', 'desc'].flatMap((name) => elementsOf(svg, name).map(textOf))).toEqual([
      'ci-overview, dag: 6 steps in 3 groups',
      '3.40 s. Critical path primary > aggregate > report.',
    ]);
    expect(elementsOf(svg, 'text').map(textOf)).toEqual(
      expect.arrayContaining([
        'ci-overview, dag: 6 steps in 3 groups',
        '3.40 s. Critical path primary > aggregate > report.',
        'group 0 · parallel · 2 of 3',
        'primary',
        '1.20 s',
        'critical',
        'slack 850 ms',
        'failed',
        'type ← rows[0].ci_type',
        'reads its output, not in depends_on',
      ]),
    );
  });

  it('draws control and data differently, the critical path stronger, and what is not in the plan dashed', () => {
    const svg = readXml(renderGraphSvg(draw(sampleView()).scene, LIGHT));
    const paths = elementsOf(svg, 'path').map(({ attributes }) => attributes);
    const edges = paths.filter(({ fill, d }) => fill === 'none' && d!.includes('C'));
    expect(edges.map((path) => [path['stroke'], path['stroke-width'], path['stroke-dasharray']])).toEqual([
      [LIGHT.critical, '2.5', '7 3'],
      [LIGHT.control, '1.4', undefined],
      [LIGHT.critical, '2.5', '7 3'],
      [LIGHT.data, '1.4', '2 3'],
    ]);
    const dashed = elementsOf(svg, 'rect').filter(({ attributes }) => attributes['stroke-dasharray'] !== undefined);
    expect(dashed).toHaveLength(2);
  });

  it('loads nothing and names no colour but those of its palette', () => {
    const svg = renderGraphSvg(draw(sampleView(), [0]).scene, DARK);
    expect(svg).not.toMatch(/href|url\(|<style|<script|@import/);
    const colors = new Set(svg.match(/#[\da-f]{6}/g));
    expect([...colors].filter((color) => !Object.values(DARK).includes(color))).toEqual([]);
  });
});
