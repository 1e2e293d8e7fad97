// All looks of all tracks over time: what was seen, what was not and why, and where thresholds were crossed.

import { byId, fill, h, s, segmented } from "./dom.js";
import { lookGlyph, alarmGlyph, keyGlyph } from "./glyphs.js";
import { day, minute, moment, time, until } from "./format.js";
import { lookOf, set, state, trackOf, watch } from "./state.js";
import { LEFT, monthTicks, pan, reveal, scale, zoom } from "./timescale.js";
import { toggleSeries } from "./series.js";
import { nearest, setLook } from "./view.js";
import { plain, seen } from "./words.js";
import { playControls } from "./play.js";

const ROW = 25;
const TOP = 20;
let box = null;
let told = null;

/** Build the time line and its controls. */
export function openTimeline() {
  const choice = segmented({
    label: "A click on the time line sets",
    items: [["before", "B before"], ["after", "A after"]],
    current: state.sets,
    choose: (sets) => set({ sets }),
    testid: "click-sets",
  });
  const button = (text, label, run) => h("button", { type: "button", class: "small", "aria-label": label, title: label, onclick: run }, text);
  fill(
    byId("timeline-controls"),
    playControls(),
    h("div", { class: "inline" }, h("span", { class: "soft" }, "Click sets"), choice),
    h("div", { class: "inline" }, h("span", { class: "soft" }, "Zoom"),
      button("+", "Zoom in on time", () => zoom(0.5, focusTime())),
      button("−", "Zoom out of time", () => zoom(2, focusTime())),
      button("‹", "Earlier", () => pan(-0.4)),
      button("›", "Later", () => pan(0.4)),
      button("All", "The whole time", () => set({ domain: null }))),
    h("button", { type: "button", class: "small series-open", title: "Open or close the series of a zone (s)", "data-testid": "series-open", onclick: toggleSeries }, "Series of a zone"),
  );
  box = h("div", { class: "timeline-box", tabindex: "0", role: "slider", "aria-label": "After date. Left and right step; with Shift the before date; up and down change the source.",
    "aria-valuemin": "0", "data-testid": "timeline-box" });
  told = h("p", { class: "timeline-told", "data-testid": "timeline-told" });
  fill(byId("timeline"), box, h("div", { class: "timeline-foot" }, legend(), told));
  watch(["sets"], () => choice.choose(state.sets));
  watch(["looks", "domain", "before", "after", "findings", "finding", "cursor"], draw);
  new ResizeObserver(draw).observe(box);
  wire();
  draw();
}

const focusTime = () => time(lookOf("after")?.acquired);

function legend() {
  const key = (status, text) => h("li", {}, keyGlyph(status), text);
  return h("ul", { class: "key", "aria-label": "Marks" },
    key("usable", "observed"), key("partly", "partly"), key("aside", "set aside"), key("cloud", "cloud"), key("failed", "failed"), key("missing", "missing"), key("alarm", "over threshold"),
    h("li", {}, h("i", { class: "key-notified" }), "notified"), h("li", {}, h("i", { class: "key-baseline" }), "baseline"));
}

function draw() {
  if (!state.site || !state.after || !box.clientWidth) return;
  const tracks = state.site.tracks;
  const width = box.clientWidth;
  const height = TOP + ROW * tracks.length + 4;
  const axis = scale(width);
  const root = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  root.append(patterns());
  months(root, axis, width, height);
  const clip = s("g", { "clip-path": "url(#timeline-clip)" });
  root.append(s("clipPath", { id: "timeline-clip" }, s("rect", { x: axis.left - 6, y: 0, width: axis.right - axis.left + 12, height })), clip);
  spans(clip, axis, height);
  tracks.forEach((track, row) => drawRow(root, clip, axis, track, TOP + ROW * (row + 0.5) + 2));
  for (const side of ["before", "after"]) handle(root, axis, side, height);
  fill(box, root);
  describe();
}

const patterns = () =>
  s("defs", {},
    s("pattern", { id: "notified-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      s("rect", { width: 6, height: 6, fill: "#f6ecd2" }), s("path", { d: "M0 0V6", stroke: "#b58900", "stroke-width": 1.6 })));

function months(root, axis, width, height) {
  for (const tick of monthTicks(axis, width - LEFT)) {
    const x = axis.x(tick.ms);
    root.append(
      s("path", { d: `M${x} ${TOP - 4}V${height}`, stroke: tick.year ? "#9aa4ad" : "#e3e7ea" }),
      s("text", { x: x + 3, y: 11, class: tick.year ? "tick tick-year" : "tick" }, x < axis.right - 26 ? tick.text : ""),
    );
  }
}

function spans(root, axis, height) {
  const looks = Object.values(state.looks).flat().filter((look) => look.in_baseline).map((look) => time(look.acquired));
  if (looks.length) {
    const [a, b] = [axis.x(Math.min(...looks)) - 6, axis.x(Math.max(...looks)) + 6];
    root.append(s("rect", { x: a, y: TOP - 4, width: b - a, height: height - TOP + 4, fill: "#e8edf2", opacity: 0.75 }));
  }
  for (const note of state.findings?.notifications || []) {
    const [a, b] = [axis.x(time(note.from)), axis.x(until(note.to))];
    root.append(s("rect", { x: a, y: TOP - 4, width: Math.max(2, b - a), height: 5, fill: "url(#notified-hatch)", stroke: "#8a6a00", "stroke-width": 0.6 },
      s("title", {}, `${note.id}: notified ${day(note.from)} to ${day(note.to)}`)));
  }
  const finding = (state.findings?.findings || []).find((item) => item.id === state.finding);
  if (finding?.onset) onset(root, axis, finding, height);
}

function onset(root, axis, finding, height) {
  const [a, b] = finding.onset.map((t) => axis.x(time(t)));
  root.append(s("rect", { x: a, y: TOP, width: Math.max(2, b - a), height: height - TOP, fill: "#c2410c", opacity: 0.16 },
    s("title", {}, "onset lies between these looks")));
}

function drawRow(root, clip, axis, track, y) {
  const current = state.after.track === track.key;
  clip.append(s("path", { d: `M${axis.left} ${y}H${axis.right}`, stroke: current ? "#14181c" : "#c9d0d6", "stroke-width": current ? 1.2 : 1 }));
  root.append(s("text", { x: 2, y: y + 4, class: current ? "row-name row-current" : "row-name" }, shortName(track), s("title", {}, track.label)));
  for (const look of state.looks[track.key] || []) {
    const x = axis.x(time(look.acquired));
    if (x < axis.left - 8 || x > axis.right + 8) continue;
    const mark = lookGlyph(look.status, x, y);
    mark.append(s("title", {}, `${moment(look)}: ${seen(look)}`));
    clip.append(mark);
    if (look.alarms?.length) clip.append(alarmGlyph(x, y - 5.5));
  }
}

const shortName = (track) => {
  const sensor = { "sentinel-1-rtc": "S1", "sentinel-2-l2a": "S2", "sentinel-2-l1c": "S2", "landsat-8-l2": "L8", "landsat-5-l2": "L5" }[track.sensor] || track.sensor.slice(0, 4);
  return `${sensor} ${String(track.track).replace("-ascending", "↑").replace("-descending", "↓").slice(0, 8)}`;
};

function handle(root, axis, side, height) {
  const look = lookOf(side);
  if (!look) return;
  const x = axis.x(time(look.acquired));
  if (x < axis.left - 8 || x > axis.right + 8) return;
  const colour = side === "before" ? "#5e3c99" : "#00695c";
  const row = state.site.tracks.findIndex((track) => track.key === state[side].track);
  const y = TOP + ROW * (row + 0.5) + 2;
  root.append(
    s("path", { d: `M${x} 14V${height}`, stroke: colour, "stroke-width": 1.6, opacity: 0.85 }),
    s("circle", { cx: x, cy: y, r: 7.6, fill: "none", stroke: colour, "stroke-width": 2.2 }),
    s("rect", { x: x - 8, y: 0, width: 16, height: 15, rx: 3, fill: colour, class: `handle-${side}` }),
    s("text", { x, y: 11.5, class: "handle-letter" }, side === "before" ? "B" : "A"),
  );
}

function describe() {
  const look = lookOf("after");
  const looks = state.looks[state.after.track] || [];
  box.setAttribute("aria-valuemax", String(Math.max(0, looks.length - 1)));
  box.setAttribute("aria-valuenow", String(Math.max(0, looks.indexOf(look))));
  const text = look ? `After ${minute(look.acquired)}, ${trackOf(state.after.track).label}: ${seen(look)}` : "no date";
  box.setAttribute("aria-valuetext", text);
  if (state.cursor === null && look) tell(look);
}

function tell(look) {
  fill(told, h("b", {}, moment(look)), ` ${seen(look)}`, over(look), (look.notes || []).map((note) => ` · ${note}`));
  told.title = told.textContent;
}

/** Which zones crossed a threshold on a look, with how many indicators. */
function over(look) {
  const zones = {};
  for (const entry of look.alarms || []) zones[entry.zone] = (zones[entry.zone] || 0) + 1;
  const named = Object.entries(zones).map(([zone, count]) => `${plain(zone)}${count > 1 ? ` (${count})` : ""}`);
  return named.length ? h("span", { class: "over" }, ` ▲ over threshold: ${named.join(", ")}`) : "";
}

function wire() {
  box.addEventListener("click", (event) => {
    const found = under(event);
    if (found && found.look.index !== null) setLook(event.shiftKey ? "before" : state.sets, found.track, found.look.id);
    else if (found) tell(found.look);
  });
  box.addEventListener("pointermove", (event) => {
    const found = under(event);
    if (found) tell(found.look);
  });
  box.addEventListener("pointerleave", () => describe());
  box.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan((event.deltaX || event.deltaY) / 800);
    else zoom(event.deltaY > 0 ? 1.25 : 0.8, scale(box.clientWidth).at(event.clientX - box.getBoundingClientRect().left));
  }, { passive: false });
}

function under(event) {
  const frame = box.getBoundingClientRect();
  const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
  const axis = scale(box.clientWidth);
  const tracks = state.site.tracks;
  const row = Math.min(tracks.length - 1, Math.max(0, Math.floor((y - TOP) / ROW)));
  const near = (state.looks[tracks[row].key] || [])
    .map((look) => ({ look, apart: Math.abs(axis.x(time(look.acquired)) - x) }))
    .sort((a, b) => a.apart - b.apart)[0];
  return near && near.apart < 14 ? { track: tracks[row].key, look: near.look } : null;
}

/** Step a side to the next or the last look that can be shown. */
export function step(side, by) {
  const at = state[side];
  const looks = (state.looks[at.track] || []).filter((look) => look.index !== null);
  const now = looks.findIndex((look) => look.id === at.look);
  const next = looks[Math.min(looks.length - 1, Math.max(0, now + by))];
  if (!next || next.id === at.look) return false;
  setLook(side, at.track, next.id);
  reveal(time(next.acquired));
  return true;
}

/** Go to the first or last look. */
export function stepToEnd(side, last) {
  step(side, last ? 1e6 : -1e6);
}

/** The same date on the next source. */
export function changeTrack(by) {
  const tracks = state.site.tracks;
  const now = tracks.findIndex((track) => track.key === state.after.track);
  const next = tracks[(now + by + tracks.length) % tracks.length];
  if (tracks.length > 1) setLook("after", next.key, nearest(next.key, lookOf("after")?.acquired));
}
