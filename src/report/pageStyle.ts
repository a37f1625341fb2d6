/** The report's style sheet: one column of text, wide tables that scroll in their own frame, figures on white. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --soft: #f5f7f9; --line: #d8dee4; --ink: #1f2328; --faint: #59636e;
  --good: #007355; --good-soft: #e8f6f1; --unsure: #8a5a00; --unsure-soft: #fdf5e3; --bad: #a8430a; --bad-soft: #fdf0e9;
  --link: #0067a8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --soft: #1d232a; --line: #353d47; --ink: #e8ecf0; --faint: #9fa9b4;
    --good: #4fd1a5; --good-soft: #13291f; --unsure: #e6b450; --unsure-soft: #2a2312; --bad: #f59a66; --bad-soft: #2e1c12;
    --link: #6cb8ef;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
}
main, header, footer { max-width: 1060px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.4rem; margin: 52px 0 8px; padding-top: 20px; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
h3 { font-size: 1.08rem; margin: 32px 0 8px; }
p { margin: 8px 0; }
a { color: var(--link); }
.facts, .footnote, figcaption { color: var(--faint); font-size: 0.9rem; }
.facts { margin: 0 0 20px; }
nav { margin: 18px 0 0; font-size: 0.93rem; display: flex; flex-wrap: wrap; gap: 4px 18px; }
.answer, .notice { border-left: 5px solid; border-radius: 6px; padding: 14px 20px; margin: 14px 0; overflow-wrap: anywhere; }
.answer .sentence { font-size: 1.22rem; line-height: 1.45; margin: 0; }
.answer p + p, .answer ul { font-size: 0.95rem; }
.answer ul, .notice ul { margin: 8px 0 2px; padding-left: 20px; }
.good { border-color: var(--good); background: var(--good-soft); }
.good strong { color: var(--good); }
.unsure { border-color: var(--unsure); background: var(--unsure-soft); }
.unsure strong { color: var(--unsure); }
.bad { border-color: var(--bad); background: var(--bad-soft); }
.bad strong { color: var(--bad); }
.caution { font-weight: 600; margin: 10px 0 0; }
figure { margin: 20px 0 36px; }
.card { background: #ffffff; border: 1px solid var(--line); border-radius: 8px; padding: 6px; overflow-x: auto; }
.card svg { display: block; width: 100%; height: auto; min-width: 640px; }
figcaption { margin-top: 8px; max-width: 860px; }
figcaption b { color: var(--ink); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 0.86rem; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 9px; text-align: left; vertical-align: top; white-space: nowrap; }
th { white-space: normal; min-width: 3.6rem; background: var(--soft); font-weight: 600; line-height: 1.3; vertical-align: bottom; border-bottom: 1px solid var(--line); }
tbody tr + tr td { border-top: 1px solid var(--line); }
.number { text-align: right; }
td.long { white-space: normal; min-width: 14rem; overflow-wrap: anywhere; }
.footnote { margin: 8px 2px 0; }
details { margin: 32px 0 8px; }
summary { cursor: pointer; font-size: 1.08rem; font-weight: 600; margin-bottom: 8px; }
pre {
  background: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; overflow-x: auto;
  font: 0.84rem/1.5 ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', monospace;
}
footer { padding-top: 12px; padding-bottom: 48px; color: var(--faint); font-size: 0.85rem; }
@media (max-width: 640px) {
  main, header, footer { padding-left: 14px; padding-right: 14px; }
  header { padding-top: 20px; }
  h1 { font-size: 1.5rem; }
  .answer, .notice { padding: 12px 14px; }
  .answer .sentence { font-size: 1.1rem; }
}
@media print {
  :root { color-scheme: light; --paper: #ffffff; --soft: #f5f7f9; --line: #d8dee4; --ink: #1f2328; --faint: #59636e; }
  body { font-size: 10.5pt; }
  main, header, footer { max-width: none; padding: 0; }
  nav { display: none; }
  figure, .answer, .notice { break-inside: avoid; }
  .card svg { min-width: 0; }
  .scroll, .card { overflow: visible; }
  table { font-size: 7.5pt; }
  th, td { padding: 2px 5px; white-space: normal; }
  h2, h3, summary { break-after: avoid; }
  details::details-content { content-visibility: visible; }
}
`;
