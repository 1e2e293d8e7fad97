// Loading, failed and empty: always said in plain words.

import { byId, fill, h, say } from "./dom.js";
import { state } from "./state.js";

const PHASES = { starting: "Starting", opening: "Opening", reading: "Reading the scenes", stacks: "Reading the pixels", pixels: "Reading the pixels", scores: "Comparing each look with the site’s own history", stretches: "Choosing how to show it", judging: "Judging the looks", detectability: "Measuring what could be seen" };
let opened = false;

/** From now on the page is whole; what is still being worked out is told in a line. */
export function isOpen() {
  opened = true;
  byId("loading").hidden = true;
  byId("desk").removeAttribute("aria-busy");
}

/** Show how far the server has come; null when it is done. */
export function loading(told) {
  if (opened) return line(told);
  if (!told) return undefined;
  const bar = byId("loading-bar");
  byId("loading-text").textContent = progressText(told);
  if (told.total) [bar.max, bar.value] = [told.total, told.done];
  else bar.removeAttribute("value");
  return undefined;
}

function progressText(told) {
  const phase = PHASES[told.phase] || "Working";
  return `${phase}${told.text ? `: ${told.text}` : ""}${told.total > 1 ? ` (${told.done} of ${told.total})` : ""}.`;
}

function line(told) {
  const shown = byId("working");
  if (!told) return shown?.remove();
  const text = `${progressText(told)} Findings follow.`;
  if (shown) shown.textContent = text;
  else byId("notices").append(h("p", { id: "working", class: "notice notice-standing", role: "status", "data-testid": "working" }, text));
  return undefined;
}

/** The desk could not be opened at all. */
export function failed(error) {
  const card = byId("loading").firstElementChild;
  byId("loading").hidden = false;
  fill(card,
    h("h2", {}, "The desk could not be opened"),
    h("p", { "data-testid": "failed" }, error.message),
    h("p", { class: "soft" }, "Nothing can be said about this site from here. This is not “no change”."),
    h("button", { type: "button", class: "primary", onclick: () => location.reload() }, "Try again"));
  say(`The desk could not be opened: ${error.message}`);
}

/** A passing trouble, shown until it is closed. */
export function warn(text) {
  const line = h("p", { class: "notice notice-warn", role: "alert", "data-testid": "warning" }, text, " ",
    h("button", { type: "button", class: "small", onclick: () => line.remove() }, "Close"));
  byId("notices").append(line);
}

/** What has to be known about this site before anything else. */
export function standing() {
  byId("standing")?.remove();
  const { site } = state;
  const parts = [];
  if (site.exploratory_only) parts.push(h("b", {}, "No product yet: findings are exploratory. "));
  const lost = site.failures?.length || 0;
  if (lost) parts.push(`${lost} ${lost === 1 ? "scene" : "scenes"} could not be loaded; silence about them is not “no change”. `);
  if (site.state?.text) parts.push(`${site.state.text}.`);
  if (parts.length) byId("notices").append(h("p", { id: "standing", class: "notice notice-standing", "data-testid": "standing" }, parts));
}
