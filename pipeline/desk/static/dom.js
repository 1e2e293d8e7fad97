// Elements from plain descriptions. Text only ever enters as text.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: `h("button", {class: "x", onclick: f, "aria-label": "…"}, "text", child)`. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) assign(element, name, value);
  append(element, children);
  return element;
}

/** The same for SVG; attributes only. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, typeof value === "number" ? round(value) : value);
  append(element, children);
  return element;
}

const round = (value) => String(Math.round(value * 100) / 100);

function assign(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden")
    element[name] = value;
  else if (name === "style") Object.entries(value).forEach(([k, v]) => element.style.setProperty(k, v));
  else element.setAttribute(name, value === true ? "" : value);
}

function append(element, children) {
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== false)
      element.append(child instanceof Node ? child : String(child));
}

/** Replace all children. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Say something to those who listen instead of looking. */
export function say(text) {
  const live = byId("live");
  live.textContent = "";
  requestAnimationFrame(() => (live.textContent = text));
}

/** Options of a select: [[value, text], …]; keeps what is chosen when it is still there. */
export function options(select, pairs, chosen = select.value) {
  fill(
    select,
    pairs.map(([value, text]) => h("option", { value }, text)),
  );
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

/** A group of buttons of which one is pressed. */
export function segmented({ label, items, current, choose, testid }) {
  const group = h("div", { class: "segmented", role: "group", "aria-label": label, "data-testid": testid });
  for (const [value, text, title] of items)
    group.append(
      h(
        "button",
        {
          type: "button",
          "data-value": value,
          "aria-pressed": String(value === current),
          title,
          onclick: () => choose(value),
        },
        text,
      ),
    );
  group.choose = (value) =>
    group
      .querySelectorAll("button")
      .forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.value === value)));
  return group;
}

/** Draw into `box` without taking the keyboard's place away: what had the focus gets it again. */
export function keepingFocus(box, drawing) {
  const focused = document.activeElement;
  const inside = focused && focused !== box && box.contains(focused);
  const named = inside ? focused.closest("[data-testid]")?.dataset.testid : null;
  const value = inside ? focused.dataset.value : null;
  drawing();
  if (!inside || box.contains(document.activeElement)) return;
  const again = named ? box.querySelector(`[data-testid="${CSS.escape(named)}"]`) : null;
  const found = (value && again?.querySelector(`[data-value="${CSS.escape(value)}"]`)) || again;
  (found?.matches("button, input, select, textarea") ? found : box).focus({ preventScroll: true });
}

/** Run `action` when nothing has happened for `ms`. */
export function debounced(ms, action) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), ms);
  };
}
