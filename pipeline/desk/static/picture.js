// A series as a PNG: the chart, its title, and what it stands on.

import { chart } from "./chart.js";
import { s, say } from "./dom.js";
import { minute } from "./format.js";
import { state, trackOf } from "./state.js";
import { plain } from "./words.js";

const [WIDTH, HEIGHT, HEAD, FOOT, TWICE] = [1100, 380, 34, 30, 2];

/** Draw the series once more at print size and hand it to the browser to save. */
export async function savePicture(series) {
  const blob = await picture(series);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `series-${nameOf(series.request)}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say("Picture of the series saved");
}

function nameOf({ kind, zone, indicator, feature, track }) {
  const parts = kind === "zone" ? [state.site.site.id, zone, indicator] : [state.site.site.id, kind, feature, track];
  return parts.join("-").replace(/[^A-Za-z0-9._-]+/g, "-");
}

async function picture(series) {
  const text = new XMLSerializer().serializeToString(page(series));
  const where = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = where;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [WIDTH * TWICE, (HEIGHT + HEAD + FOOT) * TWICE];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  } finally {
    URL.revokeObjectURL(where);
  }
}

function page(series) {
  const { request, data } = series;
  const height = HEIGHT + HEAD + FOOT;
  const drawing = chart(series, WIDTH, HEIGHT, { paper: true });
  drawing.setAttribute("y", String(HEAD));
  const font = { "font-family": "system-ui, sans-serif", fill: "#14181c" };
  const what = request.kind === "zone" ? `${plain(request.indicator)} · ${plain(request.zone)}` : `${data.label} · ${request.kind}`;
  const stamp = state.whatif?.differs ? " · exploratory, not the agreed rules" : "";
  return s("svg", { xmlns: "http://www.w3.org/2000/svg", width: WIDTH * TWICE, height: height * TWICE, viewBox: `0 0 ${WIDTH} ${height}` },
    s("rect", { width: WIDTH, height, fill: "#fff" }),
    s("text", { ...font, x: 14, y: 22, "font-size": 15, "font-weight": 600 }, `${state.site.site.name || state.site.site.id}: ${what} · ${trackOf(request.track).label}`),
    drawing,
    s("text", { ...font, x: 14, y: height - 10, "font-size": 11, fill: "#4d565e" },
      `as of ${minute(state.site.as_of)} · agreement ${state.site.agreement.id} ${String(state.site.agreement.sha256).slice(0, 16)} · standing ${state.site.agreement.standing}${stamp} · marks in the grey strip: not observed, which is not “no change”`));
}
