// The only door to the server. GET reads; everything that computes or writes is a POST with the token.

const token = document.querySelector('meta[name="desk-token"]')?.content || "";
let site = new URLSearchParams(location.search).get("site") || "";
let waiting = () => {};

/** The server's own words for what went wrong. */
export class DeskError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const useSite = (id) => (site = id);

/** Call `report(progress | null)` while the server is still reading scenes. */
export const whileLoading = (report) => (waiting = report);

/** An address on this server, with the site in its query. */
export function address(path, query = {}) {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== "") parts.set(name, value);
  if (site) parts.set("site", site);
  const tail = parts.toString();
  return tail ? `${path}?${tail}` : path;
}

export const read = (path, query, signal) => ask(address(path, query), { signal });

export const send = (path, body, signal) =>
  ask(address(path), {
    method: "POST",
    headers: { "content-type": "application/json", "X-Desk-Token": token },
    body: JSON.stringify(body),
    signal,
  });

async function ask(where, how) {
  for (;;) {
    const answer = await reach(where, how);
    if (answer.ok) return answer.json();
    const told = await answer.json().catch(() => ({}));
    const error = told.error || { code: `http-${answer.status}`, message: answer.statusText };
    if (answer.status !== 503 || error.code !== "loading")
      throw new DeskError(answer.status, error.code, error.message);
    await until("ready");
  }
}

async function reach(where, how) {
  try {
    return await fetch(where, { credentials: "same-origin", ...how });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new DeskError(0, "no-answer", "The desk’s server does not answer. Start it again and reload.");
  }
}

/** Wait until the server has the `pictures`, or is `ready` with the findings too. */
export async function until(stage) {
  for (;;) {
    const answer = await reach(address("/api/progress"), {});
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new DeskError(answer.status, told.error?.code || "failed", told.error?.message || answer.statusText);
    if (told.failed || told.phase === "failed") throw new DeskError(500, "failed", told.text || "Reading the scenes failed.");
    const done = Boolean(told[stage]);
    waiting(done ? null : told);
    if (done) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
