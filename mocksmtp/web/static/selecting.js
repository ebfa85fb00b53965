// The selection in a list: a checkbox for each row, one for all, and what is done with it.
import { problems, say, send } from "./actions.js";
import { refreshNow } from "./live.js";

/** @returns {HTMLInputElement[]} */
const boxes = () => [...document.querySelectorAll("[data-select]")].map((box) => /** @type {HTMLInputElement} */ (box));

/** @returns {HTMLInputElement[]} */
const selected = () => boxes().filter((box) => box.checked);

function update() {
  const count = selected().length;
  const all = document.querySelector("[data-select-all]");
  if (all instanceof HTMLInputElement) {
    all.checked = count > 0 && count === boxes().length;
    all.indeterminate = count > 0 && !all.checked;
  }
  const button = document.querySelector("[data-delete-selected]");
  if (button instanceof HTMLButtonElement) {
    button.disabled = !count;
    button.textContent = count ? `Delete ${count} selected` : "Delete selected";
    const copy = button.nextElementSibling;
    if (copy instanceof HTMLButtonElement) {
      copy.disabled = !count;
      copy.dataset.copy = selected().map((box) => box.dataset.curl).join("\n");
    }
  }
}

/** @param {HTMLElement} button */
async function deleteSelected(button) {
  for (const box of selected()) {
    const answer = await send("DELETE", box.dataset.select ?? "");
    if (!answer.ok && answer.status !== 404) {
      say(button, problems(answer.text).map((one) => one.message).join("\n"), true);
      break;
    }
    box.checked = false;
  }
  refreshNow();
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement)) return;
  if (box.dataset.selectAll !== undefined) for (const each of boxes()) each.checked = box.checked;
  if (box.dataset.selectAll !== undefined || box.dataset.select !== undefined) update();
});
document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-delete-selected]");
  if (button instanceof HTMLElement) deleteSelected(button);
});
/** The row that becomes the current one when the row before it is gone. */
/** @type {{row: Element, next: Element} | undefined} */
let leaving;

document.addEventListener("action:done", (event) => {
  const row = /** @type {Element} */ (event.target).closest("[data-row]");
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  leaving = row && next ? { row, next } : undefined;
});
document.addEventListener("page:refreshed", () => {
  update();
  if (!leaving || leaving.row.isConnected) return;
  const link = leaving.next.querySelector("a[data-open], summary");
  if (link instanceof HTMLElement && leaving.next.isConnected) link.focus({ preventScroll: true });
  leaving = undefined;
});
update();
