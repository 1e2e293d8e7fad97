// The ledger as it stands: every statement in order, undone ones too.

import { byId, fill, h } from "./dom.js";
import { minute } from "./format.js";
import { state, watch } from "./state.js";
import { undo } from "./acts.js";
import { choose } from "./queue.js";
import { showPanel } from "./keys.js";
import { plain, word } from "./words.js";

const NAMES = { opinion: "Opinion", hypothesis: "Tick", link: "Link to a notification", explain: "Explanation", dispute: "Dispute", note: "Note", withdrawn: "Undo" };
const UNDOABLE = ["opinion", "hypothesis", "link", "explain", "dispute", "note"];

/** Build the tab. */
export function openHistory() {
  watch(["statements"], draw);
  draw();
}

function draw() {
  byId("tab-history").textContent = `History (${state.statements.length})`;
  fill(byId("history"),
    h("p", { class: "lead" }, "Statements are only ever added. What is undone stays, with what superseded it. All are unsigned until signed from the command line with ", h("code", {}, "fairwitness ledger sign"), "."),
    historyOf(() => true, "Nothing has been said yet.", true));
}

/** The statements that `wanted` picks, newest first. */
export function historyOf(wanted, none, linked = false) {
  const found = state.statements.filter(wanted).reverse();
  if (!found.length) return h("p", { class: "empty" }, none);
  return h("ol", { class: "history-list", reversed: true, "data-testid": "history-list" }, found.map((entry) => line(entry, linked)));
}

function line(entry, linked) {
  const undone = entry.superseded_by !== null && entry.superseded_by !== undefined;
  const finding = (state.findings?.findings || []).find((item) => item.id === entry.about?.finding);
  return h("li", { class: undone ? "undone" : "", "data-testid": `statement-${entry.number}` },
    h("p", { class: "history-head" }, h("b", {}, `No. ${entry.number} ${NAMES[entry.kind] || plain(entry.kind)}`), ` ${minute(entry.made)} · ${entry.party}`),
    h("p", {}, what(entry)),
    linked && finding ? h("button", { type: "button", class: "link", onclick: () => { showPanel("queue"); choose(finding.id); } }, `${plain(finding.zone)} · ${plain(finding.indicator)}`) : null,
    h("p", { class: "history-foot" },
      h("span", { class: entry.signed ? "signed" : "unsigned" }, entry.signed ? "signed" : "unsigned until signed from the command line"),
      undone ? h("span", {}, ` · superseded by No. ${entry.superseded_by}`) : null,
      !undone && UNDOABLE.includes(entry.kind) ? h("button", { type: "button", class: "small", "data-testid": `undo-${entry.number}`, onclick: () => undo(entry) }, "Undo") : null));
}

function what({ kind, about = {}, body = {} }) {
  const text = body.text ? `: ${body.text}` : "";
  if (kind === "opinion") return `${plain(about.field)}: ${plain(body.stance)}${text}`;
  if (kind === "hypothesis") return `${word("hypothesis", about.field)}: ${word("fit", body.fit)}${text}`;
  if (kind === "link") return `${body.notification}${text}`;
  if (kind === "dispute") return `${about.field ? plain(about.field) : ""}${text}${body.proposed_test ? ` — proposed test: ${body.proposed_test}` : ""}`;
  if (kind === "withdrawn") return `supersedes No. ${about.statement}${text}`;
  return body.text || plain(kind);
}
