// What an analyst says about a finding. Every act is one more statement; none is ever changed.

import { send } from "./api.js";
import { h, say, segmented, fill } from "./dom.js";
import { state } from "./state.js";
import { word } from "./words.js";
import { loadFindings } from "./queue.js";
import { warn } from "./notices.js";

const FIELDS = [["value", "Value"], ["onset", "Onset"], ["end", "End"], ["zone", "Zone"], ["explanation", "Explanation"]];
const STANCES = [["agree", "agree", "Agree"], ["disagree", "disagree", "Disagree"], ["cannot-judge", "can’t judge", "Cannot judge"]];
const FITS = [["consistent", "✓", "consistent"], ["inconsistent", "✗", "not consistent"], ["unknown", "?", "not decided"]];
const drafts = new Map(); // what is being written, so that redrawing loses nothing

/** POST one statement and read everything again. */
export async function statement(kind, about, body) {
  try {
    await send("/api/statements", { kind, about, body });
    await loadFindings();
    say("Recorded. Unsigned until signed from the command line.");
    return true;
  } catch (error) {
    warn(`Not recorded: ${error.message}`);
    return false;
  }
}

/** The last statement of a kind about a field that was not undone. */
function lastOf(kind, finding, field) {
  return state.statements
    .filter((entry) => entry.kind === kind && entry.about?.finding === finding && entry.about?.field === field && !entry.superseded_by)
    .pop();
}

/** The table of explanations with ticks. */
export function hypothesesOf(item) {
  if (!item.hypotheses?.length) return h("p", { class: "empty" }, "No explanation is recorded.");
  return h("table", { class: "hypotheses", "data-testid": "hypotheses" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Explanation"), h("th", { scope: "col" }, "Fits?"))),
    h("tbody", {}, item.hypotheses.map((entry) => hypothesis(item, entry))));
}

function hypothesis(item, entry) {
  const said = lastOf("hypothesis", item.id, entry.code);
  const fit = said ? said.body.fit : entry.fit;
  const name = word("hypothesis", entry.code);
  const ticks = segmented({
    label: `${name}: does it fit?`,
    items: FITS.map(([value, sign, text]) => [value, h("span", {}, h("span", { "aria-hidden": "true" }, sign), h("span", { class: "unseen" }, text)), `${name}: ${text}`]),
    current: fit,
    choose: (value) => value !== said?.body.fit && statement("hypothesis", { finding: item.id, field: entry.code }, { fit: value, text: "" }),
    testid: `hypothesis-${entry.code}`,
  });
  ticks.classList.add("ticks");
  return h("tr", {}, h("th", { scope: "row" }, name, h("span", { class: `kind kind-${entry.kind}` }, word("kind", entry.kind)),
    entry.measured ? h("span", { class: "measured-note" }, word("measured", entry.measured)) : null,
    h("span", { class: "said" }, said ? `ticked by ${said.party}` : entry.measured ? "prefilled from a measurement" : "")), h("td", {}, ticks));
}

/** One row per field: agree, disagree, cannot judge, and why. */
export function opinionsOf(item) {
  return h("div", { class: "opinions", "data-testid": "opinions" }, FIELDS.map(([field, label]) => opinion(item, field, label)));
}

function opinion(item, field, label) {
  const said = lastOf("opinion", item.id, field);
  const key = `opinion ${item.id} ${field}`;
  const draft = h("div", { class: "draft" });
  const row = segmented({
    label: `${label}: your opinion`,
    items: STANCES,
    current: drafts.get(key)?.stance || said?.body.stance,
    choose: (stance) => {
      row.choose(stance);
      drafts.set(key, { ...(drafts.get(key) || {}), stance });
      compose();
    },
    testid: `opinion-${field}`,
  });
  function compose() {
    const now = drafts.get(key);
    if (!now) return fill(draft);
    const text = h("input", { type: "text", placeholder: "why (optional)", "aria-label": `${label}: why`, value: now.text || "", maxlength: "2000", oninput: (event) => drafts.set(key, { ...now, text: event.target.value }) });
    const record = () => {
      const body = drafts.get(key);
      drafts.delete(key);
      return statement("opinion", { finding: item.id, field }, { stance: body.stance, text: text.value.trim() });
    };
    text.addEventListener("keydown", (event) => event.key === "Enter" && record());
    return fill(draft, text,
      h("button", { type: "button", class: "small primary", onclick: record, "data-testid": `record-${field}` }, "Record"),
      h("button", { type: "button", class: "small", onclick: () => { drafts.delete(key); row.choose(said?.body.stance); compose(); } }, "Cancel"));
  }
  compose();
  return h("div", { class: "opinion" }, h("span", { class: "opinion-name" }, label), row,
    said?.body.text ? h("p", { class: "said" }, `${said.party}: ${said.body.text}`) : null, draft);
}

const ACTS = [["link", "Link"], ["explain", "Explain"], ["dispute", "Dispute"], ["note", "Note"]];

/** Link to a notification, explain, dispute, note: one form at a time. */
export function actsOf(item, details) {
  const form = h("div", { class: "act-form" });
  const open = (kind) => {
    acts.choose(kind);
    drafts.set(`act ${item.id}`, kind);
    fill(form, kind ? formOf(item, kind, () => open(null), details) : null);
  };
  const acts = segmented({ label: "Say more", items: ACTS, current: null, choose: open, testid: "acts" });
  const begun = drafts.get(`act ${item.id}`);
  if (begun) open(begun);
  return h("div", { class: "acts" }, h("h3", {}, "Link, explain, dispute, note"), acts, form);
}

function formOf(item, kind, close, details) {
  const key = `${kind} ${item.id}`;
  const kept = drafts.get(key) || {};
  const keep = (name) => (event) => drafts.set(key, { ...(drafts.get(key) || {}), [name]: event.target.value });
  const area = (name, label, needed) => h("label", { class: "field" }, h("span", {}, label),
    h("textarea", { rows: "3", maxlength: "4000", required: needed, value: kept[name] || "", oninput: keep(name), "data-testid": `${kind}-${name}` }));
  const parts = { link: linkParts, dispute: disputeParts, explain: () => [area("text", "What explains it, and how that is known", true)], note: () => [area("text", "Note", true)] };
  const fields = parts[kind]({ area, kept, keep, candidates: details?.candidates || [] });
  const submit = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...event.target.elements].filter((e) => e.dataset.testid && e.value).map((e) => [e.dataset.testid.replace(`${kind}-`, ""), e.value.trim()]));
    const { field, ...body } = given;
    if (await statement(kind, { finding: item.id, ...(field ? { field } : {}) }, { text: "", ...body })) {
      drafts.delete(key);
      drafts.delete(`act ${item.id}`);
    }
  };
  return h("form", { class: "act", onsubmit: submit }, fields,
    h("div", { class: "inline" }, h("button", { type: "submit", class: "small primary", "data-testid": `record-${kind}` }, "Record statement"),
      h("button", { type: "button", class: "small", onclick: close }, "Cancel"), h("span", { class: "soft" }, "unsigned until signed")));
}

function linkParts({ area, kept, keep, candidates }) {
  const notes = state.findings?.notifications || [];
  if (!notes.length) return [h("p", { class: "empty" }, "No notification is on file for this site.")];
  const order = (note) => { const at = candidates.findIndex((entry) => entry.id === note.id); return at < 0 ? candidates.length : at; };
  const select = h("select", { "data-testid": "link-notification", required: true, onchange: (event) => { keep("notification")(event); tell(); } },
    [...notes].sort((a, b) => order(a) - order(b)).map((note) => h("option", { value: note.id }, `${note.id}: ${String(note.from).slice(0, 10)} to ${String(note.to).slice(0, 10)}${note.title ? `, ${note.title.replace(`${note.id}: `, "")}` : ""}`)));
  if (kept.notification) select.value = kept.notification;
  const fits = h("p", { class: "soft", "data-testid": "link-fits" });
  const tell = () => {
    const found = candidates.find((entry) => entry.id === select.value);
    fits.textContent = found ? [["zone", "zone"], ["time", "dates"], ["indicator", "indicator"]].map(([key, name]) => `${name} ${found[key] ? "✓ fits" : "✗ does not fit"}`).join(" · ") : "";
  };
  tell();
  return [h("label", { class: "field" }, h("span", {}, "Notification"), select), fits, area("text", "Why it belongs to this finding", false)];
}

function disputeParts({ area, kept, keep }) {
  const select = h("select", { "data-testid": "dispute-field", onchange: keep("field") }, FIELDS.map(([value, label]) => h("option", { value }, label)));
  if (kept.field) select.value = kept.field;
  return [h("label", { class: "field" }, h("span", {}, "Which field"), select), area("text", "What is disputed, and why", true), area("proposed_test", "A test that would settle it", false)];
}

/** Undo: a statement that supersedes another. */
export const undo = (entry) => statement("withdrawn", { ...(entry.about?.finding ? { finding: entry.about.finding } : {}), statement: entry.number }, { text: "" });


