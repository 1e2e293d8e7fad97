// One time axis for the series and the time line, so that a mark above stands over its look below.

import { set, state } from "./state.js";
import { month, time } from "./format.js";

export const LEFT = 70; // px left of the axis, for names
export const RIGHT = 14;
const DAY = 86400e3;

/** The whole time that there is something to see of, ms. */
export function wholeDomain() {
  const times = Object.values(state.looks).flat().map((look) => time(look.acquired));
  if (!times.length) return [Date.now() - 365 * DAY, Date.now()];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const margin = Math.max(0.015 * (last - first), 3 * DAY);
  return [first - margin, last + margin];
}

/** Time to px and back, over a drawing of some width. */
export function scale(width) {
  const [start, end] = state.domain || wholeDomain();
  const span = width - LEFT - RIGHT;
  return {
    x: (ms) => LEFT + ((ms - start) / (end - start)) * span,
    at: (x) => start + ((x - LEFT) / span) * (end - start),
    inside: (ms) => ms >= start && ms <= end,
    start,
    end,
    left: LEFT,
    right: width - RIGHT,
  };
}

/** Zoom by a factor around a moment. */
export function zoom(factor, around = null) {
  const [first, last] = wholeDomain();
  const [start, end] = state.domain || [first, last];
  const middle = around ?? (start + end) / 2;
  let [a, b] = [middle - (middle - start) * factor, middle + (end - middle) * factor];
  if (b - a < 20 * DAY) return;
  if (a <= first && b >= last) return set({ domain: null });
  [a, b] = [Math.max(a, first), Math.min(b, last)];
  set({ domain: [a, b] });
}

/** Move by a share of what is in view. */
export function pan(share) {
  const [first, last] = wholeDomain();
  const [start, end] = state.domain || [first, last];
  const step = Math.min(Math.max(share * (end - start), first - start), last - end);
  if (step) set({ domain: [start + step, end + step] });
}

/** Bring a moment into view. */
export function reveal(ms) {
  const domain = state.domain;
  if (!domain || (ms >= domain[0] && ms <= domain[1])) return;
  const half = (domain[1] - domain[0]) / 2;
  set({ domain: [ms - half, ms + half] });
}

/** Firsts of months, as fine as fits. */
export function monthTicks(axis, width) {
  const most = Math.max(3, Math.floor(width / 64));
  const [a, b] = [new Date(axis.start), new Date(axis.end)];
  const [first, last] = [a, b].map((d) => d.getUTCFullYear() * 12 + d.getUTCMonth());
  const step = [1, 2, 3, 6, 12, 24, 60].find((n) => (last - first) / n <= most) || 120;
  const found = [];
  for (let m = Math.ceil(first / step) * step; m <= last; m += step) {
    const ms = Date.UTC(Math.floor(m / 12), m % 12, 1);
    if (axis.inside(ms)) found.push({ ms, text: month(ms), year: m % 12 === 0 });
  }
  return found;
}
