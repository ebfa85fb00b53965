// Buttons that send a request to the API, and buttons that copy.
import { refreshNow } from "./live.js";

/**
 * Send a request to the API.
 * @param {string} method
 * @param {string} path
 * @param {string} [body]
 * @returns {Promise<{ok: boolean, status: number, text: string}>}
 */
export async function send(method, path, body) {
  try {
    const answer = await fetch(path, {
      method,
      body,
      headers: { "X-Requested-With": "page" },
    });
    return { ok: answer.ok, status: answer.status, text: await answer.text() };
  } catch {
    return { ok: false, status: 0, text: "The service does not answer." };
  }
}

/**
 * The errors of a problem document (RFC 9457), one a line.
 * @param {string} text
 * @returns {{path: string, message: string}[]}
 */
export function problems(text) {
  try {
    const document = JSON.parse(text);
    return document.errors ?? [{ path: "", message: document.detail ?? document.title }];
  } catch {
    return [{ path: "", message: text }];
  }
}

/**
 * Show a message below an element; an empty one removes it.
 * @param {Element} element
 * @param {string} message
 * @param {boolean} [failed]
 */
export function say(element, message, failed = false) {
  let note = element.nextElementSibling;
  if (!note?.classList.contains("note")) {
    if (!message) return;
    note = document.createElement("output");
    note.className = "note";
    note.setAttribute("data-keep", "");
    element.after(note);
  }
  note.classList.toggle("error", failed);
  note.textContent = message;
  if (!message) note.remove();
}

/** @param {HTMLElement} button */
async function act(button) {
  const { method = "POST", path = "", body, confirm: question, then } = button.dataset;
  if (question && !confirm(question)) return;
  const place = button.closest(".action") ?? button;
  button.setAttribute("aria-busy", "true");
  const answer = await send(method, path, body);
  button.removeAttribute("aria-busy");
  if (!answer.ok) {
    const told = problems(answer.text).map((one) => [one.path, one.message].filter(Boolean).join(": "));
    say(place, told.join("\n"), true);
    return;
  }
  if (then) return location.assign(then);
  say(place, button.dataset.done ?? "");
  button.dispatchEvent(new CustomEvent("action:done", { bubbles: true, detail: answer.text }));
  refreshNow();
}

/**
 * A text as a word of a shell.
 * @param {string} text
 */
export const quoted = (text) => `'${text.replaceAll("'", `'"'"'`)}'`;

/**
 * The document that a form with `data-json` sends.
 * @param {HTMLFormElement} form
 */
function documentOf(form) {
  /** @type {Record<string, string>} */
  const document = {};
  for (const [name, value] of new FormData(form)) if (value !== "") document[name] = String(value);
  return JSON.stringify(document);
}

/** @param {HTMLElement} button */
async function copy(button) {
  const form = button.closest("form");
  // With what the fields contain now.
  if (form?.dataset.json !== undefined) {
    button.dataset.copy = button.dataset.copy?.replace(/(--data-binary ).*/s, (_, head) => head + quoted(documentOf(form)));
  }
  const text = button.dataset.copy ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https a browser offers no clipboard to scripts.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const label = button.textContent;
  button.textContent = "copied";
  setTimeout(() => (button.textContent = label), 1200);
}

/**
 * Send a form with `data-json` as a JSON document.
 * @param {HTMLFormElement} form
 */
async function submit(form) {
  const answer = await send("POST", new URL(form.action).pathname, documentOf(form));
  if (!answer.ok) {
    const told = problems(answer.text).map((one) => [one.path, one.message].filter(Boolean).join(": "));
    return say(form, told.join("\n"), true);
  }
  const { code, text } = JSON.parse(answer.text);
  say(form, code ? `${code} ${text}` : `no reply: ${text}`, code < 200 || code >= 400);
  refreshNow();
}

export function startActions() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.json === undefined) return;
    event.preventDefault();
    submit(form);
  });
  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button, a");
    if (!(button instanceof HTMLElement)) return;
    if (button.dataset.copy !== undefined) copy(button);
    else if (button.dataset.path !== undefined) {
      // Without this script the button sends a form.
      event.preventDefault();
      act(button);
    }
  });
}
