// Exploratory values beside the agreed ones. Nothing here is ever kept as the rule.

import { send } from "./api.js";
import { byId, debounced, fill, h, options, say } from "./dom.js";
import { day, minute, number, quantity, unit } from "./format.js";
import { chip } from "./glyphs.js";
import { zoomToZone } from "./map.js";
import { set, state, watch } from "./state.js";
import { setLook } from "./view.js";
import { askSeries } from "./series.js";
import { plain } from "./words.js";

const PER_INDICATOR = [
  ["threshold", "Threshold"],
  ["k", "k looks over"],
  ["n", "out of n looks"],
  ["window_days", "within days"],
  ["minimum_area_m2", "Min. area, m²"],
];
const SIGN = { new: "+", gone: "−", changed: "±", same: "=" };
const WORDS = { new: "new", gone: "gone", changed: "changed", same: "same" };
let chosen = "";
let asked = null;
let controls = null;
let outcome = null;
let result = null;

/** Build the panel. */
export function openWhatIf() {
  controls = h("div", { class: "whatif-controls" });
  outcome = h("div", { class: "whatif-outcome", "aria-live": "polite", "data-testid": "whatif-outcome" });
  result = h("div", { class: "whatif-result", "data-testid": "whatif-result" });
  fill(byId("whatif"), outcome, controls, result);
  watch(["site"], reset);
  watch(["series"], follow);
  watch(["whatif"], drawResult);
  watch(["whatif"], banner);
  reset();
}

const empty = () => ({ threshold: {}, confirmation: {}, minimum_area_m2: {} });

/** Everything as agreed. */
export function reset() {
  if (!state.site) return;
  asked?.abort();
  chosen = state.site.indicators.some((item) => item.id === chosen) ? chosen : state.site.indicators[0]?.id;
  set({ whatif: { values: empty(), differs: false, answer: null } });
  drawControls();
}

const indicator = (id = chosen) => state.site.indicators.find((item) => item.id === id);

/** The agreed value of one knob. */
function agreed(key, item) {
  if (key === "threshold") return item.threshold.value;
  if (key === "minimum_area_m2") return item.minimum_area_m2 ?? 0;
  return item.confirmation[key];
}

function current(key, item) {
  const { values } = state.whatif;
  if (key === "threshold" || key === "minimum_area_m2") return values[key][item.id] ?? agreed(key, item);
  return values.confirmation[item.id]?.[key] ?? agreed(key, item);
}

/** The same values with one knob moved; a knob on its agreed value is left out. */
function moved(key, item, value) {
  const values = structuredClone(state.whatif.values);
  const keep = value !== agreed(key, item);
  const into = key === "threshold" || key === "minimum_area_m2" ? values[key] : (values.confirmation[item.id] ??= {});
  const name = into === values[key] ? item.id : key;
  if (keep) into[name] = value;
  else delete into[name];
  if (values.confirmation[item.id] && !Object.keys(values.confirmation[item.id]).length) delete values.confirmation[item.id];
  return values;
}

const differs = (values) =>
  ["threshold", "confirmation", "minimum_area_m2"].some((key) => Object.keys(values[key]).length) ||
  values.dilation_m !== undefined || Boolean(values.baseline) || Boolean(values.period_end);

function change(values) {
  const now = differs(values);
  set({ whatif: { ...state.whatif, values, differs: now, waiting: now, answer: now ? state.whatif.answer : null } });
  if (now) compute();
  else asked?.abort();
}

const compute = debounced(220, async () => {
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  try {
    const answer = await send("/api/whatif", state.whatif.values, signal);
    set({ whatif: { ...state.whatif, answer, waiting: false, error: null } });
  } catch (error) {
    if (error.name !== "AbortError") set({ whatif: { ...state.whatif, waiting: false, error: error.message } });
  }
});

function limits(key, item) {
  const value = agreed(key, item);
  if (key === "threshold") return [0, Math.max(3 * Math.abs(value), 1), niceStep(Math.abs(value) || 1)];
  if (key === "k") return [1, 10, 1];
  if (key === "n") return [1, 12, 1];
  if (key === "window_days") return [1, 365, 1];
  return [0, Math.max(4 * value, 10000), 100];
}

const niceStep = (value) => 10 ** Math.floor(Math.log10(value / 12));

function drawControls() {
  const select = h("select", { id: "whatif-indicator", "data-testid": "whatif-indicator", onchange: (event) => { chosen = event.target.value; drawControls(); followSeries(); } });
  options(select, state.site.indicators.map((item) => [item.id, `${plain(item.id)}${touched(item.id) ? " *" : ""}`]), chosen);
  const item = indicator();
  fill(controls,
    h("label", { class: "field" }, h("span", {}, "Indicator"), select),
    item ? h("div", { class: "knobs" }, PER_INDICATOR.map(([key, label]) => knob(key, key === "threshold" ? `${label} (${item.threshold.kind}), ${unit(item.unit)}` : label, item))) : null,
    h("h3", {}, "For all indicators"),
    common(item),
    h("div", { class: "inline" },
      h("button", { type: "button", class: "small", onclick: () => { reset(); say("Back to the agreed rules"); }, "data-testid": "whatif-reset" }, "Reset to agreed"),
      h("button", { type: "button", class: "small", onclick: copy, "data-testid": "whatif-copy" }, "Copy as a proposal to amend")));
}

const touched = (id) => {
  const { values } = state.whatif;
  return values.threshold[id] !== undefined || values.minimum_area_m2[id] !== undefined || values.confirmation[id] !== undefined;
};

function knob(key, label, item) {
  const [min, max, step] = limits(key, item);
  const value = String(current(key, item));
  const apply = (text) => {
    const number = Number(text);
    if (text === "" || !Number.isFinite(number) || number < min) return;
    slider.value = box.value = String(number);
    row.classList.toggle("differs", number !== agreed(key, item));
    change(moved(key, item, number));
  };
  const shared = { min: String(min), step: String(step), value };
  const slider = h("input", { type: "range", ...shared, max: String(max), "aria-label": `${label}, slider`, "data-testid": `slider-${key}`, oninput: (event) => apply(event.target.value) });
  const box = h("input", { type: "number", ...shared, step: "any", "aria-label": label, "data-testid": `number-${key}`, onchange: (event) => apply(event.target.value) });
  slider.value = value;
  const row = h("div", { class: `knob${Number(value) !== agreed(key, item) ? " differs" : ""}` },
    h("span", { class: "knob-name" }, label, h("span", { class: "knob-agreed" }, ` agreed ${number(agreed(key, item))}`)), slider, box);
  return row;
}

function common(item) {
  const { values } = state.whatif;
  const dates = values.baseline || item?.baseline || {};
  const date = (key, label) =>
    h("label", { class: "field" }, named(label, (item?.baseline?.[key] || "").slice(0, 10)),
      h("input", { type: "date", value: (dates[key] || "").slice(0, 10), "data-testid": `baseline-${key}`, onchange: (event) => setBaseline(key, event.target.value) }));
  const dilation = widest();
  return h("div", { class: "grid-two" },
    dilation === null ? h("p", { class: "field soft" }, "No cloud mask to dilate here.") : h("label", { class: "field" }, named("Mask dilation, m", number(dilation)),
      h("input", { type: "number", min: "0", step: "10", value: String(values.dilation_m ?? dilation), "data-testid": "dilation",
        onchange: (event) => { const v = Number(event.target.value); change(without(state.whatif.values, "dilation_m", v !== dilation ? v : undefined)); } })),
    h("label", { class: "field" }, named("Period ends", day(state.site.as_of)),
      h("input", { type: "date", value: values.period_end || day(state.site.as_of), "data-testid": "period-end",
        onchange: (event) => change(without(state.whatif.values, "period_end", event.target.value && event.target.value !== day(state.site.as_of) ? event.target.value : undefined)) })),
    date("start", "Baseline from"), date("end", "Baseline to"));
}

/** What a field is, and what was agreed for it. */
const named = (label, agreed) => h("span", {}, `${label} `, h("span", { class: "whole" }, `(agreed ${agreed})`));

/** By how much masks are grown as agreed, where they are grown most; null where no sensor has such masks. */
function widest() {
  const found = state.site.indicators.map((item) => item.dilation_m).filter((metres) => metres !== null && metres !== undefined);
  return found.length ? Math.max(...found) : null;
}

function without(values, key, value) {
  const copy = structuredClone(values);
  if (value === undefined) delete copy[key];
  else copy[key] = value;
  return copy;
}

function setBaseline(key, value) {
  const rule = indicator()?.baseline || {};
  const before = state.whatif.values.baseline || { start: (rule.start || "").slice(0, 10), end: (rule.end || "").slice(0, 10) };
  const now = { ...before, [key]: value };
  const same = now.start === (rule.start || "").slice(0, 10) && now.end === (rule.end || "").slice(0, 10);
  change(without(state.whatif.values, "baseline", same || !value ? undefined : now));
}

/** Keep to the indicator whose series is looked at. */
function follow() {
  const request = state.series?.request;
  if (request?.kind !== "zone" || request.indicator === chosen || !indicator(request.indicator)) return;
  chosen = request.indicator;
  drawControls();
}

function followSeries() {
  if (state.series?.request.kind === "zone") askSeries({ kind: "zone", zone: state.series.request.zone, indicator: chosen });
}

function drawResult() {
  const { whatif } = state;
  if (!whatif) return;
  result.classList.toggle("waiting", Boolean(whatif.waiting));
  fill(result, whatif.differs && whatif.answer && !whatif.error ? list(whatif.answer) : null);
  if (!whatif.differs) return fill(outcome, h("p", { class: "soft" }, "Move the rules and see what they would have said. The agreed rules stay as they are."));
  if (whatif.error) return fill(outcome, h("p", { class: "warning", "data-testid": "whatif-failed" }, `Not computed: ${whatif.error}`));
  if (!whatif.answer) return fill(outcome, h("p", { class: "soft" }, "Computing…"));
  return fill(outcome, summary(whatif));
}

function summary({ answer, waiting }) {
  const count = (kind) => answer.findings.filter((item) => item.change === kind).length;
  const now = answer.findings.length - count("gone");
  return h("div", { class: "whatif-summary", "data-testid": "whatif-summary" },
    h("p", {}, h("b", {}, `${now} finding${now === 1 ? "" : "s"}`), ` with these values; ${answer.agreed_findings} with the agreed ones. `,
      ["new", "gone", "changed", "same"].map((kind) => h("span", { class: `diff diff-${kind}` }, `${SIGN[kind]} ${count(kind)} ${WORDS[kind]}`))),
    h("p", { class: "soft" },
      answer.alarms_allowed !== null && answer.alarms_allowed !== undefined ? `Alarms: ${number(answer.alarms_used)} used of ${number(answer.alarms_allowed, 2)} allowed. ` : "",
      waiting ? "Computing…" : `Computed in ${number(answer.seconds, 2)} s from what is already read.`));
}

function list(answer) {
  const order = { new: 0, gone: 1, changed: 2, same: 3 };
  const rows = [...answer.findings].sort((a, b) => (order[a.change] ?? 4) - (order[b.change] ?? 4));
  return h("ul", { class: "findings whatif-list" }, rows.map((item) =>
    h("li", {}, h("button", { type: "button", class: `row diff-row-${item.change}`, onclick: () => open(item) },
      h("span", { class: `diff diff-${item.change}` }, `${SIGN[item.change] || ""} ${WORDS[item.change] || item.change}`),
      h("span", { class: "row-what" }, `${plain(item.zone)} · ${plain(item.indicator)}`), chip(item.headline),
      h("span", { class: "row-when" }, item.onset ? `since ${day(item.onset[1])}` : "", item.peak !== null && item.peak !== undefined ? ` · ${quantity(item.peak, item.unit)}` : "")))));
}

function open(item) {
  zoomToZone(item.zone);
  if (item.evidence?.after) setLook("after", item.evidence.after.track, item.evidence.after.look);
  askSeries({ kind: "zone", zone: item.zone, indicator: item.indicator });
}

function banner() {
  const shown = Boolean(state.whatif?.differs);
  document.body.classList.toggle("exploring", shown);
  let bar = byId("exploratory");
  if (!shown) return bar?.remove();
  if (bar) return undefined;
  bar = h("p", { id: "exploratory", class: "notice notice-exploratory", role: "status", "data-testid": "exploratory-banner" },
    h("b", {}, "Exploratory, not the agreed rules."), " Nothing computed here is a finding under the agreement. ",
    h("button", { type: "button", class: "small", onclick: reset }, "Reset"));
  return byId("notices").prepend(bar);
}

async function copy() {
  const text = state.whatif.answer?.proposal_yaml;
  if (!text) return say("Nothing differs from the agreed rules: there is nothing to propose");
  const shown = h("textarea", { class: "proposal", rows: "12", readonly: true, "aria-label": "Proposal to amend", "data-testid": "proposal" }, text);
  controls.querySelector(".proposal-box")?.remove();
  const note = h("p", { class: "soft" }, "");
  controls.append(h("div", { class: "proposal-box" }, h("h3", {}, "A proposal to amend, not an amendment"), shown, note));
  shown.select();
  try {
    await navigator.clipboard.writeText(text);
    note.textContent = "Copied. Both parties would have to sign it before it counts.";
  } catch {
    note.textContent = "Selected: copy it with Ctrl+C. Both parties would have to sign it before it counts.";
  }
  return say(note.textContent);
}

watch(["whatif"], () => {
  const select = byId("whatif-indicator");
  if (!select || !state.site) return;
  for (const option of select.options) option.textContent = `${plain(option.value)}${touched(option.value) ? " *" : ""}`;
});
