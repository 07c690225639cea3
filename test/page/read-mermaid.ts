/** A flow chart of Mermaid, as far as a graph of ours uses its grammar. */
export interface FlowChart {
  /** Labels by id, entities read; boxes among them. */
  readonly nodes: ReadonlyMap<string, string>;
  /** Ids of nodes by that of the box that they are in. */
  readonly boxes: ReadonlyMap<string, readonly string[]>;
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly arrow: string;
    readonly label: string;
  }[];
}

const NODE = /^(\w+)\[{1,2}"([^"]*)"\]{1,2}$/;
const BOX = /^subgraph (\w+)\["([^"]*)"\]$/;
const EDGE = /^(\w+) (-->|-\.->|==>|--o|---)(?:\|"([^"]*)"\|)? (\w+)$/;
const LABELLED_EDGE = /^(\w+) (--|-\.|==) "([^"]*)" (?:-->|\.->|==>) (\w+)$/;
const CLASS = /^classDef (\w+) [\w:#,-]+$/;
const CLASSED = /^class ([\w,]+) (\w+)$/;
const LINKS = /^linkStyle ([\d,]+) [\w:#,-]+$/;

/** @throws {Error} a line that is none of it, a box that is not closed, or something that is named and not there */
export function readMermaid(text: string): FlowChart {
  const [head, ...lines] = text.trim().split('\n');
  if (head !== 'flowchart LR') throw new Error(`expected flowchart LR, got ${head}`);
  const nodes = new Map<string, string>();
  const boxes = new Map<string, string[]>();
  const edges: { from: string; to: string; arrow: string; label: string }[] = [];
  const [classes, named, links] = [new Set<string>(), new Set<string>(), new Set<number>()];
  let open: string | undefined;
  const take: readonly (readonly [RegExp, (...found: string[]) => void])[] = [
    [
      NODE,
      (id = '', label = '') => {
        if (nodes.has(id)) throw new Error(`${id} is there twice`);
        nodes.set(id, readEntities(label));
        if (open !== undefined) boxes.get(open)?.push(id);
      },
    ],
    [
      BOX,
      (id = '', label = '') => {
        if (open !== undefined) throw new Error(`${open} is not closed`);
        open = id;
        nodes.set(id, readEntities(label));
        boxes.set(id, []);
      },
    ],
    [
      /^end$/,
      () => {
        if (open === undefined) throw new Error('nothing is open');
        open = undefined;
      },
    ],
    [EDGE, (from = '', arrow = '', label = '', to = '') => edges.push({ from, to, arrow, label: readEntities(label) })],
    [
      LABELLED_EDGE,
      (from = '', arrow = '', label = '', to = '') => edges.push({ from, to, arrow, label: readEntities(label) }),
    ],
    [CLASS, (name = '') => classes.add(name)],
    [
      CLASSED,
      (ids = '', name = '') => {
        for (const id of ids.split(',')) named.add(id);
        if (!classes.has(name)) throw new Error(`the class ${name} is not defined`);
      },
    ],
    [LINKS, (at = '') => at.split(',').forEach((link) => links.add(Number(link)))],
  ];
  for (const line of lines.map((line) => line.trim())) {
    const [pattern, read] = take.find(([pattern]) => pattern.test(line)) ?? [];
    if (!pattern || !read) throw new Error(`not a line of a flow chart: ${line}`);
    read(...(pattern.exec(line)?.slice(1) ?? []));
  }
  if (open !== undefined) throw new Error(`${open} is not closed`);
  for (const id of [...named, ...edges.flatMap(({ from, to }) => [from, to])])
    if (!nodes.has(id)) throw new Error(`there is no ${id}`);
  for (const link of links) if (link >= edges.length) throw new Error(`there is no link ${link}`);
  return { nodes, boxes, edges };
}

function readEntities(label: string): string {
  if (/[<>&`]/.test(label.replaceAll('<br/>', ''))) throw new Error(`Mermaid reads markup in ${label}`);
  return label.replaceAll('<br/>', '\n').replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}
