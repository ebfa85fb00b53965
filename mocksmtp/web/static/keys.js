// Keys: j k Enter / d r ? Esc, 1 to 6.
import { refreshNow } from "./live.js";

/** @returns {HTMLElement[]} the rows that are visible */
const rows = () =>
  [...document.querySelectorAll("[data-row]")]
    .map((row) => /** @type {HTMLElement} */ (row))
    .filter((row) => row.checkVisibility());

/** @returns {HTMLElement | null} */
const current = () => document.querySelector("[data-row][data-current]");

/** @param {HTMLElement} row */
function select(row) {
  current()?.removeAttribute("data-current");
  row.setAttribute("data-current", "");
  const target = row.matches("a, button, summary") ? row : row.querySelector("summary, a[data-open]");
  const focused = /** @type {HTMLElement} */ (target ?? row);
  if (focused === row && !row.hasAttribute("tabindex")) row.tabIndex = -1;
  focused.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

/** @param {number} step */
function move(step) {
  const all = rows();
  if (!all.length) return;
  const row = current() ?? /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-row]"));
  const at = row ? all.indexOf(row) : -1;
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
  select(all[Math.min(all.length - 1, Math.max(0, next))]);
}

function open() {
  const row = current();
  const link = row?.querySelector("a[data-open]");
  if (link instanceof HTMLElement) link.click();
  else row?.querySelector("summary")?.click();
}

/**
 * Click what has a key: in the current row, or outside of all rows.
 * @param {string} key
 */
function press(key) {
  const of = `[data-key="${key}"]`;
  const outside = [...document.querySelectorAll(`#main ${of}`)].find((one) => !one.closest("[data-row]"));
  const button = current()?.querySelector(of) ?? outside;
  if (button instanceof HTMLElement) button.click();
}

function close() {
  const active = document.activeElement;
  if (active instanceof HTMLElement && active.matches("input, textarea, select")) return active.blur();
  const link = document.querySelector("[data-close]");
  if (link instanceof HTMLElement) return link.click();
  const details = current()?.closest("details[open]") ?? current()?.querySelector("details[open]");
  if (details) details.removeAttribute("open");
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = /** @type {Element} */ (event.target);
  if (document.querySelector("dialog[open]")) return;
  const isField = target.matches("input, textarea, select, [contenteditable]");
  if (event.key === "Escape") return close();
  if (isField) return;
  if (event.key === "Enter") {
    // A focused link, button or summary does it by itself.
    if (!target.matches("a, button, summary")) open();
    return;
  }
  const screen = /^[1-9]$/.test(event.key) && document.querySelectorAll("header nav a")[Number(event.key) - 1];
  if (screen instanceof HTMLElement) screen.click();
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "r") refreshNow();
  else if (event.key === "?") showKeys();
  else if (event.key === "/") {
    const field = document.querySelector("[data-search]");
    if (!(field instanceof HTMLElement)) return;
    field.focus();
    if (field instanceof HTMLInputElement) field.select();
  } else if (/^[a-z]$/.test(event.key)) press(event.key);
  else return;
  event.preventDefault();
}

function showKeys() {
  const dialog = document.getElementById("keys");
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

export function startKeys() {
  document.addEventListener("keydown", onKey);
  document.getElementById("show-keys")?.addEventListener("click", showKeys);
  document.addEventListener("focusin", (event) => {
    const row = /** @type {Element} */ (event.target).closest("[data-row]");
    if (!row || row === current()) return;
    current()?.removeAttribute("data-current");
    row.setAttribute("data-current", "");
  });
}
