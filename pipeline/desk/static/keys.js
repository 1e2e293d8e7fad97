// Shortcuts, the panels' tabs, and the sheet that tells them all.

import { byId, fill, h } from "./dom.js";
import { evidence, openFinding } from "./finding.js";
import { zoomToSite } from "./map.js";
import { chooseNext, choose } from "./queue.js";
import { set, state } from "./state.js";
import { toggleSeries } from "./series.js";
import { changeTrack, step, stepToEnd } from "./timeline.js";
import { toggle } from "./play.js";
import { clearDrawn, modeNames, zoomBy } from "./tools.js";
import { swap } from "./view.js";

const PANELS = ["queue", "whatif", "history"];
const SHEET = [
  ["Time", [["← →", "after date: earlier, later"], ["Shift ← →", "before date: earlier, later"], ["Home End", "first, last date"], ["↑ ↓", "other source (on the time line)"], ["Space", "play or pause the timelapse"], ["click, Shift click", "set after (or what “click sets” says), set before"]]],
  ["Compare", [["1 2 3 4 5", "one date, swipe, side by side, lens, blink"], ["x", "swap before and after"], ["z", "whole site"], ["+ −", "zoom"]]],
  ["Map", [["i p d a", "inspect, polygon, distance, area"], ["Tab to the map, arrows", "move the map under the cross"], ["Enter", "use the tool at the cross: pixel, or next corner"], ["Ctrl Enter", "finish the drawing"], ["Backspace", "remove the last corner"], ["Escape", "clear"]]],
  ["Findings", [["j k", "next, previous finding"], ["e", "its evidence side by side"], ["b", "back to the list"], ["q w h", "findings, what-if, history"]]],
  ["Series", [["s", "open or close the series of a zone"], ["Tab to the chart, ← →", "read look by look"], ["Enter, Shift Enter", "show the look as after, as before"]]],
];
let single = true;

/** The browser may keep nothing for a page in a frame: then the choice lasts as long as the page. */
function kept() {
  try {
    return localStorage.getItem("desk-single-keys");
  } catch {
    return null;
  }
}

function keep(value) {
  try {
    localStorage.setItem("desk-single-keys", value);
  } catch {
    // nothing is kept
  }
}

/** Listen to the keyboard. */
export function openKeys() {
  single = kept() !== "off";
  document.addEventListener("keydown", pressed);
  PANELS.forEach((name) => byId(`tab-${name}`).addEventListener("click", () => showPanel(name)));
  byId("tab-queue").parentElement.addEventListener("keydown", tabKeys);
  byId("help-open").addEventListener("click", help);
}

/** Bring one panel of the side to the front. */
export function showPanel(name, focus = false) {
  for (const other of PANELS) {
    const tab = byId(`tab-${other}`);
    tab.setAttribute("aria-selected", String(other === name));
    tab.tabIndex = other === name ? 0 : -1;
    byId(other).hidden = other !== name;
  }
  if (focus) byId(`tab-${name}`).focus();
}

function tabKeys(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  const now = PANELS.findIndex((name) => byId(`tab-${name}`).getAttribute("aria-selected") === "true");
  showPanel(PANELS[(now + by + PANELS.length) % PANELS.length], true);
  event.preventDefault();
  event.stopPropagation();
}

function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const target = event.target;
  const typing = target.matches("input:not([type=checkbox]):not([type=range]), select, textarea");
  if (event.key === "Escape") return target.matches("textarea, input") ? target.blur() : clearDrawn();
  if (typing || !state.after) return undefined;
  const run = arrows(event, target) || (single ? letters(event, target) : event.key === "?" ? help : null);
  if (!run) return undefined;
  event.preventDefault();
  return run();
}

function arrows(event, target) {
  if (target.matches("input[type=range], .map")) return null;
  const side = event.shiftKey ? "before" : "after";
  const on = target.closest(".timeline-box");
  return {
    ArrowLeft: () => step(side, -1),
    ArrowRight: () => step(side, 1),
    ArrowUp: on && (() => changeTrack(-1)),
    ArrowDown: on && (() => changeTrack(1)),
    Home: on && (() => stepToEnd(side, false)),
    End: on && (() => stepToEnd(side, true)),
  }[event.key];
}

function letters(event, target) {
  const mode = modeNames[Number(event.key) - 1];
  if (mode) return () => set({ mode });
  const tool = { i: "inspect", p: "polygon", d: "distance", a: "area" }[event.key];
  if (tool) return () => set({ tool });
  const panel = { q: "queue", w: "whatif", h: "history" }[event.key];
  if (panel) return () => showPanel(panel, true);
  if (event.key === " " && target.matches("button, a, summary, input, [role=tab]")) return null;
  return {
    " ": toggle, x: swap, z: zoomToSite, s: toggleSeries, "?": help, j: () => chooseNext(1), k: () => chooseNext(-1), b: () => choose(null),
    e: () => openFinding() && evidence(openFinding(), "side"), "+": () => zoomBy(1), "=": () => zoomBy(1), "-": () => zoomBy(-1),
  }[event.key];
}

/** Show the sheet of shortcuts. */
export function help() {
  const box = byId("help");
  const keys = (text) => text.split(", ").map((part, i) => [i ? ", " : "", part.split(" ").map((key, j) => [j ? " " : "", /^(to|the|map|chart|Tab|click|arrows)$/.test(key) ? key : h("kbd", {}, key)])]);
  fill(box,
    h("div", { class: "help-head" }, h("h2", { id: "help-title" }, "Shortcuts and help"), h("button", { type: "button", onclick: () => box.close(), autofocus: true }, "Close")),
    h("div", { class: "help-columns" }, SHEET.map(([title, rows]) => h("section", {}, h("h3", {}, title), h("dl", {}, rows.map(([key, text]) => h("div", {}, h("dt", {}, keys(key)), h("dd", {}, text))))))),
    h("label", { class: "check" }, h("input", { type: "checkbox", checked: single, onchange: (event) => { single = event.target.checked; keep(single ? "on" : "off"); } }), "Single-letter shortcuts"),
    h("p", { class: "soft" }, "The desk states what was measured and between which looks; what that means is for people to judge. It says nothing about places that are not declared. What was not observed is drawn hatched or hollow: it is not “no change”."));
  box.showModal();
}
