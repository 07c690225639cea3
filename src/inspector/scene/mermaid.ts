import { shorten } from '../../explain/format.ts';
import { escapeMermaid, MAX_MERMAID_LINES } from '../../explain/tell/escape-mermaid.ts';
import { type Diagram, type DiagramNode, type DrawnPart, drawGroups, drawSteps, type Line } from './mermaid-diagram.ts';
import { mixColor } from './mix-color.ts';
import { LIGHT } from './palette.ts';

/** Runs of more steps have one node for each group: nobody could read more. */
const MAX_NODES = 200;
/** What Mermaid takes, unless the page around it says otherwise, in characters. */
const MAX_LENGTH = 50_000;
/** So few have no more lines than that, however many of them need each other. */
const MAX_DENSE_NODES = 22;
/** Of texts of others, in characters. */
const MAX_TEXT = 80;

/** A run as a flow chart of Mermaid, as Markdown shows it, in as much detail as it takes. Names of others are text, whatever they hold. */
export function renderMermaid(view: DrawnPart): string {
  return (
    (view.steps.length > MAX_NODES ? undefined : writeWithin(drawSteps(view))) ??
    writeWithin(drawGroups(view, MAX_NODES)) ??
    write(drawGroups(view, MAX_DENSE_NODES))
  );
}

/** Undefined where Mermaid would refuse it. */
function writeWithin(diagram: Diagram): string | undefined {
  if (diagram.lines.length > MAX_MERMAID_LINES) return undefined;
  const text = write(diagram);
  return text.length > MAX_LENGTH ? undefined : text;
}

function write({ frames, lines, note }: Diagram): string {
  const nodes = frames.flatMap((frame) => frame.nodes);
  return [
    'flowchart LR',
    ...(note === undefined ? [] : [`  %% ${note}`]),
    ...frames.flatMap(writeFrame),
    ...lines.map((line) => `  ${writeLine(line)}`),
    ...writeColors(nodes),
    ...writeMarks(nodes, lines),
    '',
  ].join('\n');
}

function writeFrame({ title, nodes }: Diagram['frames'][number], at: number): string[] {
  if (title === undefined) return nodes.map((node) => `  ${writeNode(node)}`);
  return [`  subgraph g${at}["${title}"]`, ...nodes.map((node) => `    ${writeNode(node)}`), '  end'];
}

function writeNode({ at, lines }: DiagramNode): string {
  return `n${at}["${lines.filter(Boolean).map(labelText).join('<br/>')}"]`;
}

function writeLine({ from, to, kind, label }: Line): string {
  const sign = { control: '-->', data: '-.->', call: '---' }[kind];
  return `n${from} ${label === '' ? sign : `-. "${labelText(label)}" .->`} n${to}`;
}

function labelText(text: string): string {
  return escapeMermaid(shorten(text, MAX_TEXT));
}

/** A class for each colour that there is. */
function writeColors(nodes: readonly DiagramNode[]): string[] {
  return [...Map.groupBy(nodes, ({ color }) => color)].flatMap(([color, members]) => {
    const fill = mixColor(LIGHT[color], LIGHT.surface, 0.15);
    return writeClass(color, `fill:${fill},stroke:${LIGHT[color]},color:${LIGHT.text}`, members);
  });
}

/** Classes beside those of colours: what is on the critical path, and what is not in the plan. */
function writeMarks(nodes: readonly DiagramNode[], lines: readonly Line[]): string[] {
  const critical = `stroke:${LIGHT.critical},stroke-width:3px`;
  const links = [...lines.keys()].filter((at) => lines[at]!.isCritical);
  return [
    ...writeClass(
      'critical',
      critical,
      nodes.filter(({ isCritical }) => isCritical),
    ),
    ...writeClass(
      'unplanned',
      'stroke-dasharray:4 3',
      nodes.filter(({ isPlanned }) => !isPlanned),
    ),
    ...(links.length === 0 ? [] : [`  linkStyle ${links.join(',')} ${critical}`]),
  ];
}

function writeClass(name: string, style: string, nodes: readonly DiagramNode[]): string[] {
  if (nodes.length === 0) return [];
  return [`  classDef ${name} ${style}`, `  class ${nodes.map(({ at }) => `n${at}`).join(',')} ${name}`];
}
