// Opens the desk: the site, its looks, its findings, then every part in turn.

import { read, until, useSite, whileLoading } from "./api.js";
import { byId, fill, h, options } from "./dom.js";
import { day } from "./format.js";
import { openHistory } from "./history.js";
import { openKeys } from "./keys.js";
import { openMap } from "./map.js";
import { failed, isOpen, loading, standing } from "./notices.js";
import { wireOutlines } from "./overlays.js";
import { loadFindings, openQueue } from "./queue.js";
import { openReadout } from "./readout.js";
import { openSeries } from "./series.js";
import { set } from "./state.js";
import { pictureOf } from "./tiles.js";
import { openTimeline } from "./timeline.js";
import { openTools } from "./tools.js";
import { openView } from "./view.js";
import { openWhatIf } from "./whatif.js";
import { learnWords, plain, word } from "./words.js";

whileLoading((told) => loading(told));

async function open() {
  await learnWords();
  await until("pictures");
  const site = await read("/api/site");
  useSite(site.site.id);
  if (!site.tracks.length) throw new Error(`Nothing to show: ${site.state?.text || "no scene of this site was found"}. The site was not observed; that is not “no change”.`);
  site.tracks.forEach(rename);
  const looks = await readLooks(site);
  set({ site, looks, ...opening(site, looks) });
  about(site);
  build();
  isOpen();
  document.body.dataset.open = "yes";
  await judged(site);
  document.body.dataset.ready = "yes";
}

/** Findings, and the looks once more with what crossed a threshold on them. */
async function judged(site) {
  try {
    await until("ready");
    set({ looks: await readLooks(site) });
    await loadFindings();
  } catch (error) {
    set({ findings: { findings: [], notifications: [], error: error.message } });
  }
}

async function readLooks(site) {
  const answers = await Promise.all(site.tracks.map((track) => read(`/api/looks/${encodeURIComponent(track.key)}`)));
  return Object.fromEntries(site.tracks.map((track, i) => [track.key, sorted(answers[i].looks || answers[i])]));
}

const sorted = (looks) => looks.map(setAside).sort((a, b) => Date.parse(a.acquired) - Date.parse(b.acquired));

/** A look that saw the ground and is not judged, for haze say, is no observation. */
const setAside = (look) => (look.set_aside?.length && ["usable", "partly"].includes(look.status) ? { ...look, status: "aside" } : look);

/** The newest usable look after the oldest of the same track: something to compare from the start. */
function opening(site, looks) {
  const seen = (entry) => looks[entry.key].filter((look) => look.status === "usable").length > 1;
  const natural = (entry) => entry.layers.some((layer) => layer.id === "true-colour");
  const track = site.tracks.find((entry) => seen(entry) && natural(entry)) || site.tracks.find(seen) || site.tracks[0];
  const able = looks[track.key].filter((look) => look.index !== null);
  const good = able.filter((look) => look.status === "usable");
  const shown = good.length > 1 ? good : able;
  if (!shown.length) throw new Error("No scene of this site could be used, so there is nothing to show. It was not observed; that is not “no change”.");
  const baseline = shown.filter((look) => look.in_baseline);
  const before = baseline[baseline.length - 1] || shown[0];
  const layer = pictureOf(track).id;
  return {
    before: { track: track.key, look: before.id, layer },
    after: { track: track.key, look: shown[shown.length - 1].id, layer },
  };
}

/** `Sentinel-1 radar T118 ascending`, not the codes of the record. */
function rename(track) {
  track.label = `${word("sensor", track.sensor)} ${plain(track.track)}`;
  for (const layer of track.layers) layer.label = layer.id === "anomaly" ? "Anomaly" : layer.label;
}

function build() {
  openView();
  openMap();
  wireOutlines();
  openTools();
  openReadout();
  openTimeline();
  openSeries();
  openWhatIf();
  openQueue();
  openHistory();
  openKeys();
  standing();
}

function about(site) {
  const select = byId("site");
  const sites = site.sites.map((entry) => [entry.id, entry.name ? `${entry.id} · ${entry.name}` : entry.id]);
  options(select, sites, site.site.id);
  select.title = select.selectedOptions[0]?.textContent || "";
  select.addEventListener("change", () => location.assign(`/?site=${encodeURIComponent(select.value)}`));
  document.title = `${site.site.name || site.site.id} · Fair Witness desk`;
  const { agreement } = site;
  const stamp = { rehearsal: "REHEARSAL", none: "UNSIGNED AGREEMENT" }[agreement.standing];
  fill(byId("about"),
    stamp ? h("b", { class: "stamp" }, stamp) : h("b", { class: "stamp stamp-quiet" }, `standing: ${word("standing", agreement.standing)}`),
    h("span", {}, `as of ${day(site.as_of)}`),
    h("span", { class: "digest", title: `Agreement ${agreement.id}, SHA-256 ${agreement.sha256}` }, `agreement ${agreement.id} ${String(agreement.sha256).slice(0, 8)}…`));
}

open().catch(failed);
