// The panel of dates and layers: what stands before, what after, how strong, which outlines.

import { byId, h, options, fill, say } from "./dom.js";
import { day, minute } from "./format.js";
import { drawLegend } from "./legend.js";
import { set, state, trackOf, watch, lookOf } from "./state.js";
import { pictureOf } from "./tiles.js";
import { STATUS, STATUS_SHORT } from "./words.js";

const SIGNS = { usable: "●", partly: "◐", aside: "◌", cloud: "⊖", failed: "✕", missing: "▢" };
const fields = {};

/** Build the panel. */
export function openView() {
  fill(byId("view"), side("before", "B", "Before"), side("after", "A", "After"), common(), h("div", { id: "legend", class: "legend", "data-testid": "legend" }));
  watch(["before", "after", "looks", "site", "linked"], refresh);
  watch(["before", "after", "mode", "site"], drawLegend);
  refresh();
  drawLegend();
}

function side(name, letter, title) {
  return h(
    "fieldset",
    { class: `side-box side-${name}` },
    h("legend", { class: "unseen" }, title),
    h("div", { class: "date-row" }, h("b", { class: "letter", "aria-hidden": "true" }, letter),
      field(`${name}-look`, `${title}: date`, (event) => setLook(name, state[name].track, event.target.value))),
    field(`${name}-track`, `${title}: source`, (event) => setTrack(name, event.target.value)),
    field(`${name}-layer`, `${title}: layer`, (event) => setLayer(name, event.target.value)),
    name === "before" ? quick() : null,
  );
}

const YEAR = 365.25 * 86400e3;

/** The comparisons an analyst makes most: with the look just before, and with the same season. */
function quick() {
  const button = (text, title, run, testid) => h("button", { type: "button", class: "small", title, "data-testid": testid, onclick: run }, text);
  const to = (pick) => {
    const after = lookOf("after");
    const seen = (state.looks[state.after.track] || []).filter((look) => ["usable", "partly"].includes(look.status) && look.acquired < after.acquired);
    const look = pick(seen, Date.parse(after.acquired));
    if (!look) return say("No earlier look of this source was observed");
    if (state.mode === "one") set({ mode: "swipe" });
    return setLook("before", state.after.track, look.id);
  };
  return h("div", { class: "quick" },
    button("Look before", "Compare with the newest observed look before the after date", () => to((seen) => seen[seen.length - 1]), "before-previous"),
    button("Year before", "Compare with the observed look nearest to a year before the after date", () =>
      to((seen, at) => [...seen].sort((a, b) => Math.abs(Date.parse(a.acquired) - at + YEAR) - Math.abs(Date.parse(b.acquired) - at + YEAR))[0]), "before-year"));
}

/** A select without a visible label: its place and letter tell what it is. */
function field(key, label, change) {
  fields[key] = h("select", { id: key, "data-testid": key, "aria-label": label, title: label, onchange: change });
  return fields[key];
}

function common() {
  const check = (key, label, title) =>
    h("label", { class: "check", title },
      h("input", { type: "checkbox", checked: state.show[key], "data-testid": `show-${key}`,
        onchange: (event) => set({ show: { ...state.show, [key]: event.target.checked } }) }),
      label);
  return h(
    "div",
    { class: "common" },
    h("label", { class: "check" },
      h("input", { type: "checkbox", id: "linked", checked: state.linked, onchange: (event) => link(event.target.checked) }),
      "Same layer on both sides"),
    h("div", { class: "checks", role: "group", "aria-label": "Outlines" },
      check("zones", "Zones"), check("findings", "Findings"), check("site", "Site"), check("names", "Names"),
      check("changed", "Changed pixels", "Outline what changed in the finding that is open; a broken line over any other look")),
    h("label", { class: "field field-range" }, h("span", {}, "Opacity"),
      h("input", { type: "range", min: "0", max: "100", value: String(100 * state.opacity), "data-testid": "opacity",
        "aria-label": "Opacity of the pictures, percent",
        oninput: (event) => set({ opacity: Number(event.target.value) / 100 }) })),
  );
}

function refresh() {
  if (!state.site || !state.after) return;
  const tracks = state.site.tracks.map((track) => [track.key, track.label]);
  for (const name of ["before", "after"]) {
    const at = state[name];
    options(fields[`${name}-track`], tracks, at.track);
    options(fields[`${name}-layer`], trackOf(at.track).layers.map((layer) => [layer.id, layer.label]), at.layer);
    for (const key of ["track", "layer"]) fields[`${name}-${key}`].hidden = name === "before" && state.linked;
    const looks = state.looks[at.track] || [];
    const dates = fields[`${name}-look`];
    options(dates, looks.map((look) => [look.id, lookName(look)]), at.look);
    looks.forEach((look, i) => (dates.options[i].disabled = look.index === null));
  }
}

const lookName = (look) =>
  `${SIGNS[look.status] || "·"} ${day(look.acquired)}${look.status === "usable" ? "" : ` ${STATUS_SHORT[look.status] || look.status}`}${look.alarms?.length ? " ▲" : ""}`;

/** Put a side on a look; a look of another track brings its track along. */
export function setLook(name, track, look) {
  const layer = state[name].track === track ? state[name].layer : sameLayer(track, state[name].layer);
  const changes = { [name]: { track, look, layer } };
  const other = name === "before" ? "after" : "before";
  if (state.linked && state[other].track !== track)
    changes[other] = { track, look: nearest(track, lookOf(other)?.acquired, name === "before" ? 1 : -1, look), layer };
  set(changes);
  queueMicrotask(() => announce(name));
}

/** Put a side on another source, near the date it shows. */
export function setTrack(name, track) {
  setLook(name, track, nearest(track, lookOf(name)?.acquired));
}

function setLayer(name, layer) {
  const changes = { [name]: { ...state[name], layer } };
  const other = name === "before" ? "after" : "before";
  if (state.linked && state[other].track === state[name].track) changes[other] = { ...state[other], layer };
  set(changes);
}

function link(linked) {
  set({ linked });
  if (linked && state.before.track !== state.after.track) setTrack("before", state.after.track);
  else if (linked) setLayer("after", state.after.layer);
}

const sameLayer = (track, layer) => {
  const found = trackOf(track).layers;
  return (found.find((entry) => entry.id === layer) || pictureOf(trackOf(track))).id;
};

/** The look of a track nearest in time that can be shown. */
export function nearest(track, acquired, side = 0, except = null) {
  const looks = (state.looks[track] || []).filter((look) => look.index !== null && look.id !== except);
  if (!looks.length) return except;
  const at = acquired ? Date.parse(acquired) : Infinity;
  const cost = (look) => {
    const apart = Date.parse(look.acquired) - at;
    return Math.abs(apart) + (side && Math.sign(apart) === -side ? 1e-3 : 0);
  };
  if (at === Infinity) return looks[looks.length - 1].id;
  return looks.reduce((best, look) => (cost(look) < cost(best) ? look : best)).id;
}

/** Swap before and after. */
export const swap = () => set({ before: state.after, after: state.before });

function announce(name) {
  const look = lookOf(name);
  if (look) say(`${name === "before" ? "Before" : "After"}: ${minute(look.acquired)}, ${trackOf(state[name].track).label}, ${STATUS[look.status] || look.status}`);
}
