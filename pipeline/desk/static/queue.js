// The queue of findings: what is open first, one after the other.

import { read } from "./api.js";
import { byId, fill, h, options, say } from "./dom.js";
import { day, limit, quantity } from "./format.js";
import { chip, rank } from "./glyphs.js";
import { set, state, watch } from "./state.js";
import { drawFinding } from "./finding.js";
import { plain } from "./words.js";

let filters = { state: "all", zone: "" };

/** Ask for findings and statements and show them. */
export async function loadFindings() {
  const [findings, statements] = await Promise.all([read("/api/findings"), read("/api/statements")]);
  set({ findings, statements: statements.statements || statements });
}

/** Build the panel. */
export function openQueue() {
  watch(["findings", "finding", "statements"], drawQueue);
  drawQueue();
}

/** Findings in the order of the queue, after the filters. */
export function queued() {
  const all = [...(state.findings?.findings || [])];
  const latest = (item) => Date.parse(item.onset?.[1] || 0);
  all.sort((a, b) => reviewed(a) - reviewed(b) || rank(a.headline) - rank(b.headline) || latest(b) - latest(a));
  return all.filter((item) => matches(item));
}

const reviewed = (item) => (hasOpinion(item) ? 1 : 0);

/** Whether somebody here has said what they think of it. */
export const hasOpinion = (item) =>
  state.statements.some((entry) => entry.kind === "opinion" && entry.about?.finding === item.id && !entry.superseded_by);

function matches(item) {
  if (filters.zone && item.zone !== filters.zone) return false;
  if (filters.state === "all") return true;
  if (filters.state === "todo") return !hasOpinion(item);
  return item.headline === filters.state;
}

function drawQueue() {
  const box = byId("queue");
  byId("tab-queue").textContent = `Findings${state.findings && !state.findings.error ? ` (${state.findings.findings.length})` : ""}`;
  if (!state.findings) return fill(box, h("p", { class: "empty" }, "Reading the findings…"));
  if (state.findings.error) return fill(box, h("p", { class: "warning", "data-testid": "findings-failed" }, `Findings could not be read: ${state.findings.error}. This is not “no change”.`));
  const scroll = box.scrollTop;
  const chosen = state.findings.findings.find((item) => item.id === state.finding);
  if (chosen) return drawFinding(box, chosen, queued());
  fill(box, state.findings.findings.length ? head() : null, list());
  box.scrollTop = scroll;
  return undefined;
}

function head() {
  const all = state.findings.findings;
  const count = (name) => all.filter((item) => item.headline === name).length;
  const states = [...new Set(all.map((item) => item.headline))].sort((a, b) => rank(a) - rank(b));
  const select = (key, label, pairs, testid) => {
    const made = h("select", { "aria-label": label, "data-testid": testid, onchange: (event) => { filters = { ...filters, [key]: event.target.value }; drawQueue(); } });
    options(made, pairs, filters[key]);
    made.value = filters[key];
    return made;
  };
  const todo = all.filter((item) => !hasOpinion(item)).length;
  return h("div", { class: "queue-head" },
    select("state", "Which findings", [["all", `all states (${all.length})`], ["todo", `no opinion yet (${todo})`], ...states.map((name) => [name, `${name} (${count(name)})`])], "filter-state"),
    select("zone", "Which zone", [["", "all zones"], ...[...new Set(all.map((item) => item.zone))].sort().map((zone) => [zone, plain(zone)])], "filter-zone"));
}

function list() {
  const rows = queued();
  if (!state.findings.findings.length) return none();
  if (!rows.length) return h("p", { class: "empty" }, "No finding matches these filters.");
  return h("ul", { class: "findings", "data-testid": "findings" }, rows.map(row));
}

function none() {
  const seen = Object.values(state.looks).flat().some((look) => look.status === "usable" || look.status === "partly");
  return h("div", { class: "empty" },
    h("p", {}, seen ? "No finding: no indicator crossed its agreed threshold on the looks that were observed." : "No finding, and nothing was observed. This is not “no change”."),
    h("p", {}, "What was not seen, and what silence is worth, stand on the time line and with each series."));
}

function row(item) {
  return h("li", {}, h("button", { type: "button", class: "row", "data-finding": item.id, onclick: () => choose(item.id) },
    h("span", { class: "row-what" }, plain(item.zone), h("span", { class: "row-indicator" }, plain(item.indicator))),
    chip(item.headline),
    h("span", { class: "row-when" }, item.onset ? `${day(item.onset[0])} – ${day(item.onset[1])}` : "onset not known",
      item.peak !== null && item.peak !== undefined ? ` · ${quantity(item.peak, item.unit)} (${limit(item)})` : "",
      hasOpinion(item) ? h("span", { class: "row-done" }, " ✓ opinion given") : "")));
}

/** Open a finding, or the list again with null. */
export function choose(id) {
  const before = state.finding;
  set({ finding: id });
  if (id) return;
  queueMicrotask(() => byId("queue").querySelector(`[data-finding="${CSS.escape(before || "")}"]`)?.focus());
}

/** Open the next or last of the queue. */
export function chooseNext(by) {
  const rows = queued();
  if (!rows.length) return;
  const at = rows.findIndex((item) => item.id === state.finding);
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
  choose(next.id);
  say(`Finding ${rows.indexOf(next) + 1} of ${rows.length}: ${plain(next.zone)}, ${plain(next.indicator)}, ${next.headline}`);
}
