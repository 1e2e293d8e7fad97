// What a click on the map does: read a pixel's series, draw a polygon, measure. All of it by keyboard too.

import { byId, fill, h, say, segmented } from "./dom.js";
import { hectares, metres } from "./format.js";
import { bothMaps, mainMap } from "./map.js";
import { drawnSource } from "./overlays.js";
import { set, state, trackOf, watch } from "./state.js";
import { insideSite } from "./tiles.js";
import { swap } from "./view.js";
import { askSeries } from "./series.js";

const ol = window.ol;
const TOOLS = [
  ["inspect", "Inspect", "Click a pixel for its series (i)"],
  ["polygon", "Polygon", "Draw an area for its series (p)"],
  ["distance", "Distance", "Measure a distance (d)"],
  ["area", "Area", "Measure an area (a)"],
];
const MODES = [
  ["one", "Single", "Only the after date (1)"],
  ["swipe", "Swipe", "Move a line between before and after (2)"],
  ["side", "Side by side", "Two maps that move together (3)"],
  ["spy", "Lens", "Before, inside a lens (4)"],
  ["blink", "Blink", "Before and after in turn (5)"],
];
export const modeNames = MODES.map(([name]) => name);
let drawing = []; // [{map, interaction}]

/** Build the toolbar over the map. */
export function openTools() {
  const modes = segmented({ label: "Compare", items: MODES, current: state.mode, choose: (mode) => set({ mode }), testid: "modes" });
  const tools = segmented({ label: "Tool", items: TOOLS, current: state.tool, choose: (tool) => set({ tool }), testid: "tools" });
  const extra = h("span", { class: "mode-extra", "data-testid": "mode-extra" });
  fill(byId("toolbar"), modes, extra, h("span", { class: "gap" }), tools);
  byId("measured").after(h("button", { type: "button", id: "clear", class: "small clear", hidden: true, title: "Remove what was drawn (Escape)", onclick: clearDrawn, "data-testid": "clear" }, "Clear drawing"));
  watch(["mode"], () => {
    modes.choose(state.mode);
    fill(extra, extraOf(state.mode));
  });
  watch(["tool"], () => {
    tools.choose(state.tool);
    startTool();
  });
  fill(extra, extraOf(state.mode));
  drawnSource.on("change", () => (byId("clear").hidden = drawnSource.isEmpty()));
  wireMaps();
}

function extraOf(mode) {
  const swapper = h("button", { type: "button", class: "small", title: "Swap before and after (x)", "aria-label": "Swap before and after", onclick: swap, "data-testid": "swap" }, "⇄");
  const range = (label, key, min, max, step) =>
    h("label", { class: "inline-range" }, label,
      h("input", { type: "range", min, max, step, value: String(state[key]), "aria-label": label, oninput: (event) => set({ [key]: Number(event.target.value) }) }));
  if (mode === "one") return [];
  if (mode === "spy") return [range("Size", "spy", "40", "260", "10"), swapper];
  if (mode === "blink") return [range("Hold", "blink", "400", "2500", "100"), swapper];
  return [swapper];
}

function wireMaps() {
  for (const map of bothMaps()) {
    map.on("click", (event) => state.tool === "inspect" && inspect(event.coordinate));
    map.getTargetElement().addEventListener("keydown", (event) => mapKey(map, event));
  }
}

function mapKey(map, event) {
  const centre = map.getView().getCenter();
  const draw = drawing.find((entry) => entry.map === map)?.interaction;
  if (event.key === "Enter") {
    if (state.tool === "inspect") inspect(centre);
    else if (event.ctrlKey || event.metaKey) draw?.finishDrawing();
    else draw?.appendCoordinates([centre]);
  } else if (event.key === "Backspace") draw?.removeLastPoint();
  else return;
  event.preventDefault();
}

function inspect(coordinate) {
  if (!insideSite(trackOf(state.after.track), coordinate)) {
    say("Outside the declared site");
    return;
  }
  show("series", new ol.geom.Point(coordinate));
  askSeries({ kind: "pixel", geometry: { type: "Point", coordinates: coordinate } });
}

function show(kind, geometry) {
  drawnSource.clear();
  drawnSource.addFeature(new ol.Feature({ geometry, kind }));
}

function startTool() {
  stopTool();
  byId("stage").dataset.tool = state.tool;
  if (state.tool === "inspect") return;
  tell({ polygon: "Click the corners; double-click ends.", distance: "Click along the way; double-click ends.", area: "Click the corners; double-click ends." }[state.tool]);
  const type = state.tool === "distance" ? "LineString" : "Polygon";
  drawing = bothMaps().map((map) => {
    const interaction = new ol.interaction.Draw({ source: drawnSource, type, stopClick: true });
    interaction.on("drawstart", (event) => {
      drawnSource.clear();
      event.feature.getGeometry().on("change", () => tell(measure(event.feature.getGeometry())));
    });
    interaction.on("drawend", (event) => finish(event.feature));
    map.addInteraction(interaction);
    return { map, interaction };
  });
}

function stopTool() {
  drawing.forEach(({ map, interaction }) => map.removeInteraction(interaction));
  drawing = [];
}

function finish(feature) {
  const geometry = feature.getGeometry();
  tell(measure(geometry));
  say(measure(geometry));
  if (state.tool !== "polygon") return;
  feature.set("kind", "series");
  askSeries({ kind: "polygon", geometry: { type: "Polygon", coordinates: geometry.getCoordinates() } });
  setTimeout(() => set({ tool: "inspect" }), 260); // after the double click that ended it
}

/** Length or area on the map's own grid (UTM: scale within 0.1 %). */
function measure(geometry) {
  if (geometry.getType() === "LineString") return `Distance ${metres(geometry.getLength())}`;
  return `Area ${hectares(geometry.getArea())}`;
}

function tell(text) {
  byId("measured").hidden = !text;
  byId("measured").textContent = text || "";
}

/** Remove what was drawn, and stop drawing. */
export function clearDrawn() {
  drawing.forEach(({ interaction }) => interaction.abortDrawing());
  drawnSource.clear();
  tell("");
  set({ tool: "inspect" });
}

/** Zoom the map by a factor of two. */
export function zoomBy(levels) {
  const view = mainMap().getView();
  view.animate({ zoom: view.getZoom() + levels, duration: 120 });
}
