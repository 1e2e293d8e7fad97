// Pictures of looks: one tile source per track, layer and look, on the native grid.

import { address } from "./api.js";
import { state, trackOf } from "./state.js";

const ol = window.ol;
const TILE = 256;
const KEPT = 160; // sources kept for stepping back without loading again
const sources = new Map();

/** The map projection of a track: OpenLayers makes UTM zones itself. */
export const projectionOf = (track) => ol.proj.get(track.crs);

/** Whether a place lies in the declared site: nothing is asked or shown of places outside. */
export function insideSite(track, coordinate) {
  return !track.site || new ol.format.GeoJSON().readGeometry(track.site).intersectsCoordinate(coordinate);
}

/** The native grid: the last level has one tile pixel per image pixel. */
export function gridOf(track) {
  const resolutions = Array.from({ length: track.zooms }, (_, z) => track.pixel_m * 2 ** (track.zooms - 1 - z));
  return new ol.tilegrid.TileGrid({
    extent: track.extent,
    origin: [track.extent[0], track.extent[3]],
    resolutions,
    tileSize: TILE,
  });
}

/** What a side shows, after falling back where a layer needs a date before it. */
export function shownAt(side) {
  const at = state[side];
  if (!at) return null;
  const track = trackOf(at.track);
  const layer = track.layers.find((entry) => entry.id === at.layer) || track.layers[0];
  if (!layer.needs_before) return { ...at, layer: layer.id, before: null };
  const other = state.before;
  if (side === "before" || !other || other.track !== at.track)
    return { ...at, layer: pictureOf(track).id, before: null };
  return { ...at, layer: layer.id, before: other.look };
}

/** The layer to open a track with. */
export const pictureOf = (track) =>
  track.layers.find((layer) => layer.default) ||
  track.layers.find((layer) => layer.kind === "picture") ||
  track.layers[0];

export const keyOf = (shown) => [shown.track, shown.layer, shown.look, shown.before || ""].join(" ");

/** The source of a picture, from the shelf when it is there. */
export function sourceOf(shown) {
  const key = keyOf(shown);
  const found = sources.get(key);
  if (found) return found;
  const source = newSource(shown);
  sources.set(key, source);
  if (sources.size > KEPT) sources.delete(sources.keys().next().value);
  return source;
}

export const forgetSources = () => sources.clear();

function newSource(shown) {
  const track = trackOf(shown.track);
  const look = (state.looks[shown.track] || []).find((entry) => entry.id === shown.look);
  const stem = ["/api/tile", shown.track, shown.layer, shown.look].map((part, i) => (i ? encodeURIComponent(part) : part));
  return new ol.source.TileImage({
    projection: projectionOf(track),
    tileGrid: gridOf(track),
    interpolate: false,
    transition: 0,
    wrapX: false,
    tileUrlFunction: ([z, x, y]) =>
      address(`${stem.join("/")}/${z}/${x}/${y}.png`, { before: shown.before, v: look?.digest || track.digest }),
  });
}

/** Ask for the tiles of a look before they are shown, so that a timelapse does not stutter. */
export function prefetch(shown) {
  const track = trackOf(shown.track);
  const [z, x, y] = [track.zooms - 1, 0, 0];
  const picture = new Image();
  picture.src = sourceOf(shown).getTileUrlFunction()([z, x, y], 1, projectionOf(track));
  return picture.decode().catch(() => {});
}
