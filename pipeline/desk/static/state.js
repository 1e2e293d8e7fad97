// One plain object that holds what the page shows, and those who want to know when it changes.

const values = {
  site: null, // answer of /api/site
  looks: {}, // track key -> looks, oldest first
  before: null, // {track, look, layer}
  after: null,
  linked: true, // same source and layer on both sides
  mode: "one", // one | swipe | side | spy | blink
  opacity: 1,
  swipe: 0.5,
  spy: 110, // radius of the lens, px
  blink: 900, // ms a picture stands
  show: { zones: true, findings: true, changed: true, site: true, names: true },
  tool: "inspect", // inspect | polygon | distance | area
  sets: "after", // what a click on the time line sets
  findings: null, // answer of /api/findings
  finding: null, // id of the one that is open
  outline: null, // {track, look, geometry} of what changed in the finding that is open
  statements: [],
  series: null, // {request, data} or {request, error}
  domain: null, // [start, end] of the time axis, ms
  cursor: null, // ms under the pointer on a time axis
  whatif: null, // {values, differs, answer}
  playing: false,
  lost: new Set(), // keys of pictures of which a tile could not be loaded
};

const watchers = [];
let pending = null;

export const state = new Proxy(values, {
  set() {
    throw new Error("use set()");
  },
});

/** Change some entries and tell the watchers, once, when the current turn is over. */
export function set(changes) {
  const changed = Object.keys(changes).filter((key) => values[key] !== changes[key]);
  if (!changed.length) return;
  Object.assign(values, changes);
  if (!pending) {
    pending = new Set();
    queueMicrotask(flush);
  }
  changed.forEach((key) => pending.add(key));
}

/** Call `run` after any of `keys` changed. */
export function watch(keys, run) {
  watchers.push({ keys, run });
}

function flush() {
  const changed = pending;
  pending = null;
  for (const { keys, run } of watchers) if (keys.some((key) => changed.has(key))) run(changed);
}

/** The description of a track by its key. */
export const trackOf = (key) => values.site.tracks.find((track) => track.key === key);

/** The look a side (`before` or `after`) stands on, or null. */
export function lookOf(side) {
  const at = values[side];
  return at ? (values.looks[at.track] || []).find((look) => look.id === at.look) || null : null;
}

/** The description of the layer a side shows. */
export function layerOf(side) {
  const at = values[side];
  return at ? trackOf(at.track).layers.find((layer) => layer.id === at.layer) || null : null;
}
