import { escapeXml } from '../escape.ts';

/** The part of a DOM node that writing it needs. */
interface Node {
  nodeType: number;
  /** As it was created: nodeName is in capitals in an HTML document, which XML tells apart. */
  localName?: string;
  nodeValue: string | null;
  childNodes: Iterable<Node>;
  attributes?: Iterable<{ name: string; value: string }>;
}

const ELEMENT = 1;
const TEXT = 3;
/** Attributes whose numbers are lengths in pixels: a hundredth is finer than any screen. */
const LENGTHS = new Set(
  'cx cy d dx dy height points r rx ry transform width x x1 x2 y y1 y2 stroke-width'.split(' '),
);

/**
 * A drawn element as well-formed XML that is the same text for the same drawing: attributes in alphabetical order,
 * lengths rounded to a hundredth, and without style sheets, class names and inner ARIA attributes, since a figure
 * stands alone and is described as a whole.
 */
export function svgText(node: Node): string {
  if (node.nodeType === TEXT) return escapeXml(node.nodeValue ?? '');
  if (node.nodeType !== ELEMENT || node.localName === 'style') return '';
  const attributes = [...(node.attributes ?? [])]
    .filter(({ name }) => name !== 'class' && name !== 'xmlns' && !name.startsWith('aria-'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => ` ${name}="${escapeXml(LENGTHS.has(name) ? rounded(value) : value)}"`)
    .join('');
  const children = [...node.childNodes].map(svgText).join('');
  return children
    ? `<${node.localName}${attributes}>${children}</${node.localName}>`
    : `<${node.localName}${attributes}/>`;
}

const rounded = (value: string): string =>
  value.replaceAll(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(2))));
