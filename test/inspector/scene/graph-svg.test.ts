import { describe, expect, it } from 'vitest';
import type { GraphScene } from '../../../src/inspector/scene/graph-items.ts';
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
      const svg = renderGraphSvg(draw(view, collapsed).scene, LIGHT, 0);
      expect(() => readXml(svg)).not.toThrow();
      expect(new Set(svg.match(/<\w+/g))).toEqual(new Set(OWN_ELEMENTS.map((name) => `<${name}`)));
    }
  });

  it('says what it is, and all that the page says', () => {
    const svg = readXml(renderGraphSvg(draw(sampleView()).scene, LIGHT, 0));
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
    const svg = readXml(renderGraphSvg(draw(sampleView()).scene, LIGHT, 0));
    const paths = elementsOf(svg, 'path').map(({ attributes }) => attributes);
    const edges = paths.filter(({ fill, d }) => fill === 'none' && d!.includes('C'));
    expect(edges.map((path) => [path['stroke'], path['stroke-width'], path['stroke-dasharray']])).toEqual([
      [LIGHT.control, '1.4', undefined],
      [LIGHT.data, '1.4', '2 3'],
      [LIGHT.critical, '2.5', '7 3'],
      [LIGHT.critical, '2.5', '7 3'],
    ]);
    // One step, and what explains it.
    expect(paths.filter((path) => path['stroke-dasharray'] === '4 3')).toHaveLength(2);
  });

  it('draws how groups follow each other where edges are too many, the critical path where that is too much, and says so', () => {
    const { scene } = draw(sampleView());
    const many = Array.from({ length: 400_001 }, () => scene.edges[1]!);
    const drawn = (edges: GraphScene['edges'], streams: GraphScene['streams']): [number, string] => {
      const svg = readXml(renderGraphSvg({ ...scene, edges, streams }, LIGHT, 0));
      const curves = elementsOf(svg, 'path').filter(
        ({ attributes: { fill, d } }) => fill === 'none' && d!.includes('C'),
      );
      return [curves.length, textOf(elementsOf(svg, 'desc')[0]!)];
    };
    expect(drawn(scene.edges, many)).toEqual([4, scene.description]);
    const edges = [...scene.edges, ...many];
    expect(drawn(edges, scene.streams)).toEqual([3, `${scene.description} 3 lines for 400005 edges.`]);
    expect(drawn(edges, edges)).toEqual([2, `${scene.description} 2 lines for 400005 edges.`]);
  });

  it('says for how long a step has been running', () => {
    const view = madeView({ state: 'running', nowMs: 5000, steps: [{ toolId: 'a', state: 'running', startMs: 1000 }] });
    const texts = elementsOf(readXml(renderGraphSvg(draw(view).scene, LIGHT, 5000)), 'text').map(textOf);
    expect(texts).toContain('4.00 s');
  });

  it('loads nothing, and has the colours of its palette', () => {
    const svg = renderGraphSvg(draw(sampleView(), [0]).scene, DARK, 0);
    expect(svg).not.toMatch(/href|url\(|<style|<script|@import/);
    const colors = new Set(elementsOf(readXml(svg), 'text').map(({ attributes }) => attributes['fill']!));
    expect([...colors].filter((color) => !Object.values(DARK).includes(color))).toEqual([]);
  });
});
