// The map: two dates on one native grid, compared in five ways. Left and right maps share one view.

import { byId, h, say } from "./dom.js";
import { moment } from "./format.js";
import { lookOf, set, state, trackOf, watch } from "./state.js";
import { keyOf, projectionOf, shownAt, sourceOf } from "./tiles.js";
import { ground, outlines } from "./overlays.js";
import { seen } from "./words.js";

const ol = window.ol;
const FIT = { padding: [50, 16, 16, 16], duration: 0 };

const MODE_WORDS = { one: "The after date alone", swipe: "Swipe between before and after", side: "Before and after side by side", spy: "Before inside a lens over after", blink: "Before and after in turn" };

let main = null;
let left = null;
let pictures = {}; // name -> {group, map, side, key}
let pointer = null; // where the lens is, in map pixels
let blinkTimer = 0;
let blinkShows = "after";
let unfinished = 0;
let fitted = null; // what the view was last fitted to

export const mainMap = () => main;
export const bothMaps = () => [main, left];

/** Build the maps for the site in `state`. */
export function openMap() {
  const first = trackOf(state.after.track);
  const view = newView(first);
  if (!main) {
    main = newMap("map", "Map of the declared site");
    left = newMap("map-before", "Map of the declared site, before");
    pictures = {
      after: picture(main, "after", 2),
      before: picture(main, "before", 1),
      left: picture(left, "before", 1),
    };
    wire();
  }
  [main, left].forEach((map) => map.setView(view));
  drawPictures();
  arrange();
  zoomToSite();
}

function newMap(target, label) {
  const map = new ol.Map({
    target,
    controls: [
      new ol.control.ScaleLine({ units: "metric", minWidth: 80 }),
      new ol.control.Zoom({ zoomInTipLabel: "Zoom in (+)", zoomOutTipLabel: "Zoom out (−)" }),
      new ol.control.Control({ element: siteButton() }),
    ],
    layers: [ground(), ...outlines()],
    keyboardEventTarget: byId(target),
  });
  const element = byId(target);
  element.tabIndex = 0;
  element.setAttribute("role", "application");
  element.setAttribute("aria-label", `${label}. Arrow keys move, plus and minus zoom, Enter uses the tool at the cross.`);
  new ResizeObserver(() => {
    map.updateSize();
    if (map === main) refit();
  }).observe(element);
  return map;
}

const siteButton = () =>
  h("div", { class: "ol-control whole-site" },
    h("button", { type: "button", title: "Show the whole site (z)", "aria-label": "Show the whole site", onclick: zoomToSite, "data-testid": "zoom-site" }, "▣"));

function newView(track) {
  const [xmin, ymin, xmax, ymax] = track.extent;
  const [margin, size] = [0.6 * Math.max(xmax - xmin, ymax - ymin), Math.max(xmax - xmin, ymax - ymin)];
  return new ol.View({
    projection: projectionOf(track),
    center: [(xmin + xmax) / 2, (ymin + ymax) / 2],
    resolution: size / 500,
    extent: [xmin - margin, ymin - margin, xmax + margin, ymax + margin],
    minResolution: track.pixel_m / 60,
    enableRotation: false,
    showFullExtent: true,
  });
}

/** One date on one map: a stack of layers, of which the newest replaces the rest once it is drawn. */
function picture(map, side, zIndex) {
  const group = new ol.layer.Group({ zIndex });
  map.addLayer(group);
  return { group, map, side, key: "" };
}

function drawPictures() {
  for (const entry of Object.values(pictures)) {
    const shown = shownAt(entry.side);
    if (!shown || !wanted(entry)) continue;
    const key = keyOf(shown);
    if (key === entry.key) continue;
    entry.key = key;
    exchange(entry, sourceOf(shown));
  }
}

const wanted = (entry) =>
  entry === pictures.after ||
  (entry === pictures.left ? state.mode === "side" : !["one", "side"].includes(state.mode));

function exchange(entry, source) {
  const layer = new ol.layer.Tile({
    source,
    className: `picture-${entry.side}`,
    opacity: state.opacity,
  });
  source.on("tileloaderror", () => set({ lost: new Set(state.lost).add(entry.key) }));
  layer.on("prerender", (event) => clip(event, entry));
  layer.on("postrender", (event) => unclip(event, entry));
  const stack = entry.group.getLayers();
  stack.push(layer);
  const old = stack.getArray().slice(0, -1);
  drawing(1);
  entry.map.once("rendercomplete", () => {
    old.forEach((gone) => stack.remove(gone));
    drawing(-1);
  });
}

/** Whether every picture that was asked for stands on the map. */
function drawing(change) {
  unfinished += change;
  byId("stage").setAttribute("aria-busy", String(unfinished > 0));
}

/** Only the part of a picture that its mode gives it: neither date ever shines through the other. */
function clip(event, entry) {
  const context = event.context;
  context.save();
  if (entry.map !== main) return;
  const [width, height] = main.getSize();
  const at = (x, y) => ol.render.getRenderPixel(event, [x, y]);
  const box = (x0, x1) => {
    const [a, b] = [at(x0, 0), at(x1, height)];
    context.rect(a[0], a[1], b[0] - a[0], b[1] - a[1]);
  };
  const after = entry.side === "after";
  context.beginPath();
  if (state.mode === "swipe") {
    const middle = width * state.swipe;
    if (after) box(middle, width);
    else box(0, middle);
    context.clip();
  } else if (state.mode === "spy") {
    if (after) box(0, width);
    lens(context, at);
    context.clip(after ? "evenodd" : "nonzero");
  }
}

function unclip(event, entry) {
  const context = event.context;
  context.restore();
  if (entry.map !== main || state.mode !== "spy" || entry.side !== "before") return;
  context.save();
  context.beginPath();
  lens(context, (x, y) => ol.render.getRenderPixel(event, [x, y]));
  context.lineWidth = 4;
  context.strokeStyle = "#fff";
  context.stroke();
  context.lineWidth = 2;
  context.strokeStyle = "#5e3c99";
  context.stroke();
  context.restore();
}

function lens(context, at) {
  const [width, height] = main.getSize();
  const [x, y] = pointer || [width / 2, height / 2];
  const [cx, cy] = at(x, y);
  const [ex, ey] = at(x + state.spy, y);
  context.moveTo(ex, ey);
  context.arc(cx, cy, Math.hypot(ex - cx, ey - cy), 0, 2 * Math.PI);
}

/** Show and hide what the mode needs. */
function arrange() {
  const { mode } = state;
  byId("stage").dataset.mode = mode;
  byId("map-before").hidden = mode !== "side";
  byId("map").classList.toggle("half", mode === "side");
  byId("bar").hidden = mode !== "swipe";
  pictures.before.group.setVisible(!["one", "side"].includes(mode));
  pictures.before.group.setZIndex(mode === "spy" ? 3 : 1);
  pictures.after.group.getLayers().forEach((layer) => layer.setVisible(true));
  drawPictures();
  placeBar();
  restartBlink();
  badges();
  [main, left].forEach((map) => map.updateSize());
}

function restartBlink() {
  clearInterval(blinkTimer);
  blinkShows = "after";
  showBlink();
  if (state.mode === "blink")
    blinkTimer = setInterval(() => {
      blinkShows = blinkShows === "after" ? "before" : "after";
      showBlink();
    }, state.blink);
}

function showBlink() {
  const hides = state.mode === "blink" && blinkShows === "before";
  pictures.after.group.setOpacity(hides ? 0 : 1);
  pictures.before.group.setOpacity(state.mode === "blink" && !hides ? 0 : 1);
  byId("stage").dataset.shows = state.mode === "blink" ? blinkShows : "";
}

function placeBar() {
  const bar = byId("bar");
  bar.style.insetInlineStart = `${100 * state.swipe}%`;
  bar.setAttribute("aria-valuenow", String(Math.round(100 * state.swipe)));
  main.render();
}

function badges() {
  for (const side of ["before", "after"]) {
    const badge = byId(`badge-${side}`);
    const look = lookOf(side);
    badge.hidden = side === "before" && state.mode === "one";
    if (!state[side]) continue;
    const track = trackOf(state[side].track);
    const layer = track.layers.find((entry) => entry.id === shownAt(side).layer);
    badge.replaceChildren(
      h("b", {}, side === "before" ? "B" : "A"),
      h("span", {}, h("span", { class: "badge-when" }, look ? moment(look) : "no date"),
        h("span", { class: "badge-layer" }, `${track.label} · ${layer.label}`),
        state.lost.has(keyOf(shownAt(side))) ? h("span", { class: "badge-unseen", "data-testid": "tile-lost" }, "part of this picture could not be loaded") : null,
        look && look.status !== "usable" ? h("span", { class: "badge-unseen" }, seen(look)) : null),
    );
  }
}

/** Fit the declared site. */
export function zoomToSite() {
  const track = trackOf(state.after.track);
  fit(track.site || { type: "Polygon", coordinates: [corners(track.extent)] });
}

/** Fit one zone. */
export function zoomToZone(zone) {
  const shape = trackOf(state.after.track).zones[zone];
  if (shape) fit(shape, 2.4);
}

function fit(shape, factor = 1) {
  const extent = new ol.format.GeoJSON().readGeometry(shape).getExtent();
  const margin = ((factor - 1) / 2) * Math.max(extent[2] - extent[0], extent[3] - extent[1]);
  const view = main.getView();
  main.updateSize();
  view.fit(ol.extent.buffer(extent, margin), { ...FIT, size: main.getSize() });
  fitted = { shape, factor, resolution: view.getResolution(), centre: view.getCenter().join() };
}

/** Where nobody has moved the map since, what was fitted stays fitted when the map changes its size. */
function refit() {
  const view = main.getView();
  if (fitted && fitted.resolution === view.getResolution() && fitted.centre === view.getCenter()?.join()) fit(fitted.shape, fitted.factor);
}

const corners = ([a, b, c, d]) => [[a, b], [c, b], [c, d], [a, d], [a, b]];

function wire() {
  watch(["before", "after", "looks", "lost"], () => {
    drawPictures();
    badges();
  });
  watch(["mode"], () => {
    arrange();
    say(MODE_WORDS[state.mode]);
  });
  watch(["blink"], restartBlink);
  watch(["swipe"], placeBar);
  watch(["spy"], () => main.render());
  watch(["opacity"], () =>
    Object.values(pictures).forEach((entry) =>
      entry.group.getLayers().forEach((layer) => layer.setOpacity(state.opacity)),
    ),
  );
  ghosts();
  main.on("pointermove", (event) => {
    pointer = event.pixel;
    if (state.mode === "spy") main.render();
  });
  main.getViewport().addEventListener("pointerleave", () => {
    pointer = null;
    if (state.mode === "spy") main.render();
  });
  wireBar();
}

/** Side by side, the pointer of one map is marked on the other. */
function ghosts() {
  for (const [map, other] of [[main, left], [left, main]]) {
    const ghost = new ol.Overlay({ element: h("div", { class: "ghost" }), stopEvent: false });
    other.addOverlay(ghost);
    map.on("pointermove", (event) => ghost.setPosition(state.mode === "side" ? event.coordinate : undefined));
    map.getViewport().addEventListener("pointerleave", () => ghost.setPosition(undefined));
  }
}

function wireBar() {
  const [bar, stage] = [byId("bar"), byId("stage")];
  const to = (x) => {
    const box = stage.getBoundingClientRect();
    set({ swipe: Math.min(1, Math.max(0, (x - box.left) / box.width)) });
  };
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    bar.focus();
    event.preventDefault();
  });
  bar.addEventListener("pointermove", (event) => bar.hasPointerCapture(event.pointerId) && to(event.clientX));
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.2, PageUp: 0.2, Home: -1, End: 1 }[event.key];
    if (!step) return;
    set({ swipe: Math.min(1, Math.max(0, state.swipe + step)) });
    event.preventDefault();
    event.stopPropagation();
  });
}
