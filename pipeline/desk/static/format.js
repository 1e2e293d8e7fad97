// Numbers, dates and places as the reports write them.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MINUS = "\u2212";

const grouped = (text) => text.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** Whether numbers, not all zero, are too small for six decimals. */
const tiny = (...values) => values.some((value) => value) && values.every((value) => Math.abs(value) < 1e-4);

/** A tiny number as `1.23×10⁻⁹`. */
function power(value, digits) {
  if (!value) return "0";
  const [figures, raised] = Math.abs(value).toExponential(digits - 1).split("e-");
  return `${value < 0 ? MINUS : ""}${figures}×10⁻${[...raised].map((digit) => RAISED[digit]).join("")}`;
}

/** A number with about three significant digits, a true minus and thin spaces. */
export function number(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (tiny(value)) return power(value, digits);
  const size = Math.abs(value);
  const places = size === 0 ? 0 : Math.max(0, Math.min(6, digits - 1 - Math.floor(Math.log10(size))));
  const [whole, part] = size.toFixed(size >= 100 ? 0 : places).split(".");
  const tail = part && Number(part) ? `.${part}` : "";
  return `${value < 0 ? MINUS : ""}${grouped(whole)}${tail}`;
}

/** A number with so many decimals; fewer than none round to tens, hundreds. */
function fixed(value, places) {
  const step = 10 ** Math.max(0, -places);
  const text = (step > 1 ? Math.round(Math.abs(value) / step) * step : Math.abs(value)).toFixed(Math.max(0, places));
  const [whole, part] = text.split(".");
  const minus = value < 0 && /[1-9]/.test(text) ? MINUS : "";
  return `${minus}${grouped(whole)}${part ? `.${part}` : ""}`;
}

/** How many decimals an interval bears, as in the reports: two digits of half its width. */
function decimals(value, low, high) {
  const half = Math.abs(high - low) / 2;
  const [size, digits] = half ? [half, 2] : [Math.abs(value), 3];
  return size ? Math.min(6, digits - 1 - Math.floor(Math.log10(size))) : 0;
}

const there = (range) => Array.isArray(range) && range.every((end) => Number.isFinite(end));

/** An interval alone: `0.2 to 1.4`. */
export function range([low, high]) {
  if (tiny(low, high)) return `${power(low, 2)} to ${power(high, 2)}`;
  const places = decimals((low + high) / 2, low, high);
  return `${fixed(low, places)} to ${fixed(high, places)}`;
}

/** A number with its unit and, where there is one, its interval in the same digits. */
export function measured(value, ends, code) {
  if (!there(ends) || !Number.isFinite(value)) return quantity(value, code);
  const said = unit(code);
  if (tiny(value, ...ends)) return `${power(value, 2)}${said ? `\u00a0${said}` : ""} (${range(ends)})`;
  const places = decimals(value, ...ends);
  return `${fixed(value, places)}${said ? `\u00a0${said}` : ""} (${fixed(ends[0], places)} to ${fixed(ends[1], places)})`;
}

/** An area with its interval; large ones in hectares. */
export function area(square, ends) {
  if (!there(ends)) return hectares(square);
  return square < 10000 ? measured(square, ends, "m2") : measured(square / 10000, ends.map((end) => end / 10000), "ha");
}

const UNITS = { m2: "m²", percent: "%", "standard deviations": "σ of quiet looks" };
export const unit = (code) => UNITS[code] || code || "";

/** A number with its unit. */
export function quantity(value, code) {
  const said = unit(code);
  return said ? `${number(value)}\u00a0${said}` : number(value);
}

const SIGNS = { ">=": "≥", "<=": "≤", ">": ">", "<": "<" };

/** The agreed threshold of a finding, as `≥ 1.5 dB`. */
export const limit = ({ threshold, unit: code }) =>
  threshold ? `${SIGNS[threshold.comparator] || threshold.comparator}\u202f${quantity(threshold.value, code)}` : "none";

export const time = (iso) => Date.parse(iso);
/** The end of a date, or the moment itself. */
export const until = (iso) => Date.parse(iso) + (iso.length === 10 ? 86400e3 - 1 : 0);
export const day = (iso) => new Date(iso).toISOString().slice(0, 10);
export const minute = (iso) => `${new Date(iso).toISOString().slice(0, 16).replace("T", " ")} UTC`;
export const month = (ms) => {
  const date = new Date(ms);
  return date.getUTCMonth() === 0 ? String(date.getUTCFullYear()) : MONTHS[date.getUTCMonth()];
};
export const monthYear = (ms) => {
  const date = new Date(ms);
  return `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
};

/** UTC with the site's own time behind it, where the server told it. */
export function moment(look) {
  const local = (look.local || "").match(/\d\d:\d\d/);
  return local ? `${minute(look.acquired)} (${local[0]} local)` : minute(look.acquired);
}

/** Degrees at the agreed number of decimals, and no finer. */
export function place(lon, lat, decimals) {
  const half = (value, plus, minus) =>
    `${Math.abs(value).toFixed(decimals)}°\u202f${value < 0 ? minus : plus}`;
  return `${half(lat, "N", "S")}  ${half(lon, "E", "W")}`;
}

export function metres(value) {
  return value < 10000 ? `${number(value)} m` : `${number(value / 1000)} km`;
}

export function hectares(value) {
  return value < 10000 ? `${number(value)} m²` : `${number(value / 10000)} ha (${number(value)} m²)`;
}

/** Probability: never 0 or 1. */
export function probability(p, places = finer(p)) {
  if (p === null || p === undefined) return "–";
  const least = 10 ** -places;
  if (p < least / 2) return `below ${least.toFixed(places)}`;
  if (p > 1 - least / 2) return `above ${(1 - least).toFixed(places)}`;
  return p.toFixed(places);
}

const finer = (p) => (p < 0.01 || p > 0.99 ? 4 : 2);

/** A probability with its interval in the same digits. */
export function probable(p, ends) {
  if (!there(ends)) return probability(p);
  const places = finer(p);
  return `${probability(p, places)} (${ends.map((end) => probability(end, places)).join(" to ")})`;
}

/** Round steps that cover a range. */
export function ticks(low, high, about) {
  const raw = (high - low) / about || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((x) => x >= raw * 0.999);
  const found = [];
  for (let i = Math.floor(low / step + 1e-9); i * step < high + step * (1 - 1e-9); i += 1)
    found.push(i * step);
  return found;
}
