// Where the pointer is, at the agreed precision, and what was measured there on both dates.

import { read } from "./api.js";
import { byId, fill, h } from "./dom.js";
import { number, place, quantity } from "./format.js";
import { bothMaps, mainMap } from "./map.js";
import { state, trackOf, watch } from "./state.js";
import { insideSite, projectionOf } from "./tiles.js";
import { plain, word } from "./words.js";

const ol = window.ol;
let asked = null;
let timer = 0;
let last = null;

/** Follow the pointer, or the cross in the middle when the map is moved by keyboard. */
export function openReadout() {
  for (const map of bothMaps()) {
    map.on("pointermove", (event) => !event.dragging && at(event.coordinate));
    map.on("moveend", () => document.activeElement === map.getTargetElement() && byKeyboard() && at(map.getView().getCenter()));
    map.getTargetElement().addEventListener("focus", () => byKeyboard() && at(mainMap().getView().getCenter()));
  }
  watch(["before", "after", "mode"], () => last && at(last));
  fill(byId("readout"), h("span", { class: "soft" }, "Point at the map to read its values."));
}

const byKeyboard = () => document.activeElement?.matches(":focus-visible") && document.activeElement.classList.contains("map");

function at(coordinate) {
  last = coordinate;
  const track = trackOf(state.after.track);
  const [lon, lat] = ol.proj.transform(coordinate, projectionOf(track), "EPSG:4326");
  const where = h("span", { class: "where", "data-testid": "coordinates" }, place(lon, lat, state.site.coordinates.decimals));
  const box = byId("readout");
  if (box.firstChild?.className === "where") box.replaceChild(where, box.firstChild);
  else fill(box, where);
  clearTimeout(timer);
  if (!insideSite(track, coordinate)) {
    asked?.abort();
    fill(box, where, h("span", { class: "soft" }, "Outside the declared site: nothing is shown or measured here."));
    return;
  }
  timer = setTimeout(() => values(coordinate, where), 90);
}

async function values(coordinate, where) {
  asked?.abort();
  asked = new AbortController();
  const sides = state.mode === "one" ? ["after"] : ["before", "after"];
  try {
    const told = await Promise.all(sides.map((side) => valueOf(side, coordinate, asked.signal)));
    fill(byId("readout"), where, sides.map((side, i) => sayValue(side, told[i])));
  } catch (error) {
    if (error.name !== "AbortError") fill(byId("readout"), where, h("span", { class: "soft" }, error.message));
  }
}

function valueOf(side, [x, y], signal) {
  const at = state[side];
  return read(`/api/value/${encodeURIComponent(at.track)}/${encodeURIComponent(at.look)}`, { x, y }, signal);
}

function sayValue(side, told) {
  const letter = h("b", { class: `letter letter-${side}` }, side === "before" ? "B" : "A");
  const unseen = told.valid === false || (told.reason && told.reason !== "observed");
  const parts = measured(told).map(([name, value, code]) => h("span", { class: "value" }, h("i", {}, name), ` ${quantity(value, code)}`));
  if (!unseen && told.anomaly !== null && told.anomaly !== undefined)
    parts.unshift(h("span", { class: "value" }, h("i", {}, "anomaly"), ` ${number(told.anomaly)} σ`));
  const reason = unseen ? h("span", { class: "value unseen-value" }, `not observed: ${word("coverage", told.reason || "missing")}`) : null;
  return h("span", { class: "values", "data-testid": `values-${side}` }, letter, reason, parts.length || unseen ? parts : "no value");
}

/** Bands (radar in dB) and indices, those with a value. */
function measured({ values = {}, db, units = {}, unit: code, features = {} }) {
  const bands = db ? Object.entries(db).map(([name, value]) => [name, value, "dB"]) : Object.entries(values).map(([name, value]) => [name, value, units[name] || (code === "reflectance" ? "" : code)]);
  const indices = db ? [] : Object.entries(features).filter(([name]) => name === "ndvi").map(([name, found]) => [plain(name).toUpperCase(), found?.value ?? found, ""]);
  return [...indices, ...bands].filter(([, value]) => value !== null && value !== undefined);
}
