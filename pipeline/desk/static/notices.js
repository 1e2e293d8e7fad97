// Loading, failed and empty: always said in plain words.

import { byId, fill, h, say } from "./dom.js";
import { state } from "./state.js";

let opened = false;

/** From now on the page is whole; only what is still being read covers it. */
export function isOpen() {
  opened = true;
  loading(null);
}

/** Show how far the server has come with reading; null when it is done. */
export function loading(told) {
  const box = byId("loading");
  if (!told) {
    if (!opened) return;
    box.hidden = true;
    byId("desk").removeAttribute("aria-busy");
    return;
  }
  box.hidden = false;
  byId("desk").setAttribute("aria-busy", "true");
  const bar = byId("loading-bar");
  const text = told.text || { reading: "Reading the scenes.", scoring: "Scoring the looks." }[told.phase] || "Working.";
  byId("loading-text").textContent = told.total ? `${text} ${told.done} of ${told.total}.` : text;
  if (told.total) [bar.max, bar.value] = [told.total, told.done];
  else bar.removeAttribute("value");
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
