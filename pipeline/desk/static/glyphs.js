// Shapes that say the same as the colours beside them.

import { h, s } from "./dom.js";

/** States of a finding, strongest first. */
export const MARKS = {
  disputed: { colour: "#a50f5b", sign: "◆", word: "disputed" },
  persistent: { colour: "#c2410c", sign: "■", word: "persistent" },
  tentative: { colour: "#9a6700", sign: "▲", word: "tentative", dash: [10, 4] },
  open: { colour: "#9a6700", sign: "△", word: "open", dash: [3, 4] },
  notified: { colour: "#5e3c99", sign: "●", word: "notified", dash: [12, 5] },
  explained: { colour: "#5e3c99", sign: "○", word: "explained", dash: [12, 5] },
  ended: { colour: "#4d565e", sign: "□", word: "ended", dash: [12, 5] },
  superseded: { colour: "#4d565e", sign: "–", word: "superseded", dash: [2, 4] },
  withdrawn: { colour: "#4d565e", sign: "–", word: "withdrawn", dash: [2, 4] },
  alarm: { colour: "#c2410c", sign: "▲", word: "over the threshold" },
};
/** Of the outline of changed pixels; its casing is dark. */
export const CHANGED = "#f0e442";
const ORDER = Object.keys(MARKS);

export const rank = (headline) => {
  const at = ORDER.indexOf(headline);
  return at < 0 ? ORDER.length : at;
};

/** The mark of the strongest of some findings, or null. */
export function strongest(findings) {
  const first = [...findings].sort((a, b) => rank(a.headline) - rank(b.headline))[0];
  return first ? MARKS[first.headline] || null : null;
}

/** The chip that carries a finding's state. */
export function chip(headline) {
  const mark = MARKS[headline] || { sign: "·", word: headline };
  return h("span", { class: `chip chip-${headline}` }, h("i", { "aria-hidden": "true" }, mark.sign), mark.word);
}

const R = 4.6;
const BLUE = "#0b5fa5";
const INK = "#3b444c";

/** The glyph of a look on the time line, centred on (x, y). */
export function lookGlyph(status, x, y) {
  const group = s("g", { transform: `translate(${Math.round(x * 10) / 10} ${y})`, class: `glyph glyph-${status}` });
  group.append(...(SHAPES[status] || SHAPES.missing)());
  return group;
}

const SHAPES = {
  usable: () => [s("circle", { r: R, fill: BLUE, stroke: "#fff", "stroke-width": 0.8 })],
  partly: () => [
    s("circle", { r: R, fill: "#fff", stroke: BLUE, "stroke-width": 1.4 }),
    s("path", { d: `M0 ${-R}A${R} ${R} 0 0 0 0 ${R}Z`, fill: BLUE }),
  ],
  aside: () => [
    s("circle", { r: R, fill: "#fff", stroke: INK, "stroke-width": 1.3, "stroke-dasharray": "2 1.4" }),
    s("circle", { r: 1.7, fill: BLUE }),
  ],
  cloud: () => [
    s("circle", { r: R, fill: "#fff", stroke: INK, "stroke-width": 1.3 }),
    s("path", { d: `M${-R - 1.5} 0H${R + 1.5}`, stroke: INK, "stroke-width": 1.5 }),
  ],
  failed: () => [
    s("rect", { x: -R, y: -R, width: 2 * R, height: 2 * R, fill: "#14181c" }),
    s("path", { d: "M-2.6 -2.6L2.6 2.6M-2.6 2.6L2.6 -2.6", stroke: "#fff", "stroke-width": 1.6 }),
  ],
  missing: () => [
    s("rect", { x: -R + 0.5, y: -R + 0.5, width: 2 * R - 1, height: 2 * R - 1, fill: "#fff", stroke: INK, "stroke-width": 1.2, "stroke-dasharray": "2 1.6" }),
  ],
};

/** The triangle over a look that crossed a threshold. */
export const alarmGlyph = (x, y) =>
  s("path", { d: `M${x - 4} ${y}h8l-4 -6.5z`, fill: MARKS.alarm.colour, stroke: "#fff", "stroke-width": 0.7 });

/** A small drawing for a key. */
export const keyGlyph = (status) =>
  s("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" },
    status === "alarm" ? alarmGlyph(0, 3.4) : lookGlyph(status, 0, 0));
