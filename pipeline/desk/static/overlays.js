// Outlines over the pictures: the site, its zones, findings, and what is being drawn.

import { state, trackOf, watch } from "./state.js";
import { plain } from "./words.js";
import { CHANGED, MARKS, strongest } from "./glyphs.js";

const ol = window.ol;
const geojson = () => new ol.format.GeoJSON();
const sources = {
  ground: new ol.source.Vector(),
  zones: new ol.source.Vector(),
  changed: new ol.source.Vector(),
  drawn: new ol.source.Vector(),
};
const stroke = (color, width, lineDash) => new ol.style.Stroke({ color, width, lineDash });

export const drawnSource = sources.drawn;

/** The ground under all pictures: hatched where a tile could not be loaded, so that nothing looks calm. */
export const ground = () => {
  const [calm, lost] = ["#f1f2f4", hatch()].map((color) => new ol.style.Style({ fill: new ol.style.Fill({ color }) }));
  return new ol.layer.Vector({ source: sources.ground, zIndex: 0, style: () => (state.lost.size ? lost : calm) });
};

/** Layers of outlines; sources are shared by both maps. */
export function outlines() {
  return [
    new ol.layer.Vector({ source: sources.zones, zIndex: 10, style: zoneStyle, declutter: true }),
    new ol.layer.Vector({ source: sources.changed, zIndex: 12, style: changedStyle }),
    new ol.layer.Vector({ source: sources.drawn, zIndex: 20, style: drawnStyle }),
  ];
}

function hatch() {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const context = tile.getContext("2d");
  context.fillStyle = "#f1f2f4";
  context.fillRect(0, 0, 8, 8);
  context.strokeStyle = "#9aa4ad";
  context.lineWidth = 1;
  context.beginPath();
  for (const shift of [-8, 0, 8]) {
    context.moveTo(shift, 8);
    context.lineTo(shift + 8, 0);
  }
  context.stroke();
  return context.createPattern(tile, "repeat");
}

/** Read the outlines of the track in view. */
export function drawOutlines() {
  const track = trackOf(state.after.track);
  sources.ground.clear();
  if (track.site) add(sources.ground, track.site, { kind: "ground" });
  sources.zones.clear();
  if (track.site) add(sources.zones, track.site, { kind: "site" });
  for (const [zone, shape] of Object.entries(track.zones)) add(sources.zones, shape, { kind: "zone", zone });
}

/** Read the outline of what changed in the open finding, where the map in view is that of its track. */
function drawChanged() {
  sources.changed.clear();
  const found = state.outline;
  if (!found?.geometry || !state.after || !trackOf(found.track)) return;
  if (trackOf(found.track).crs === trackOf(state.after.track).crs) add(sources.changed, found.geometry, { kind: "changed" });
}

/** Light within dark, where zones are dark within light: told apart without any colour; broken over another look. */
function changedStyle() {
  if (!state.show.changed || !state.outline) return null;
  const own = state.after?.track === state.outline.track && state.after?.look === state.outline.look;
  return [new ol.style.Style({ stroke: stroke("#14181c", 3.4) }), new ol.style.Style({ stroke: stroke(CHANGED, 1.6, own ? undefined : [5, 5]) })];
}

function add(source, shape, properties) {
  const feature = new ol.Feature(geojson().readGeometry(shape));
  feature.setProperties(properties);
  source.addFeature(feature);
}

function zoneStyle(feature) {
  const { kind, zone } = feature.getProperties();
  if (kind === "site")
    return state.show.site ? [cased("#fff", 4, 0.7), new ol.style.Style({ stroke: stroke("#14181c", 1.5, [8, 5]) })] : null;
  const mark = state.show.findings ? strongest(findingsOf(zone)) : null;
  const chosen = state.show.findings && chosenZone() === zone;
  if (!state.show.zones && !mark) return null;
  return [
    cased("#fff", (mark ? 6 : 4) + (chosen ? 3 : 0), 0.9),
    new ol.style.Style({ stroke: mark ? stroke(mark.colour, chosen ? 4 : 2.5, mark.dash) : stroke("#14181c", 1.6) }),
    new ol.style.Style({ text: label(zone, mark), geometry: topLeft }),
  ];
}

const cased = (color, width, opacity) =>
  new ol.style.Style({ stroke: stroke(ol.color.asString([...ol.color.asArray(color).slice(0, 3), opacity]), width) });

function label(zone, mark) {
  if (!state.show.names) return undefined;
  const count = findingsOf(zone).length;
  const tail = mark && count ? `  ${mark.sign}\u2009${count}` : "";
  return new ol.style.Text({
    text: `${plain(zone)}${tail}`,
    font: "600 11.5px system-ui, sans-serif",
    textAlign: "left",
    textBaseline: "bottom",
    offsetY: -4,
    justify: "left",
    fill: new ol.style.Fill({ color: "#14181c" }),
    stroke: stroke("rgba(255,255,255,.92)", 3.5),
    overflow: true,
  });
}

/** Names stand over their zone, so that they cover none of its pixels. */
const topLeft = (feature) => {
  const ring = feature.getGeometry().getCoordinates()[0];
  const points = feature.getGeometry().getType() === "Polygon" ? ring : ring[0];
  return new ol.geom.Point(points.reduce((best, point) => (point[1] - point[0] > best[1] - best[0] ? point : best)));
};

const chosenZone = () => (state.findings?.findings || []).find((item) => item.id === state.finding)?.zone;

const findingsOf = (zone) => {
  const all = (state.findings?.findings || []).filter((item) => item.zone === zone);
  const mark = strongest(all);
  return all.filter((item) => MARKS[item.headline] === mark);
};

function drawnStyle(feature) {
  const colour = feature.get("kind") === "series" ? "#0b5fa5" : "#14181c";
  const shape = feature.getGeometry().getType();
  if (shape === "Point")
    return new ol.style.Style({
      image: new ol.style.RegularShape({
        points: 4,
        radius: 10,
        radius2: 0,
        stroke: stroke(colour, 2.5),
        fill: new ol.style.Fill({ color: colour }),
      }),
    });
  return [
    cased("#fff", 5, 0.9),
    new ol.style.Style({ stroke: stroke(colour, 2, [7, 4]), fill: new ol.style.Fill({ color: "rgba(255,255,255,.15)" }) }),
  ];
}

/** Keep outlines in step with what is shown. */
export function wireOutlines() {
  let track = `${state.site.site.id} ${state.after.track}`;
  drawOutlines();
  watch(["site", "findings", "after"], () => {
    const now = state.after ? `${state.site.site.id} ${state.after.track}` : "";
    if (!now || (now === track && !state.findings)) return;
    track = now;
    drawOutlines();
  });
  watch(["show", "finding"], () => [sources.zones, sources.changed].forEach((source) => source.changed()));
  watch(["site", "outline", "after"], drawChanged);
  watch(["lost"], () => sources.ground.changed());
}
