// The timelapse: the after date walks through all looks that can be shown.

import { h, say } from "./dom.js";
import { set, state, watch } from "./state.js";
import { prefetch, shownAt } from "./tiles.js";
import { step, stepToEnd } from "./timeline.js";

let timer = 0;
let seconds = 0.6;

/** Buttons to step and play. */
export function playControls() {
  const button = (text, label, run, testid) =>
    h("button", { type: "button", class: "small", "aria-label": label, title: label, onclick: run, "data-testid": testid }, text);
  const play = button("▶ Play", "Play the timelapse (space)", toggle, "play");
  watch(["playing"], () => {
    play.textContent = state.playing ? "❚❚ Pause" : "▶ Play";
    play.setAttribute("aria-label", state.playing ? "Pause the timelapse (space)" : "Play the timelapse (space)");
  });
  const speed = h("select", { "aria-label": "Seconds a date stands", onchange: (event) => (seconds = Number(event.target.value)) },
    [["1.2", "½×"], ["0.6", "1×"], ["0.35", "2×"]].map(([value, text]) => h("option", { value }, text)));
  speed.value = "0.6";
  return h("div", { class: "inline play" },
    button("◀", "Earlier date (left arrow)", () => step("after", -1), "step-back"), play, button("▶", "Later date (right arrow)", () => step("after", 1), "step-on"), speed);
}

/** Start or stop. */
export function toggle() {
  if (state.playing) return stop();
  set({ playing: true });
  say("Timelapse playing");
  advance();
}

export function stop() {
  clearTimeout(timer);
  if (state.playing) say("Timelapse paused");
  set({ playing: false });
}

async function advance() {
  if (!step("after", 1)) stepToEnd("after", false);
  await upcoming();
  timer = setTimeout(() => state.playing && advance(), 1000 * seconds);
}

/** Load the next picture while this one is looked at. */
function upcoming() {
  const looks = (state.looks[state.after.track] || []).filter((look) => look.index !== null);
  const next = looks[looks.findIndex((look) => look.id === state.after.look) + 1];
  return next ? prefetch({ ...shownAt("after"), look: next.id }) : null;
}
