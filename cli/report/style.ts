import { hex, inkOn, viridis } from "../views/grid/colour.js";

/** Colours of scores are classes, since the page's policy allows no style attributes. */
export const SHADES = 32;

export const shadeOf = (part: number): string =>
  `v${Math.min(SHADES - 1, Math.max(0, Math.round(part * (SHADES - 1))))}`;

const shades = Array.from({ length: SHADES }, (_, i) => {
  const colour = viridis(i / (SHADES - 1));
  return `.v${i}{background:${hex(colour)};color:${inkOn(colour)};fill:${hex(colour)}}`;
}).join("\n");

export const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #ffffff; --muted: #555555; --line: #d4d4d4; --soft: #f4f4f4;
  --link: #0b57d0; --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b3589a; --c4: #a87400; --c5: #2f8fc4; --c6: #000000; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #15181b; --muted: #b0b5ba; --line: #3b4045;
  --soft: #1f2327; --link: #8ab4f8; --c0: #56b4e9; --c1: #ff8a3d; --c2: #2fd3a3; --c3: #e59bc9; --c4: #f0c419;
  --c5: #9ad5f5; --c6: #ffffff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header, main, footer { max-width: 84rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; overflow-wrap: anywhere; }
a { color: var(--link); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .8rem 0 0; padding: 0; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .3rem .6rem; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 1px; }
.muted, figcaption { color: var(--muted); }
/* A shadow at an edge says that there is more to scroll to. */
.wide { overflow-x: auto; background:
  linear-gradient(to right, var(--paper) 30%, transparent) left / 2.5rem 100% no-repeat local,
  linear-gradient(to left, var(--paper) 30%, transparent) right / 2.5rem 100% no-repeat local,
  linear-gradient(to right, var(--muted), transparent) left / .6rem 100% no-repeat scroll,
  linear-gradient(to left, var(--muted), transparent) right / .6rem 100% no-repeat scroll; }
.chart .wide > svg { min-width: 40rem; }
table { border-collapse: collapse; }
th, td { padding: .25rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
tbody th[scope=row] { font-weight: 400; min-width: 12rem; }
.grid tbody th[scope=row] { min-width: 0; }
tr.best th[scope=row] { font-weight: 700; }
pre { overflow-x: auto; padding: .8rem; background: var(--soft); border: 1px solid var(--line); margin: .5rem 0; }
code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
p, li, dd { overflow-wrap: anywhere; }
.grid th { text-align: center; border: 0; }
.grid td { padding: 1px; border: 0; }
.grid button { width: 5.4rem; min-height: 2.9rem; border: 0; font: inherit; font-variant-numeric: tabular-nums; cursor: default; }
.grid button small { display: block; font-size: .75rem; }
.grid button.none { background: var(--soft); color: var(--ink); }
.grid button.top { outline: 3px solid var(--ink); outline-offset: -3px; }
.grid button:focus-visible { outline: 3px solid var(--link); outline-offset: 1px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.details.chosen { min-height: 8.5rem; }
.details { padding: .6rem .8rem; margin-top: .6rem; background: var(--soft); border: 1px solid var(--line); white-space: pre-line; overflow-wrap: anywhere; }
figure { margin: .5rem 0 1.5rem; }
svg { max-width: 100%; height: auto; font-size: 11px; font-family: inherit; color: var(--ink); }
svg text { fill: currentColor; }
path.on { stroke-width: 4px; opacity: 1; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem .4rem; margin: .3rem 0; padding: 0; }
.legend button { border: 1px solid transparent; background: none; color: var(--ink); font: inherit; font-size: .85rem; padding: .1rem .3rem; text-align: left; cursor: default; }
.legend svg { width: 1.4em; height: .5em; margin-right: .35em; }
summary { cursor: pointer; padding: .2rem 0; overflow-wrap: anywhere; }
.drawn rect { stroke: var(--paper); }
.drawn rect.injected, .drawn rect.broken { fill: var(--soft); stroke: var(--muted); }
@media (max-width: 40rem) {
  th, td { padding: .25rem .4rem; }
  tbody th[scope=row] { min-width: 8rem; }
}
@media print { .skip, nav { display: none; } }
${shades}
`;
