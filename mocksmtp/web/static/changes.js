// Runs as a SharedWorker: one event stream for all tabs of the service. A browser opens
// at most six connections to an origin with HTTP/1.1; a stream per tab would use them up.

/** How long to wait before connecting again after the service refused the stream, ms. */
const RETRY = 1500;

/**
 * Follow the changes of the service for as long as the program runs.
 * @param {(message: {state?: string, kinds?: string[]}) => void} post
 *   called with the state after each attempt to connect, and with kinds of events
 * @returns {() => string} the state now: "connecting", "open" or "closed"
 */
export function follow(post) {
  let state = "connecting";
  /** @param {string} now */
  const enter = (now) => post({ state: (state = now) });
  const connect = () => {
    const source = new EventSource("/events?every=300ms");
    source.onopen = () => enter("open");
    source.onerror = () => {
      enter("closed");
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY);
      else if (source.readyState === EventSource.CONNECTING) {
        // Chromium doubles its own delay with each failure.
        source.close();
        setTimeout(connect, RETRY);
      }
    };
    source.addEventListener("changes", (event) => {
      post({ kinds: Object.keys(JSON.parse(event.data).counts) });
    });
  };
  connect();
  return () => state;
}

// The libraries of TypeScript for pages do not declare what only workers have.
const { SharedWorkerGlobalScope } = /** @type {any} */ (globalThis);
if (SharedWorkerGlobalScope && globalThis instanceof SharedWorkerGlobalScope) {
  /** @type {Set<MessagePort>} */
  const ports = new Set();
  const state = follow((message) => ports.forEach((port) => port.postMessage(message)));
  globalThis.addEventListener("connect", (event) => {
    const [port] = /** @type {MessageEvent} */ (event).ports;
    ports.add(port);
    // A tab says when it leaves; one that crashed stays in the set and costs nothing.
    port.onmessage = () => ports.delete(port);
    port.postMessage({ state: state() });
  });
}
