import { Document, isSeq, visit } from 'yaml';
import type { ResolvedConfig } from './types.ts';

/** A resolved config as YAML; reading it as a config file gives the same config again. */
export function resolvedConfigYaml(config: ResolvedConfig): string {
  const document = new Document(config, { aliasDuplicateObjects: false });
  visit(document, {
    // Lists of numbers and of names read better on one line.
    Seq(_, list) {
      if (isSeq(list)) list.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
