// The series of a pixel, a polygon or a zone: what to draw, and the drawing's company.

import { address, read, send } from "./api.js";
import { byId, fill, h, options, say } from "./dom.js";
import { area, measured, minute, number, range, time, unit } from "./format.js";
import { drawChart } from "./chart.js";
import { savePicture } from "./picture.js";
import { set, state, trackOf, watch } from "./state.js";
import { setLook } from "./view.js";
import { known, plain, word } from "./words.js";

const fields = {};
const features = {}; // track -> [{id, label, unit}]
let asked = null;
let box = null;
let told = null;
let pinned = null; // index of the look that the keyboard reads

/** Build the panel. */
export function openSeries() {
  const select = (key, label, change) => {
    fields[key] = h("select", { id: `series-${key}`, "data-testid": `series-${key}`, onchange: change });
    return h("label", { class: "field" }, h("span", {}, label), fields[key]);
  };
  const zoneFields = [select("zone", "Zone", zoneChosen), select("indicator", "Indicator", zoneChosen)];
  const featureField = select("feature", "Measure", () => state.series && askSeries({ ...state.series.request, feature: fields.feature.value }));
  fill(byId("series-controls"), h("h2", {}, "Series"), zoneFields, featureField, h("div", { class: "inline exports", id: "exports" }));
  const heading = h("div", { class: "series-head" }, h("h3", { id: "series-title" }, ""));
  box = h("div", { class: "chart-box", tabindex: "0", role: "group", "aria-roledescription": "chart", "aria-label": "Series chart. Left and right read the looks one by one; Enter shows the look on the map.", "data-testid": "chart" });
  const note = h("p", { id: "series-note", class: "series-note", "data-testid": "series-note" });
  told = h("p", { class: "series-told", "aria-live": "polite", "data-testid": "series-told" });
  fill(byId("series"), heading, h("div", { class: "series-line" }, told, note), box);
  watch(["site"], offer);
  watch(["series"], drawn);
  watch(["domain", "before", "after", "whatif"], redraw);
  new ResizeObserver(redraw).observe(box);
  wire();
  offer();
  drawn();
}

function offer() {
  if (!state.site) return;
  options(fields.zone, state.site.zones.map((zone) => [zone.id, plain(zone.id)]));
  offerIndicators();
}

/** Only what was agreed for the zone. */
function offerIndicators() {
  const able = state.site.indicators.filter((item) => !item.zones || item.zones.includes(fields.zone.value));
  options(fields.indicator, able.map((item) => [item.id, plain(item.id)]));
}

function zoneChosen() {
  offerIndicators();
  askSeries({ kind: "zone", zone: fields.zone.value, indicator: fields.indicator.value });
}

/** Open the series of a zone, that of the open finding first; close it when there is one. */
export function toggleSeries() {
  if (state.series) return set({ series: null });
  const finding = (state.findings?.findings || []).find((item) => item.id === state.finding);
  return finding ? askSeries({ kind: "zone", zone: finding.zone, indicator: finding.indicator, track: finding.evidence?.after?.track }) : zoneChosen();
}

/** The track whose looks an indicator is measured on, the one in view first. */
function trackFor(indicator) {
  const sensors = state.site.indicators.find((item) => item.id === indicator)?.sensors || [];
  const able = state.site.tracks.filter((track) => sensors.includes(track.sensor));
  return (able.find((track) => track.key === state.after.track) || able[0] || trackOf(state.after.track)).key;
}

/** Ask for a series and show it; `request` says what of. */
export async function askSeries(request) {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  const full = { ...request, track: request.kind === "zone" ? request.track || trackFor(request.indicator) : state.after.track };
  set({ series: { request: full } });
  try {
    if (full.kind !== "zone") full.feature = await featureFor(full);
    const data = await send("/api/series", bodyOf(full), signal);
    if (signal.aborted) return;
    pinned = null;
    data.looks.forEach((look, index) => (look.limits ??= limitsOf(data, index)));
    set({ series: { request: full, data } });
    say(`Series of ${nameOf(full)}: ${data.looks.length} looks`);
  } catch (error) {
    if (error.name !== "AbortError") set({ series: { request: full, error: error.message } });
  }
}

/** Where a look crosses: deviations and shares are counted from what was expected of that look. */
function limitsOf({ threshold, baseline }, index) {
  if (!threshold || threshold.kind === "rate") return [];
  if (threshold.kind === "absolute") return [threshold.value];
  const middle = baseline?.expected?.[index] ?? 0;
  const step = Math.abs(threshold.kind === "deviation" ? threshold.value : (middle * threshold.value) / 100);
  const falls = threshold.comparator.startsWith("<");
  if (threshold.direction === "both") return [middle + step, middle - step];
  return [threshold.direction === "less" || falls ? middle - step : middle + step];
}

/** Why a look has no value, in words. */
const whyUnseen = (reason) =>
  (reason || "").split(", ").filter((code) => code && code !== "observed").map((code) => reasonWord(code)).join(", ");
const reasonWord = (code) => (known("coverage", code) ? word("coverage", code) : word("reason", code));

async function featureFor({ track, feature }) {
  if (!features[track]) {
    const told = await read(`/api/features/${encodeURIComponent(track)}`);
    features[track] = told.features || told;
  }
  const found = features[track];
  options(fields.feature, found.map((item) => [item.id, item.label]));
  return found.some((item) => item.id === feature) ? feature : found[0].id;
}

const bodyOf = ({ kind, track, feature, geometry, zone, indicator }) =>
  kind === "zone" ? { track, zone, indicator } : { track, feature, geometry };

function nameOf({ kind, zone, indicator, feature, track }) {
  if (kind === "zone") return `${plain(indicator)} · ${plain(zone)} · ${trackOf(track).label}`;
  const measure = features[track]?.find((item) => item.id === feature)?.label || feature || "";
  return `${measure} · ${kind === "pixel" ? "one pixel" : "polygon, mean"} · ${trackOf(track).label}`;
}

function drawn() {
  const { series } = state;
  const zoned = !series || series.request.kind === "zone";
  fields.feature.closest("label").hidden = zoned;
  if (series && zoned) {
    fields.zone.value = series.request.zone;
    offerIndicators();
    fields.indicator.value = series.request.indicator;
  } else if (series) fields.feature.value = series.request.feature;
  byId("series-title").textContent = series ? nameOf(series.request) : "";
  byId("desk").classList.toggle("has-series", Boolean(series));
  exportsOf(series);
  noteOf(series?.data);
  redraw();
}

function exportsOf(series) {
  const box = byId("exports");
  if (!series?.data) return fill(box, h("span", { class: "soft" }, "Pick a zone and indicator, click a pixel or draw a polygon."));
  return fill(box,
    h("a", { class: "button small", href: address("/api/export/series.csv", queryOf(series.request)), download: "", "data-testid": "export-csv" }, "CSV"),
    h("button", { type: "button", class: "small", onclick: () => savePicture(series), "data-testid": "export-png" }, "PNG"),
    h("button", { type: "button", class: "small", onclick: () => set({ series: null }), "data-testid": "series-close" }, "Close"));
}

const queryOf = ({ kind, track, feature, geometry, zone, indicator }) =>
  kind === "zone" ? { track, zone, indicator } : { track, feature, geometry: JSON.stringify(geometry) };

function noteOf(data) {
  const note = byId("series-note");
  const found = data?.detectability;
  if (!data) note.textContent = "";
  else if (!found) note.textContent = state.series.request.kind === "zone" ? "Detectability: not measured for this zone and indicator." : sentence(data.note) || "A pixel or polygon is for looking: thresholds hold for zones.";
  else if (found.smallest_m2 === null || found.smallest_m2 === undefined) note.textContent = `Detectability: ${found.note || "90 % not reached"}.`;
  else note.textContent = `Smallest change seen with 90 %: ${area(found.smallest_m2, found.interval)}${found.contrast ? `, contrast ${found.contrast}` : ""}.`;
}

const sentence = (text) => (text ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : "");

function redraw() {
  const { series } = state;
  if (!box) return;
  if (!series) {
    fill(box, h("p", { class: "empty" }, "No series yet."));
    fill(told, "");
  } else if (series.error) fill(box, h("p", { class: "empty" }, `No series: ${series.error}`));
  else if (!series.data) fill(box, h("p", { class: "empty" }, "Reading the series…"));
  else if (!series.data.looks.length) fill(box, h("p", { class: "empty" }, "No look of this source is on record here. That is not “no change”."));
  else drawChart(box, series, { pinned });
}

/** What a look of the series says, as one line. */
function tell(index) {
  const { data } = state.series;
  const look = data.looks[index];
  const parts = [h("b", {}, minute(look.acquired))];
  if (look.value === null || look.value === undefined) {
    const why = whyUnseen(look.reason);
    parts.push(` not observed${why ? `: ${why}` : ""} (not “no change”)`);
  } else {
    parts.push(` ${measured(look.value, [look.low, look.high], data.unit)}`);
    const [low, high] = [data.baseline?.low?.[index], data.baseline?.high?.[index]];
    if (low !== null && low !== undefined) parts.push(`; quiet looks ${range([low, high])}`);
    if (look.limits?.length) parts.push(`; threshold ${look.limits.map((v) => number(v)).join(" / ")} ${unit(data.unit)}`);
    if (look.p !== null && look.p !== undefined) parts.push(`; p ${look.p < 1e-4 ? "< 0.0001" : number(look.p, 2)}`);
    if (look.in_baseline) parts.push("; baseline look");
    if (look.alarm) parts.push(h("span", { class: "over" }, " ▲ over the threshold"));
    else if (look.unusual) parts.push(h("span", { class: "over" }, " ◇ unusual for this place"));
    else if (look.outcome === "at-threshold") parts.push(h("span", { class: "over" }, " ◆ at the threshold, undecided"));
    if (look.observed < 0.995) parts.push(`; ${Math.round(100 * look.observed)} % observed`);
  }
  fill(told, parts);
}

function wire() {
  const nearest = (event) => {
    const marks = [...box.querySelectorAll("[data-index]")];
    const x = event.clientX;
    let best = null;
    for (const mark of marks) {
      const apart = Math.abs(mark.getBoundingClientRect().x + mark.getBoundingClientRect().width / 2 - x);
      if (!best || apart < best.apart) best = { apart, index: Number(mark.dataset.index) };
    }
    return best && best.apart < 30 ? best.index : null;
  };
  const read = (index) => {
    pinned = index;
    redraw();
    if (index !== null) tell(index);
  };
  box.addEventListener("pointermove", (event) => {
    if (!state.series?.data) return;
    const index = nearest(event);
    if (index !== null && index !== pinned) read(index);
  });
  box.addEventListener("pointerleave", () => state.series?.data && document.activeElement !== box && (fill(told, ""), read(null)));
  box.addEventListener("click", (event) => {
    const index = state.series?.data ? nearest(event) : null;
    if (index !== null) show(index, event.shiftKey ? "before" : state.sets);
  });
  box.addEventListener("keydown", (event) => {
    if (!state.series?.data) return;
    const { looks } = state.series.data;
    const now = pinned ?? Math.max(0, looks.findIndex((look) => look.look === state.after.look));
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: looks.length - 1 }[event.key];
    if (to !== undefined) read(Math.min(looks.length - 1, Math.max(0, to)));
    else if (event.key === "Enter") show(now, event.shiftKey ? "before" : "after");
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function show(index, side) {
  const look = state.series.data.looks[index];
  if (look.look) setLook(side, state.series.request.track, look.look);
}
