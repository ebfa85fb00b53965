// Keeps the parts of a screen current: waits for changes, fetches the parts that they
// concern, and merges them into the page.
import { merge } from "./merge.js";
import { follow } from "./changes.js";

/** Least time between two refreshes, ms. */
const PAUSE = 300;

/** The same while one change follows the other. */
const BUSY_PAUSE = 2000;

/** The same at most: the first refresh after a start takes longer than others, ms. */
const MAX_PAUSE = 3000;

/** Refreshes further apart than this, ms, are no longer one after the other. */
const QUIET = 2500;

/** A refresh may use this part of the time, so that a busy service is not slowed. */
const SHARE = 20;

/** What becomes due by time alone, such as the end of an attempt, follows within this. */
const SETTLE = 1000;

/** @type {Set<string>} */
const stale = new Set();
let busy = false;
let last = 0;
let series = 0;
let spent = 0;
let timer = 0;
let settle = 0;
let wasLost = false;

/** @returns {HTMLElement[]} */
const parts = () => [...document.querySelectorAll("[data-part]")].map((e) => /** @type {HTMLElement} */ (e));

/**
 * Fetch parts again, now or as soon as it is time.
 * @param {string[]} [names] of parts; all of them by default
 */
export function refresh(names) {
  for (const part of parts()) {
    const name = part.dataset.part ?? "";
    if (!names || names.includes(name)) stale.add(name);
  }
  plan();
}

/** Refresh at once what an action has changed. */
export function refreshNow() {
  last = 0;
  clearTimeout(timer);
  timer = 0;
  refresh();
}

function plan() {
  if (busy || timer || !stale.size || document.hidden) return;
  const pause = series > 2 ? BUSY_PAUSE : PAUSE;
  const rest = Math.min(MAX_PAUSE, Math.max(pause, SHARE * spent));
  const wait = Math.max(0, last + rest - performance.now());
  timer = window.setTimeout(load, wait);
}

async function load() {
  timer = 0;
  busy = true;
  const names = [...stale];
  stale.clear();
  const begun = performance.now();
  series = begun - last < QUIET ? series + 1 : 0;
  try {
    const url = new URL(location.href);
    url.searchParams.set("part", names.join(","));
    url.hash = "";
    const answer = await fetch(url, { headers: { "X-Requested-With": "page" } });
    if (answer.status === 401) return logIn();
    if (answer.ok) {
      if (answer.headers.get("X-Page") !== document.documentElement.dataset.digest) {
        return location.reload();
      }
      apply(await answer.text());
    }
  } catch {
    // The state of the stream reports it; what is stale is fetched when it is back.
    names.forEach((name) => stale.add(name));
  } finally {
    busy = false;
    last = performance.now();
    spent = last - begun;
    if (!wasLost) plan();
  }
}

/** @param {string} html with an element for each part */
function apply(html) {
  const made = new DOMParser().parseFromString(html, "text/html");
  const anchor = firstVisibleRow();
  const before = anchor?.getBoundingClientRect().top ?? 0;
  for (const fresh of made.querySelectorAll("body > [data-part]")) {
    const name = /** @type {HTMLElement} */ (fresh).dataset.part ?? "";
    const old = document.querySelector(`[data-part="${CSS.escape(name)}"]`);
    if (old) merge(old, fresh);
  }
  if (anchor?.isConnected && scrollY > 0) {
    const moved = anchor.getBoundingClientRect().top - before;
    if (moved) scrollBy({ top: moved, behavior: "instant" });
  }
  document.dispatchEvent(new CustomEvent("page:refreshed"));
  askAgain();
}

/** A part that is not complete yet has `data-again`: it is fetched again soon. */
function askAgain() {
  const again = [...document.querySelectorAll("[data-part]:has([data-again])")];
  if (again.length) {
    setTimeout(() => refresh(again.map((e) => /** @type {HTMLElement} */ (e).dataset.part ?? "")), PAUSE);
  }
}

/** @returns {Element | undefined} the row at the top of the view, which must not move */
function firstVisibleRow() {
  if (scrollY <= 0) return undefined;
  return [...document.querySelectorAll("[data-part] [id]")].find(
    (row) => row.getBoundingClientRect().top >= 0,
  );
}

function logIn() {
  const here = location.pathname + location.search;
  location.assign(`/login?next=${encodeURIComponent(here)}`);
}

/** @param {{state?: string, kinds?: string[]}} message */
function hear({ state, kinds }) {
  if (state) show(state);
  if (!kinds) return;
  const concerned = parts()
    .filter((part) => {
      const on = (part.dataset.on ?? "").split(" ");
      return kinds.includes("dropped") || kinds.some((kind) => on.includes(kind));
    })
    .map((part) => part.dataset.part ?? "");
  if (!concerned.length) return;
  refresh(concerned);
  clearTimeout(settle);
  settle = window.setTimeout(() => refresh(concerned), SETTLE);
}

/** @param {string} state of the stream */
function show(state) {
  const banner = document.getElementById("banner");
  const note = document.getElementById("state");
  if (note) {
    note.textContent = state === "open" ? "live" : state === "closed" ? "stopped" : "";
    note.dataset.state = state;
  }
  if (state === "closed") {
    wasLost = true;
    fetch("/status", { headers: { "X-Requested-With": "page" } })
      .then((answer) => answer.status === 401 && parts().length && logIn())
      .catch(() => undefined);
    if (banner) {
      banner.textContent =
        "The service does not answer. What you see is what it last reported; the page continues by itself when the service is back.";
      banner.hidden = false;
    }
  } else if (state === "open") {
    if (banner) banner.hidden = true;
    if (wasLost) {
      wasLost = false;
      refreshNow();
    }
  }
}

/** Follow the service, by a worker that all tabs share where the browser has such. */
export function startLive() {
  if (!parts().length) return;
  if (typeof SharedWorker === "undefined") {
    follow(hear);
  } else {
    const url = new URL("./changes.js", import.meta.url);
    const worker = new SharedWorker(url, { type: "module", name: "mocksmtp" });
    worker.port.onmessage = (event) => hear(event.data);
    addEventListener("pagehide", () => worker.port.postMessage("leave"));
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }
  document.addEventListener("visibilitychange", plan);
  askAgain();
}
