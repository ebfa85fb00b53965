// Zooms the time axis: drag over a range of time.

/** @param {number} milliseconds since the epoch */
const rfc3339 = (milliseconds) => new Date(milliseconds).toISOString();

/** Percent of the width that stay free at each side; see timeline.py. */
const MARGIN = 1.5;

/** @type {{figure: HTMLElement, brush: HTMLElement, from: number} | undefined} */
let drag;

/**
 * @param {HTMLElement} figure
 * @param {number} x of the pointer
 */
function timeAt(figure, x) {
  const box = figure.getBoundingClientRect();
  const part = ((x - box.left) / box.width - MARGIN / 100) / (1 - (2 * MARGIN) / 100);
  const since = Number(figure.dataset.since) * 1000;
  const until = Number(figure.dataset.until) * 1000;
  return since + Math.min(1, Math.max(0, part)) * (until - since);
}

document.addEventListener("pointerdown", (event) => {
  const figure = /** @type {Element} */ (event.target).closest(".timeline");
  if (!(figure instanceof HTMLElement) || event.button) return;
  if (/** @type {Element} */ (event.target).closest("a")) return;
  const brush = document.createElement("div");
  brush.className = "brush";
  brush.setAttribute("data-keep", "");
  drag = { figure, brush, from: event.clientX };
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const { figure, brush, from } = drag;
  if (!brush.isConnected) {
    if (Math.abs(event.clientX - from) < 6) return;
    figure.append(brush);
  }
  const box = figure.getBoundingClientRect();
  brush.style.left = `${Math.min(from, event.clientX) - box.left}px`;
  brush.style.width = `${Math.abs(event.clientX - from)}px`;
});

document.addEventListener("pointerup", (event) => {
  if (!drag) return;
  const { figure, brush, from } = drag;
  drag = undefined;
  if (!brush.isConnected) return;
  const url = new URL(location.href);
  url.searchParams.set("since", rfc3339(timeAt(figure, Math.min(from, event.clientX))));
  url.searchParams.set("until", rfc3339(timeAt(figure, Math.max(from, event.clientX))));
  location.assign(url);
});
