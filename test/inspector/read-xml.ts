/** An element of an XML document. */
interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (XmlElement | string)[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** What is no character of XML 1.0, https://www.w3.org/TR/xml/#charsets, and lone surrogates. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/**
 * Reads a document of elements, attributes and texts: all that pictures need. Stricter than XML.
 *
 * @throws where it is not well-formed, or has anything else in it
 */
export function readXml(text: string): XmlElement {
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden) throw new Error(`a character that XML forbids at ${forbidden.index}`);
  const root = { name: '', attributes: {}, children: [] as (XmlElement | string)[] };
  const open = [root];
  for (const token of tokensOf(text.trim())) {
    const { groups } = token;
    const parent = open.at(-1)!;
    if (groups?.['text'] !== undefined) parent.children.push(unescape(groups['text']));
    else if (groups?.['close'] !== undefined) {
      if (open.pop()!.name !== groups['close']) throw new Error(`</${groups['close']}> closes ${parent.name}`);
    } else {
      const element = { name: groups!['name']!, attributes: attributesOf(groups!['attributes']!), children: [] };
      parent.children.push(element);
      if (groups!['empty'] === '') open.push(element);
    }
  }
  const [only, ...others] = root.children;
  if (open.length !== 1 || others.length > 0 || typeof only !== 'object') throw new Error('not one whole element');
  return only;
}

/** All elements of a name, from top to bottom. */
export function elementsOf(element: XmlElement, name: string): XmlElement[] {
  const below = element.children.flatMap((child) => (typeof child === 'string' ? [] : elementsOf(child, name)));
  return element.name === name ? [element, ...below] : below;
}

/** The text in an element and all below it. */
export function textOf({ children }: XmlElement): string {
  return children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

const TOKEN =
  /<(?<name>[a-zA-Z]+)(?<attributes>(?:\s+[\w:-]+="[^"<]*")*)(?<empty>\/?)>|<\/(?<close>[a-zA-Z]+)>|(?<text>[^<]+)/y;

function* tokensOf(text: string): Generator<RegExpExecArray, void, undefined> {
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(text);
    if (!token) throw new Error(`not well-formed at ${at}: ${text.slice(at, at + 60)}`);
    yield token;
  }
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, unescape(value!)] as const);
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Error(`an attribute twice: ${text}`);
  return Object.fromEntries(pairs);
}

function unescape(text: string): string {
  return text.replaceAll(/&(?:(\w+);)?/g, (_, name: string | undefined) => {
    const sign = ENTITIES[name ?? ''];
    if (sign === undefined) throw new Error(`an entity that is none: ${text}`);
    return sign;
  });
}
