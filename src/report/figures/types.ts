/** A finished figure. */
export interface Figure {
  /** File name without its ending; unique within a report. */
  name: string;
  title: string;
  /** What is drawn and how to read it, in one to three sentences. */
  caption: string;
  /** What a reader who cannot see it should know. */
  description: string;
  /** A standalone SVG document. */
  svg: string;
}

/** Which of the two losses. */
export type LossName = 'general' | 'domain';
