/** Breaks at spaces, not at those that must not break; every line begins with `margin`. */
export function wrapText(text: string, columns: number, margin = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/[ \t\r\n]+/).filter(Boolean)) {
    if (line && margin.length + line.length + 1 + word.length > columns) {
      lines.push(margin + line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, margin + line].join('\n');
}
