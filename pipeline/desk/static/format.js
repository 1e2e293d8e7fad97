// Numbers, dates and places as the reports write them.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MINUS = "\u2212";

const grouped = (text) => text.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");

/** A number with about three significant digits, a true minus and thin spaces. */
export function number(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const places = size === 0 ? 0 : Math.max(0, Math.min(6, digits - 1 - Math.floor(Math.log10(size))));
  const [whole, part] = size.toFixed(size >= 100 ? 0 : places).split(".");
  const tail = part && Number(part) ? `.${part}` : "";
  return `${value < 0 ? MINUS : ""}${grouped(whole)}${tail}`;
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
export function probability(p) {
  if (p === null || p === undefined) return "–";
  if (p < 0.0001) return "below 0.0001";
  if (p > 0.9999) return "above 0.9999";
  return p < 0.01 || p > 0.99 ? p.toFixed(4) : p.toFixed(2);
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
