// The words for codes of the record: those of the reports, from the server, and the desk's own sentences.

import { read } from "./api.js";

let texts = {}; // `family.code` -> text

/** Ask for the words, before anything is drawn. */
export async function learnWords() {
  texts = await read("/api/words");
}

/** The text of a code (`looks-over:3` fills its value in), or the code without its hyphens. */
export function word(family, code) {
  if (code === null || code === undefined || code === "") return "";
  const [name, value = ""] = splitOnce(String(code));
  const text = texts[`${family}.${name}`];
  if (text === undefined) return value ? `${plain(name)}: ${value}` : plain(name);
  return text.replace("{value}", value.replace(/^-(?=\d)/, "\u2212"));
}

/** Whether there is a text for a code. */
export const known = (family, code) => `${family}.${splitOnce(String(code))[0]}` in texts;

const splitOnce = (code) => {
  const at = code.indexOf(":");
  return at < 0 ? [code] : [code.slice(0, at), code.slice(at + 1)];
};

/** A code as words: `hardstand-north` → `hardstand north`. */
export const plain = (code) => String(code ?? "").replaceAll("-", " ").replaceAll("_", " ");

/** The same with a capital. */
export const title = (code) => {
  const text = plain(code);
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** The same, short enough for a list of dates. */
export const STATUS_SHORT = { partly: "partly", aside: "set aside", cloud: "cloud", failed: "failed", missing: "missing" };

/** One word for what became of a look. */
export const STATUS = {
  usable: "observed",
  partly: "partly observed",
  aside: "seen, but set aside",
  cloud: "not observed: cloud",
  failed: "failed to load",
  missing: "missing",
};

/** What a look saw, as a sentence for eye and ear. */
export function seen(look) {
  if (look.status === "failed") return `failed to load${look.failure ? `: ${look.failure}` : ""}`;
  if (look.status === "missing") return "missing: nothing was seen";
  const lost = Object.entries(look.coverage || {})
    .filter(([name, value]) => name !== "observed" && value >= 0.005)
    .sort((a, b) => b[1] - a[1])
    .map(([name, value]) => `${word("coverage", name)} ${Math.round(100 * value)} %`);
  const share = Math.round(100 * (look.observed ?? 0));
  const head = share ? `${share} % of the zones seen` : "not observed";
  const aside = look.set_aside?.length ? `set aside, not judged: ${look.set_aside.map((code) => word("reason", code)).join(", ")}; ` : "";
  return `${aside}${head}${lost.length ? `; ${lost.join(", ")}` : ""}`;
}
