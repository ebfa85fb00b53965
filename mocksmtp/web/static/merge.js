// Merges new HTML into the page in place, so that focus, selection, scroll positions,
// open details and what was typed are kept.

/**
 * Make the content of `old` equal to that of `fresh`. Children are matched by their id,
 * others by their place. `data-keep` marks an element that is left as it is.
 * @param {Element} old
 * @param {Element} fresh
 */
export function merge(old, fresh) {
  /** @type {Map<string, Element>} */
  const byId = new Map();
  const ids = new Set([...fresh.children].map((child) => child.id));
  // Rows that are gone are removed first: a row that is moved would lose the focus.
  for (const child of [...old.children]) {
    if (child.id && !ids.has(child.id)) child.remove();
    else if (child.id) byId.set(child.id, child);
  }
  let next = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const wanted = node instanceof Element && node.id ? byId.get(node.id) : undefined;
    if (wanted) {
      while (next && next !== wanted && !(next instanceof Element && next.id)) {
        const gone = next;
        next = next.nextSibling;
        gone.remove();
      }
      if (wanted === next) next = next.nextSibling;
      else old.insertBefore(wanted, next);
      mergeElement(wanted, /** @type {Element} */ (node));
      byId.delete(wanted.id);
      continue;
    }
    // A part is rendered without the white space around it.
    while (node instanceof Element && next instanceof Text && !next.data.trim()) {
      const gone = next;
      next = next.nextSibling;
      gone.remove();
    }
    // An element that is matched by its id is no match for another.
    let candidate = next;
    if (candidate instanceof Element && candidate.id && candidate.id !== /** @type {Element} */ (node).id) {
      candidate = null;
    }
    if (candidate && isSimilar(candidate, node)) {
      next = candidate.nextSibling;
      if (node instanceof Element) mergeElement(/** @type {Element} */ (candidate), node);
      else if (candidate.nodeValue !== node.nodeValue) candidate.nodeValue = node.nodeValue;
    } else {
      old.insertBefore(document.importNode(node, true), next);
    }
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

/**
 * @param {Node} one
 * @param {Node} other
 */
function isSimilar(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName;
}

/**
 * @param {Element} old
 * @param {Element} fresh
 */
function mergeElement(old, fresh) {
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  if (old.hasAttribute("data-keep")) return;
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isOfReader(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (!isOfReader(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old instanceof HTMLTextAreaElement || old instanceof HTMLSelectElement) return;
  merge(old, fresh);
}

/**
 * Whether an attribute is what the reader has made of the element.
 * @param {Element} element
 * @param {string} name
 */
function isOfReader(element, name) {
  if (name === "open") return element instanceof HTMLDetailsElement || element instanceof HTMLDialogElement;
  if (name === "tabindex" || name === "data-current") return element.hasAttribute("data-row");
  return element instanceof HTMLInputElement && (name === "value" || name === "checked");
}
