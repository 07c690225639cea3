import { describe, expect, it } from 'vitest';
import { renderMermaid } from '../../../src/inspector/scene/mermaid.ts';
import { madeLargeView, madeView } from '../made-views.ts';
import { sampleView } from './graph-sample.ts';

const LINES = /^ +n\d+ -.*$/gm;

/** Two groups of so many steps, of which each of the second needs all of the first. */
function mapReduce(each: number): ReturnType<typeof madeView> {
  const ids = Array.from({ length: each }, (_, index) => `map${index}`);
  const reduce = ids.map((_, index) => ({ toolId: `reduce${index}`, group: 1, dependsOn: ids }));
  return madeView({ steps: [...ids.map((toolId) => ({ toolId, group: 0 })), ...reduce] });
}

describe('a run as Mermaid', () => {
  it('has a frame a group, a node a step, and lines for control, data and calls', () => {
    expect(renderMermaid(sampleView())).toMatchInlineSnapshot(`
      "flowchart LR
        subgraph g0["group 0 · parallel"]
          n0["primary<br/>1.20 s"]
          n1["secondary<br/>300 ms"]
          n2["notify<br/>failed, 30 ms"]
        end
        subgraph g1["group 1 · parallel"]
          n3["aggregate<br/>1.30 s"]
          n4["query<br/>100 ms"]
        end
        subgraph g2["group 2 · serial"]
          n5["report<br/>900 ms"]
        end
        n0 -. "type ← rows[0].ci_type" .-> n3
        n1 --> n3
        n3 -. "rows ← data +1" .-> n5
        n1 -. "rows ← rows" .-> n5
        n3 --- n4
        classDef success fill:#e0efe7,stroke:#2f9461,color:#1a2230
        class n0,n1,n3,n4,n5 success
        classDef failure fill:#f8e0e1,stroke:#cf3036,color:#1a2230
        class n2 failure
        classDef critical stroke:#7d2ac0,stroke-width:3px
        class n0,n3,n5 critical
        classDef unplanned stroke-dasharray:4 3
        class n4 unplanned
        linkStyle 0,2 stroke:#7d2ac0,stroke-width:3px
      "
    `);
  });

  it('has one node a group where there are more than 200 steps, and says so', () => {
    expect(renderMermaid(madeLargeView(200)).match(/^ +n\d+\[/gm)).toHaveLength(200);
    expect(renderMermaid(madeLargeView(201)).split('\n').slice(0, 6)).toMatchInlineSnapshot(`
      [
        "flowchart LR",
        "  %% 201 steps: each group is one node.",
        "  n0["group 0 · parallel<br/>100 steps, 1 failed<br/>223 ms"]",
        "  n1["group 1 · parallel<br/>100 steps, 2 failed<br/>238 ms"]",
        "  n2["group 2 · serial<br/>1 step<br/>81 ms"]",
        "  n0 --> n1",
      ]
    `);
  });

  it('has at most 200 nodes, however many groups there are', () => {
    for (const size of [201, 1000, 10_000]) {
      const lines = renderMermaid(madeLargeView(size, { perGroup: 1 })).split('\n');
      expect(lines.filter((line) => /^ +n\d+\[/.test(line)).length).toBeLessThanOrEqual(200);
    }
    expect(
      renderMermaid(madeLargeView(1000, { perGroup: 1 }))
        .split('\n')
        .slice(1, 3),
    ).toEqual(['  %% 1000 steps: each 6 groups are one node.', '  n0["groups 0 to 5<br/>6 steps, 1 failed"]']);
  });

  it('has one node a group where steps have more than the 500 lines that Mermaid takes', () => {
    const linesOf = (each: number): string[] => renderMermaid(mapReduce(each)).match(LINES) ?? [];
    expect(linesOf(22)).toHaveLength(22 * 22);
    expect(renderMermaid(mapReduce(25)).split('\n').slice(1, 5)).toEqual([
      '  %% 50 steps: each group is one node.',
      '  n0["group 0 · parallel<br/>25 steps<br/>100 ms"]',
      '  n1["group 1 · parallel<br/>25 steps<br/>100 ms"]',
      '  n0 --> n1',
    ]);
  });

  it('has few enough nodes where each group needs all others', () => {
    const ids = Array.from({ length: 100 }, (_, index) => `s${index}`);
    const steps = ids.map((toolId, group) => ({ toolId, group, dependsOn: ids }));
    const text = renderMermaid(madeView({ steps }));
    expect(text).toContain('  %% 100 steps: each 5 groups are one node.\n');
    expect(text.match(LINES)!.length).toBeLessThanOrEqual(500);
  });

  it('has one node a group where names make it longer than the 50,000 characters that Mermaid takes', () => {
    const named = (size: number): string => {
      const ids = Array.from({ length: 200 }, (_, index) => '"'.repeat(size) + index);
      return renderMermaid(madeView({ steps: ids.map((toolId, index) => ({ toolId, group: index % 2 })) }));
    };
    expect(named(30).match(/^ +n\d+\[/gm)).toHaveLength(200);
    expect(named(70).match(/^ +n\d+\[/gm)).toHaveLength(2);
  });

  it('tells of steps outside any group', () => {
    expect(renderMermaid(madeView({ steps: [{ toolId: 'a' }] }))).toContain('  n0["a<br/>100 ms"]\n');
    const steps = Array.from({ length: 201 }, (_, index) => ({ toolId: `s${index}` }));
    expect(renderMermaid(madeView({ steps }))).toContain('["outside any group<br/>201 steps"]');
  });

  it('is nothing but nodes, frames, lines and styles, whatever the names are', () => {
    const names = [
      '"]; x --> y',
      '%%{init: {}}%%',
      'a\nend\nb',
      '<img onerror=x>',
      '`code`',
      '", y["z',
      '-. "x" .->',
      '',
    ];
    const steps = names.map((name, index) => ({
      toolId: name,
      key: `${index}`,
      group: 0,
      dependsOn: [names[0]!],
      outputMapping: { [name]: `{${names[0]}.data}` },
    }));
    for (const line of renderMermaid(madeView({ planName: names[1]!, steps }))
      .trimEnd()
      .split('\n'))
      expect(line).toMatch(
        /^(flowchart LR| +subgraph g\d+\["[^"]*"\]| +n\d+\["[^"`<>%]*(<br\/>[^"`<>%]*)*"\]| +end| +n\d+ (-->|---|-\.->|-\. "[^"`<>%]*" \.->) n\d+| +(classDef|class|linkStyle) [\w#,: -]+)$/,
      );
  });
});
