// What the colours mean: always in view, always with its unit, the same for every date.

import { byId, fill, h } from "./dom.js";
import { number, unit } from "./format.js";
import { state, trackOf } from "./state.js";
import { shownAt } from "./tiles.js";

/** Draw the legend of each layer that is shown. */
export function drawLegend() {
  if (!state.after) return;
  const sides = state.mode === "one" ? ["after"] : ["before", "after"];
  const shown = sides.map((side) => {
    const at = shownAt(side);
    const track = trackOf(at.track);
    return { side, track, layer: track.layers.find((entry) => entry.id === at.layer) };
  });
  const same = shown.length === 2 && shown[0].layer === shown[1].layer;
  const entries = same ? [shown[1]] : shown;
  const notes = entries.map(note);
  const cards = entries.map((entry, i) => card(entry, entries.length === 1, notes.indexOf(notes[i], i + 1) < 0 ? notes[i] : null));
  fill(byId("legend"), h("h2", {}, "Legend"), cards, unseen());
}

const note = ({ track, layer }) => `${number(track.pixel_m)} m pixels, ${layer.kind === "class" ? "same colours" : "same stretch"} always`;

function card({ side, track, layer }, only, told) {
  return h(
    "div",
    { class: "legend-card" },
    h("p", { class: "legend-title" },
      only ? null : h("b", { class: `letter letter-${side}` }, side === "before" ? "B" : "A"),
      `${layer.label}${layer.unit ? `, ${unit(layer.unit)}` : ""}`),
    { picture, scalar, class: classes }[layer.kind](layer, track),
    told ? h("p", { class: "legend-note" }, told) : null,
  );
}

function picture(layer, track) {
  if (layer.legend?.length) return classes(layer);
  const code = unit(layer.unit) || (track.physical === "reflectance" ? "reflectance" : "dB");
  return layer.range ? h("p", { class: "legend-note" }, `${number(layer.range[0])} to ${number(layer.range[1])} ${code}`) : null;
}

function classes(layer) {
  return h("ul", { class: "swatches" },
    (layer.legend || []).map((entry) =>
      h("li", {}, entry.colour ? h("i", { class: "swatch", style: { "background-color": entry.colour } }) : null, entry.label ?? number(entry.value))));
}

function scalar(layer) {
  const stops = (layer.legend || []).filter((entry) => typeof entry.value === "number");
  if (stops.length < 2) return classes(layer);
  const [low, high] = layer.range || [stops[0].value, stops[stops.length - 1].value];
  const at = (value) => `${(100 * (value - low)) / (high - low)}%`;
  const colours = stops.map((stop) => `${stop.colour} ${at(stop.value)}`).join(", ");
  const named = [low, (low + high) / 2, high];
  const others = (layer.legend || []).filter((entry) => typeof entry.value !== "number");
  return [
    h("div", { class: "ramp", style: { "background-image": `linear-gradient(to right, ${colours})` } }),
    h("div", { class: "ramp-ticks" }, named.map((value) => h("span", {}, number(value)))),
    others.length ? classes({ legend: others }) : null,
  ];
}

const unseen = () =>
  h("p", { class: "legend-unseen" }, h("i", { class: "swatch swatch-unseen" }), "not observed (≠ “no change”)");
