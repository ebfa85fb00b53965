// An editor of a document: line numbers, and the errors of the API at their lines.
import { problems, quoted } from "./actions.js";
import { refreshNow } from "./live.js";

/**
 * The offset at which each value of a JSON text begins, by its path; null if it is no JSON.
 * @param {string} text
 * @returns {Map<string, number> | null}
 */
export function places(text) {
  /** @type {Map<string, number>} */
  const found = new Map();
  let at = 0;
  const skip = () => {
    while (/\s/.test(text[at] ?? "")) at++;
  };
  const string = () => {
    const match = /"(?:[^"\\]|\\.)*"/ys;
    match.lastIndex = at;
    const [whole] = match.exec(text) ?? [];
    if (whole === undefined) throw new SyntaxError();
    at += whole.length;
    return JSON.parse(whole);
  };
  /** @param {string} path @param {number} [start] */
  const value = (path, start) => {
    skip();
    found.set(path, start ?? at);
    const first = text[at];
    if (first === "{" || first === "[") {
      const last = first === "{" ? "}" : "]";
      at++;
      skip();
      for (let index = 0; text[at] !== last; index++) {
        const begin = at;
        if (first === "{") {
          const name = string();
          skip();
          if (text[at++] !== ":") throw new SyntaxError();
          value(`${path}.${name}`, begin);
        } else value(`${path}[${index}]`);
        skip();
        if (text[at] === ",") at++;
        else if (text[at] !== last) throw new SyntaxError();
        skip();
      }
      at++;
    } else if (first === '"') string();
    else {
      const match = /[^\s,\]}]+/y;
      match.lastIndex = at;
      const [whole] = match.exec(text) ?? [];
      if (whole === undefined) throw new SyntaxError();
      at += whole.length;
    }
  };
  try {
    value("$");
    return found;
  } catch {
    return null;
  }
}

/**
 * The line of an error, from 1.
 * @param {string} text
 * @param {string} path of the error: a JSON path, or `line N` of a zone file
 * @param {string} message
 */
export function lineOf(text, path, message) {
  const named = /^line (\d+)/.exec(path) ?? /\bline (\d+)/.exec(message);
  if (named) return Number(named[1]);
  const known = places(text);
  if (!known) return 0;
  // A field that is missing has no place: the nearest value that contains it has one.
  for (let rest = path; rest; rest = rest.replace(/(\.[^.[\]]*|\[[^\]]*\])$/, "")) {
    const at = known.get(rest);
    if (at !== undefined) return text.slice(0, at).split("\n").length;
    if (rest === "$") break;
  }
  return 0;
}

/** @param {HTMLFormElement} form */
function field(form) {
  return /** @type {HTMLTextAreaElement | HTMLInputElement} */ (form.querySelector("textarea, input[data-body]"));
}

/** @param {HTMLFormElement} form @param {Set<number>} [wrong] */
function number(form, wrong = new Set()) {
  const gutter = form.querySelector(".gutter");
  const area = field(form);
  if (!gutter) return;
  const count = area.value.split("\n").length;
  gutter.replaceChildren(
    ...Array.from({ length: count }, (_, index) => {
      const line = document.createElement("span");
      line.textContent = String(index + 1);
      if (wrong.has(index + 1)) line.className = "wrong";
      return line;
    }),
  );
  gutter.scrollTop = area.scrollTop;
}

/** @param {HTMLFormElement} form @param {number} line */
function select(form, line) {
  const area = field(form);
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  const height = area.scrollHeight / lines.length;
  area.scrollTop = Math.max(0, (line - 4) * height);
}

/** @param {HTMLFormElement} form @param {string} answer */
function showProblems(form, answer) {
  const area = field(form);
  const told = problems(answer).map((one) => ({ ...one, line: lineOf(area.value, one.path, one.message) }));
  const list = document.createElement("ul");
  for (const { path, message, line } of told) {
    const item = document.createElement("li");
    const place = [line ? `Line ${line}` : "", path === "$" || /^line /.test(path) ? "" : path].filter(Boolean).join(", ");
    if (line && form.querySelector(".gutter")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = place;
      button.addEventListener("click", () => select(form, line));
      item.append(button, ` ${message}`);
    } else item.textContent = [place, message].filter(Boolean).join(": ");
    list.append(item);
  }
  form.querySelector(".problems")?.replaceChildren(list);
  area.setAttribute("aria-invalid", "true");
  number(form, new Set(told.map((one) => one.line)));
}

/**
 * What changes one JSON value to another (RFC 7396).
 * @param {any} old
 * @param {any} fresh
 * @returns {any}
 */
export function changes(old, fresh) {
  const isObject = (/** @type {any} */ value) => value !== null && typeof value === "object" && !Array.isArray(value);
  if (!isObject(old) || !isObject(fresh)) return fresh;
  /** @type {Record<string, any>} */
  const changed = {};
  for (const name of Object.keys(old)) if (!(name in fresh)) changed[name] = null;
  for (const [name, value] of Object.entries(fresh)) {
    if (JSON.stringify(old[name]) !== JSON.stringify(value)) changed[name] = changes(old[name], value);
  }
  return changed;
}

/**
 * What a form sends: its text, or what was changed in it.
 * @param {HTMLFormElement} form
 */
function body(form) {
  const area = field(form);
  if (form.dataset.method !== "PATCH") return area.value;
  try {
    return JSON.stringify(changes(JSON.parse(area.defaultValue), JSON.parse(area.value)));
  } catch {
    return area.value;
  }
}

/** @param {HTMLFormElement} form */
async function save(form) {
  const { method = "PUT", path = "", type, then } = form.dataset;
  const area = field(form);
  /** @type {Record<string, string>} */
  const headers = { "X-Requested-With": "page" };
  if (type) headers["Content-Type"] = type;
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body(form) });
  } catch {
    return showProblems(form, JSON.stringify({ detail: "The service does not answer." }));
  }
  if (!answer.ok) return showProblems(form, await answer.text());
  form.querySelector(".problems")?.replaceChildren();
  area.removeAttribute("aria-invalid");
  if (then) return location.assign(then);
  if (form.dataset.clear !== undefined) area.value = "";
  number(form);
  refreshNow();
}

/** @param {HTMLFormElement} form @param {HTMLElement} button */
async function copyCurl(form, button) {
  const { curl = "", type } = form.dataset;
  const head = curl.replace(/ --data-binary ''$/, "");
  const kind = type ? ` -H 'Content-Type: ${type}'` : "";
  button.dataset.copy = `${head}${kind} --data-binary ${quoted(body(form))}`;
}

/** @param {HTMLFormElement} form */
function prepare(form) {
  if (form.dataset.ready !== undefined) return;
  form.dataset.ready = "";
  const area = field(form);
  for (const button of form.querySelectorAll("button")) button.disabled = false;
  number(form);
  area.addEventListener("input", () => number(form));
  area.addEventListener("scroll", () => {
    const gutter = form.querySelector(".gutter");
    if (gutter) gutter.scrollTop = area.scrollTop;
  });
  area.addEventListener("keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    if (key.key === "Enter" && (key.ctrlKey || key.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(form);
  });
  // Before the copying itself, which listens at the document.
  form.querySelector("[data-copy-editor]")?.addEventListener("click", (event) => {
    copyCurl(form, /** @type {HTMLElement} */ (event.currentTarget));
  });
  const file = form.querySelector("[data-open-file]");
  file?.addEventListener("change", async () => {
    const [chosen] = /** @type {HTMLInputElement} */ (file).files ?? [];
    if (!chosen) return;
    area.value = await chosen.text();
    number(form);
  });
}

const prepareAll = () => {
  for (const form of document.querySelectorAll("form[data-editor]")) prepare(/** @type {HTMLFormElement} */ (form));
};
document.addEventListener("page:refreshed", prepareAll);
prepareAll();
