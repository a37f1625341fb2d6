import type { standaloneSvg } from './svgText.ts';

type FigureFile = ReturnType<typeof standaloneSvg>;
/** A figure’s SVG and size, made when it is asked for. */
export type FigureText = () => FigureFile | Promise<FigureFile>;

/** Hands a file to the browser’s downloads. */
export function download(name: string, type: string, content: string | Blob): void {
  const url = URL.createObjectURL(
    content instanceof Blob ? content : new Blob([content], { type: `${type};charset=utf-8` }),
  );
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Some browsers read the address after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Pixels of an exported picture per pixel on the screen: sharp in print. */
const SCALE = 2;

/** The same figure as a PNG. Throws when the browser cannot draw it. */
export async function pngOf({ svg, width, height }: FigureFile): Promise<Blob> {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = width * SCALE;
  canvas.height = height * SCALE;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser draws no pictures');
  context.scale(SCALE, SCALE);
  context.drawImage(picture, 0, 0, width, height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the picture is empty'))), 'image/png');
  });
}

/** SVG elements as text, each a panel of a standalone figure. */
export function panelsOf(elements: readonly SVGSVGElement[], titles: readonly string[] = []) {
  const writer = new XMLSerializer();
  return elements.map((element, at) => ({
    svg: writer.serializeToString(element).replace(' aria-hidden="true"', ''),
    width: Number(element.getAttribute('width')),
    height: Number(element.getAttribute('height')),
    ...(titles[at] ? { title: titles[at] } : {}),
  }));
}
