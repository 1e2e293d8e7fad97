// The chart of a series, as SVG with presentation attributes only, so that it can be saved as it stands.

import { fill, s } from "./dom.js";
import { day, number, ticks, time, unit, until } from "./format.js";
import { MARKS } from "./glyphs.js";
import { lookOf, state } from "./state.js";
import { monthTicks, scale } from "./timescale.js";

const TOP = 10;
const STRIP = 17; // px under the plot for looks without a value
const MONTHS = 15; // and for months, where no time line stands below
const FONT = { "font-family": "system-ui, sans-serif", "font-size": 11, fill: "#4d565e" };
const BLUE = "#0b5fa5";

/** Draw a series into an element, over the time that is in view. */
export function drawChart(box, series, { pinned = null } = {}) {
  const [width, height] = [box.clientWidth, Math.max(90, box.clientHeight)];
  if (width) fill(box, chart(series, width, height, { pinned }));
}

/** The chart as an SVG element of a given size. */
export function chart({ request, data }, width, height, { pinned = null, paper = false } = {}) {
  const x = scale(width);
  const bottom = height - STRIP - (paper ? MONTHS : 0);
  const y = valueScale(data, bottom, whatIfStep(request));
  const frame = { x, y, width, height, bottom, months: paper };
  const root = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": describe(data) });
  root.append(defs(frame));
  const plot = s("g", { "clip-path": "url(#chart-clip)" });
  grid(root, frame, data);
  root.append(plot);
  baselineWindow(plot, data, frame);
  notified(plot, data, frame);
  band(plot, data, frame);
  limits(plot, data, frame);
  exploratory(plot, request, data, frame);
  if (!paper) sides(plot, frame);
  data.looks.forEach((look, index) => mark(plot, look, index, frame, index === pinned));
  return root;
}

function describe(data) {
  const values = data.looks.filter((look) => look.value !== null && look.value !== undefined);
  const over = data.looks.filter((look) => look.alarm).length;
  return `${data.label}: ${data.looks.length} looks, ${values.length} with a value, ${over} over the threshold, ${data.looks.length - values.length} not observed`;
}

const defs = ({ x, height }) =>
  s("defs", {},
    s("clipPath", { id: "chart-clip" }, s("rect", { x: x.left - 5, y: 0, width: x.right - x.left + 10, height })),
    s("pattern", { id: "chart-notified", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      s("rect", { width: 7, height: 7, fill: "#faf3df" }), s("path", { d: "M0 0V7", stroke: "#e3c878", "stroke-width": 1.6 })),
    s("pattern", { id: "chart-unseen", width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      s("rect", { width: 5, height: 5, fill: "#f3f5f7" }), s("path", { d: "M0 0V5", stroke: "#c9d0d6", "stroke-width": 1.2 })));

function valueScale(data, bottom, step) {
  const found = [];
  data.looks.forEach((look, i) => {
    const limit = (look.limits || []).flatMap((v) => [v, v + step]);
    found.push(look.value, look.value === null ? null : look.low, look.value === null ? null : look.high, data.baseline?.low?.[i], data.baseline?.high?.[i], ...limit);
  });
  const numbers = found.filter((v) => v !== null && v !== undefined && Number.isFinite(v));
  let [low, high] = numbers.length ? [Math.min(...numbers), Math.max(...numbers)] : [0, 1];
  if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
  const marks = ticks(low, high, Math.max(2, Math.round(bottom / 38)));
  [low, high] = [Math.min(marks[0], low), Math.max(marks[marks.length - 1], high)];
  low -= 0.05 * (high - low);
  const at = (value) => bottom - ((value - low) / (high - low)) * (bottom - TOP);
  return Object.assign(at, { marks });
}

function grid(root, { x, y, width, height, bottom, months }, data) {
  for (const value of y.marks)
    root.append(s("path", { d: `M${x.left} ${y(value)}H${x.right}`, stroke: "#e3e7ea" }),
      s("text", { ...FONT, x: x.left - 6, y: y(value) + 4, "text-anchor": "end" }, number(value)));
  root.append(s("text", { ...FONT, x: 2, y: bottom - (bottom - TOP) / 2, transform: `rotate(-90 10 ${bottom - (bottom - TOP) / 2})`, "text-anchor": "middle" }, unit(data.unit)),
    s("rect", { x: x.left, y: bottom + 2, width: x.right - x.left, height: 13, fill: "url(#chart-unseen)" }),
    s("text", { ...FONT, x: x.left - 6, y: bottom + 12, "text-anchor": "end", "font-size": 10 }, "unseen"),
    s("path", { d: `M${x.left} ${bottom}H${x.right}`, stroke: "#14181c" }));
  for (const tick of monthTicks(x, width - x.left))
    root.append(s("path", { d: `M${x.x(tick.ms)} ${TOP}V${bottom}`, stroke: tick.year ? "#c9d0d6" : "#eef1f3" }),
      months && x.x(tick.ms) < x.right - 24 ? s("text", { ...FONT, x: x.x(tick.ms) + 3, y: height - 3, "font-weight": tick.year ? 600 : 400 }, tick.text) : "");
}

function baselineWindow(plot, data, { x, bottom }) {
  const times = data.looks.filter((look) => look.in_baseline).map((look) => time(look.acquired));
  if (!times.length) return;
  const [a, b] = [x.x(Math.min(...times)) - 5, x.x(Math.max(...times)) + 5];
  plot.append(s("rect", { x: a, y: TOP, width: b - a, height: bottom - TOP, fill: "#eef2f6", opacity: 0.7 }),
    s("text", { ...FONT, x: Math.max(a, x.left) + 4, y: TOP + 10, "font-size": 10 }, "baseline"));
}

function notified(plot, data, { x, bottom }) {
  for (const note of data.notifications || []) {
    const [a, b] = [x.x(time(note.from)), x.x(until(note.to))];
    plot.append(s("rect", { x: a, y: TOP, width: Math.max(2, b - a), height: bottom - TOP, fill: "url(#chart-notified)", opacity: 0.9 },
      s("title", {}, `${note.id}: notified ${day(note.from)} to ${day(note.to)}. ${note.title || ""}`)),
      s("text", { ...FONT, x: a + 3, y: bottom - 4, "font-size": 10, fill: "#6b4e00" }, note.id));
  }
}

function band(plot, data, { x, y }) {
  const { expected = [], low = [], high = [] } = data.baseline || {};
  const there = (v) => v !== null && v !== undefined;
  const rows = data.looks.map((look, i) => ({ at: x.x(time(look.acquired)), e: expected[i], low: low[i], high: high[i] }));
  for (const run of runs(rows, (row) => there(row.low) && there(row.high))) {
    const up = run.map((row) => `${row.at} ${y(row.high)}`);
    const down = run.map((row) => `${row.at} ${y(row.low)}`).reverse();
    plot.append(s("path", { d: `M${[...up, ...down].join("L")}Z`, fill: "#cfdae4", opacity: 0.75 }, s("title", {}, "where 95 % of quiet looks lie")));
  }
  for (const run of runs(rows, (row) => there(row.e)))
    plot.append(s("path", { d: `M${run.map((row) => `${row.at} ${y(row.e)}`).join("L")}`, fill: "none", stroke: "#6f8191", "stroke-width": 1.2 }));
}

/** Rows in unbroken runs: across a long gap nothing is drawn, because nothing was seen there. */
function runs(rows, whole) {
  const steps = rows.slice(1).map((row, i) => row.at - rows[i].at).sort((a, b) => a - b);
  const most = 6 * (steps[Math.floor(steps.length / 2)] || Infinity);
  const found = [[]];
  rows.forEach((row, i) => {
    if (i && row.at - rows[i - 1].at > most) found.push([]);
    if (whole(row)) found[found.length - 1].push(row);
    else found.push([]);
  });
  return found.filter((run) => run.length > 1);
}

function limitRows(data, x) {
  const most = Math.max(0, ...data.looks.map((look) => look.limits?.length || 0));
  return Array.from({ length: most }, (_, k) =>
    data.looks.filter((look) => look.limits?.length > k).map((look) => ({ at: x.x(time(look.acquired)), value: look.limits[k] })));
}

function limits(plot, data, { x, y }) {
  for (const row of limitRows(data, x))
    plot.append(s("path", { d: line(row, y, 0), fill: "none", stroke: "#c2410c", "stroke-width": 1.4, "stroke-dasharray": "7 4" }),
      s("text", { ...FONT, x: x.right - 3, y: y(row[row.length - 1].value) - 4, "text-anchor": "end", fill: "#a8380a", "font-size": 10 }, "agreed threshold"));
}

const line = (row, y, step) => `M${row.map((point) => `${point.at} ${y(point.value + step)}`).join("L")}`;

/** By how much the exploratory threshold differs from the agreed one, in the unit of the chart. */
function whatIfStep(request) {
  if (request.kind !== "zone") return 0;
  const agreed = state.site.indicators.find((item) => item.id === request.indicator)?.threshold;
  const asked = state.whatif?.values?.threshold?.[request.indicator];
  return agreed && asked !== undefined && ["absolute", "deviation"].includes(agreed.kind) ? asked - agreed.value : 0;
}

function exploratory(plot, request, data, { x, y }) {
  const step = whatIfStep(request);
  if (!step) return;
  for (const row of limitRows(data, x))
    plot.append(s("path", { d: line(row, y, step), fill: "none", stroke: "#5e3c99", "stroke-width": 1.6, "stroke-dasharray": "2 3", class: "exploratory-line" }),
      s("text", { ...FONT, x: x.left + 4, y: y(row[0].value + step) - 4, fill: "#5e3c99", "font-size": 10 }, "exploratory threshold"));
}

function sides(plot, { x, bottom }) {
  for (const [side, colour] of [["before", "#5e3c99"], ["after", "#00695c"]]) {
    const look = lookOf(side);
    if (look) plot.append(s("path", { d: `M${x.x(time(look.acquired))} ${TOP}V${bottom + 15}`, stroke: colour, "stroke-width": 1.6, opacity: 0.7 }));
  }
}

function mark(plot, look, index, frame, pinned) {
  const { x, y, bottom } = frame;
  const at = x.x(time(look.acquired));
  if (pinned) plot.append(s("path", { d: `M${at} ${TOP}V${bottom + 15}`, stroke: "#14181c", "stroke-width": 1, "stroke-dasharray": "2 2" }));
  const group = s("g", { "data-index": index });
  if (look.value === null || look.value === undefined) group.append(...unseen(look, at, bottom + 8.5));
  else group.append(...seen(look, at, y));
  plot.append(group);
}

function unseen(look, at, y) {
  if (look.reason === "load-failed") return [s("path", { d: `M${at - 3} ${y - 3}l6 6m0 -6l-6 6`, stroke: "#14181c", "stroke-width": 1.8 })];
  return [s("circle", { cx: at, cy: y, r: 3.4, fill: "#fff", stroke: "#3b444c", "stroke-width": 1.2 }), s("path", { d: `M${at - 5} ${y}h10`, stroke: "#3b444c", "stroke-width": 1.2 })];
}

function seen(look, at, y) {
  const v = y(look.value);
  const made = [];
  const colour = look.alarm ? MARKS.alarm.colour : look.in_baseline ? "#7c8892" : BLUE;
  if (look.low !== null && look.low !== undefined)
    made.push(s("path", { d: `M${at} ${y(look.low)}V${y(look.high)}`, stroke: colour, "stroke-width": 1.1, opacity: 0.75 }));
  if (look.alarm) made.push(s("path", { d: `M${at} ${v - 5.4}l5 9h-10z`, fill: colour, stroke: "#fff", "stroke-width": 0.8 }));
  else if (look.unusual) made.push(s("path", { d: `M${at} ${v - 4.8}l4.8 4.8l-4.8 4.8l-4.8 -4.8z`, fill: "#fff", stroke: MARKS.alarm.colour, "stroke-width": 1.7 }));
  else if (look.outcome === "at-threshold") made.push(s("path", { d: `M${at} ${v - 4.6}l4.6 4.6l-4.6 4.6l-4.6 -4.6z`, fill: "#e2a100", stroke: "#14181c", "stroke-width": 0.9 }));
  else if (look.in_baseline) made.push(s("circle", { cx: at, cy: v, r: 2.8, fill: colour }));
  else made.push(s("circle", { cx: at, cy: v, r: 3.3, fill: "#fff", stroke: colour, "stroke-width": 1.6 }));
  return made;
}
