// One finding: the measured statement, its evidence on the map, explanations to tick, opinions, history.

import { read } from "./api.js";
import { fill, h, keepingFocus } from "./dom.js";
import { area, day, hectares, limit, measured, minute, number, probable } from "./format.js";
import { chip } from "./glyphs.js";
import { zoomToZone } from "./map.js";
import { set, state, trackOf, watch } from "./state.js";
import { actsOf, hypothesesOf, opinionsOf } from "./acts.js";
import { historyOf } from "./history.js";
import { choose, chooseNext } from "./queue.js";
import { askSeries } from "./series.js";
import { pictureOf } from "./tiles.js";
import { plain, word } from "./words.js";

let shown = null;
const LOST = {}; // in place of an answer that did not come
const details = new Map(); // finding id -> answer of /api/findings/{id}

/** Draw the open finding into the panel. */
export function drawFinding(box, item, rows) {
  const again = shown === item.id;
  const scroll = box.scrollTop;
  keepingFocus(box, () =>
    fill(box, navigation(item, rows), head(item), facts(item), h("h3", {}, "Explanations"), hypothesesOf(item),
      h("h3", {}, "Your opinion, field by field"), opinionsOf(item), actsOf(item, details.get(item.id)),
      h("h3", {}, "Statements on this finding"), historyOf((entry) => entry.about?.finding === item.id, "No statement yet."), more(item)));
  box.scrollTop = again ? scroll : 0;
  shown = item.id;
}

/** What could have been seen, and which notifications may fit: asked for once a finding. */
async function learn(item) {
  set({ outline: details.get(item.id)?.outline || null });
  if (details.has(item.id) && details.get(item.id) !== LOST) return;
  details.set(item.id, null);
  const told = await read(`/api/findings/${encodeURIComponent(item.id)}`).catch(() => LOST);
  details.set(item.id, told);
  if (state.finding === item.id) set({ findings: { ...state.findings }, outline: told.outline || null });
}

function navigation(item, rows) {
  const at = rows.findIndex((entry) => entry.id === item.id);
  const button = (text, label, run, testid) => h("button", { type: "button", class: "small", id: testid, "data-testid": testid, "aria-label": label, title: label, onclick: run }, text);
  return h("div", { class: "finding-nav" },
    button("‹ All findings", "Back to the list", () => choose(null), "back-to-list"),
    h("span", { class: "soft" }, at < 0 ? "outside the filter" : `${at + 1} of ${rows.length}`),
    button("↑", "Previous finding (k)", () => chooseNext(-1), "previous-finding"),
    button("↓", "Next finding (j)", () => chooseNext(1), "next-finding"));
}

function head(item) {
  const why = word("evidence", item.evidence_state);
  return h("div", { class: "finding-head", "data-testid": "finding" },
    h("h2", {}, plain(item.zone), " ", h("span", {}, plain(item.indicator))),
    h("p", {}, chip(item.headline), " ", h("span", { class: "soft" }, why)),
    h("div", { class: "inline" },
      h("button", { type: "button", class: "small primary", "data-testid": "show-evidence", title: "Before and after side by side, on this zone (e)", onclick: () => evidence(item, "side") }, "Side by side"),
      h("button", { type: "button", class: "small", "data-testid": "show-swipe", onclick: () => evidence(item, "swipe") }, "Swipe"),
      h("button", { type: "button", class: "small", "data-testid": "show-series", onclick: () => series(item) }, "Series")));
}

/** Put the map on a finding's evidence. */
export function evidence(item, mode) {
  const found = item.evidence;
  if (found?.before && found?.after) {
    const layer = (at) => {
      const track = trackOf(at.track);
      const wished = track.layers.find((entry) => entry.id === found.layer);
      return (wished && !wished.needs_before ? wished : pictureOf(track)).id;
    };
    const side = (at) => ({ track: at.track, look: at.look, layer: layer(at) });
    set({ before: side(found.before), after: side(found.after), ...(mode ? { mode } : {}) });
  } else if (mode) set({ mode });
  requestAnimationFrame(() => requestAnimationFrame(() => zoomToZone(item.zone)));
}

const series = (item) => askSeries({ kind: "zone", zone: item.zone, indicator: item.indicator, track: item.evidence?.after?.track });

/** The finding that is open. */
export const openFinding = () => (state.findings?.findings || []).find((item) => item.id === state.finding);

watch(["finding"], () => {
  const item = openFinding();
  if (!item) return set({ outline: null });
  evidence(item, state.mode === "one" ? "side" : null);
  series(item);
  learn(item);
});

function facts(item) {
  const rows = [
    ["Value", item.peak === null || item.peak === undefined ? "not stated" : `${measured(item.peak, item.peak_interval, item.unit)} against ${limit(item)}${item.threshold?.kind === "deviation" ? " from the expected value" : ""}`],
    ["Changed pixels", changedPixels(item)],
    ["Onset", item.onset ? `between ${minute(item.onset[0])} and ${minute(item.onset[1])}` : "not known"],
    ["End", item.end ? `between ${minute(item.end[0])} and ${minute(item.end[1])}` : "not ended as of this report"],
    ["Looks", `${item.looks_over} over the threshold of ${item.looks_observed} observed since onset`],
    ["Sensors", item.sensors?.map((sensor) => word("sensor", sensor)).join(", ")],
    ["Detectability", detectability(item)],
    ["Notification", notification(item)],
    ["Likelihood", likelihood(item)],
    ["Confidence", item.analytic_confidence ? `${item.analytic_confidence.level}: ${item.analytic_confidence.basis.map((code) => word("basis", code)).join("; ")}` : "not stated"],
    ["Next look", item.would_change_our_mind ? `${item.would_change_our_mind.next_look || "not known"} (${item.would_change_our_mind.sensor}); ${word("would-show", item.would_change_our_mind.would_show)}` : "not known"],
  ];
  return h("dl", { class: "facts" }, rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text || "not stated"))));
}

/** What the outline on the map is, or why there is none. */
function changedPixels(item) {
  const found = details.get(item.id)?.outline;
  if (details.get(item.id) === LOST) return "could not be loaded: open the finding again";
  if (!found) return details.get(item.id) ? "no look of its evidence is at hand" : "…";
  const look = (state.looks[found.track] || []).find((entry) => entry.id === found.look);
  if (!found.geometry) return "not outlined: the value is of the zone as a whole, and no pixel of it is judged by itself";
  const mark = h("i", { class: "swatch swatch-changed", "aria-hidden": "true" });
  const regions = found.regions === 1 ? "1 region" : `${number(found.regions)} regions`;
  const rest = found.left_out ? `; the ${number(found.left_out)} smallest are not drawn` : found.coarser ? "; drawn with fewer corners than it has" : "";
  return [mark, `${hectares(found.area_m2)} in ${regions} on ${look ? day(look.acquired) : found.look}${rest}`];
}

/** The smallest change that would have been seen, for each sensor that was tried. */
function detectability(item) {
  const found = (details.get(item.id)?.detectability || []).map((line) =>
    line.smallest_m2 === null || line.smallest_m2 === undefined
      ? `${line.contrast || ""}: ${word("reason", line.reason || "not-reached")}`
      : `${area(line.smallest_m2, line.interval)} at ${line.contrast} would be seen with 90 %`);
  return found.length ? found.join("; ") : "not measured for this zone and indicator";
}

function notification(item) {
  const found = item.notification;
  if (!found?.notification) return `no matching notification on file${found?.on_file_as_of ? ` at ${minute(found.on_file_as_of)}` : ""}`;
  const beyond = found.exceeds_in?.length ? ` in ${found.exceeds_in.map((field) => word("field", field)).join(", ")}` : "";
  return `${word("notification.short", found.relation)} with ${found.notification}${beyond}${found.note ? `; ${word("note", found.note)}` : ""}`;
}

function likelihood(item) {
  const found = item.likelihood;
  if (!found || found.p === null || found.p === undefined) return "no number is given";
  const p = probable(found.p, found.p_interval);
  if (!found.term) return `the method’s own number is ${p}; it is not calibrated and must not be read as a probability`;
  return `${word("term", found.term)}: ${p} that the value crossed the threshold`;
}

function more(item) {
  return h("details", { class: "more" }, h("summary", {}, "Proposition, calibration and limits"),
    h("p", {}, `“${item.proposition}”`),
    h("ul", {}, Object.entries(item.calibrated || {}).map(([part, found]) =>
      h("li", {}, `${word("calibration", part)}: ${found.ok ? "calibrated" : "not calibrated"}${found.reason ? `, ${word("reason", found.reason)}` : ""} (sample ${number(found.sample_size)})`))),
    h("ul", {}, (item.limits || []).map((code) => h("li", {}, word("limit", code)))),
    h("p", { class: "mono" }, item.id));
}
