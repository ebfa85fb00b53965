import createClient, { type Client as OpenApiClient } from "openapi-fetch";

import type { paths } from "./api.js";
import {
  ApiError,
  InvalidUrlError,
  MockSmtpError,
  NoServerError,
  NotMockSmtpError,
  OlderServerError,
  PortInUseError,
  type Problem,
  TimedOutError,
  WrongTokenError,
} from "./errors.js";

/**
 * The whole HTTP API, with types generated from the service's OpenAPI document.
 *
 * A call never returns `error`: it throws one of the errors of this package.
 */
export type Client = OpenApiClient<paths>;

/** How long a request may take, in addition to the `wait` that it asks for. */
const REQUEST_TIMEOUT = 10_000;

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration: milliseconds, or a number with a unit, for example `"2s"`. */
export type Duration = number | string;

/** The milliseconds of a duration. */
export function milliseconds(duration: Duration): number {
  if (typeof duration === "number") return duration;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(duration) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new TypeError(`${JSON.stringify(duration)} is not a duration; write for example "2s" or "500ms"`);
  }
  return Number(amount) * UNITS[unit]!;
}

/**
 * A client of a service, or of one of its hosts (`…/hosts/NAME`).
 *
 * @param url without a scheme it is that of HTTP: `127.0.0.1:8000`
 * @throws InvalidUrlError if it is no URL of HTTP
 */
export function connect(url: string, token?: string): Client {
  return createClient<paths>({
    baseUrl: rootOf(url),
    fetch: send,
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
}

/** @internal The root of the API, without a slash at the end. */
export function rootOf(url: string): string {
  const trimmed = url.trim();
  const root = (trimmed.includes("://") ? trimmed : `http://${trimmed}`).replace(/\/+$/, "");
  const parsed = URL.canParse(root) ? new URL(root) : undefined;
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol)) return root;
  const reason = parsed === undefined ? "it cannot be parsed" : `the scheme ${parsed.protocol} is not http: or https:`;
  throw new InvalidUrlError(
    `not the URL of a service: ${JSON.stringify(url)} (${reason}). ` +
      "MOCKSMTP_URL must be the address of the API, for example http://127.0.0.1:8000",
  );
}

async function send(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const wait = milliseconds(url.searchParams.get("wait") ?? 0);
  const timeout = AbortSignal.timeout(wait + REQUEST_TIMEOUT);
  const shown = `${request.method} ${url.origin}${url.pathname}`;
  let response: Response;
  let body: ArrayBuffer;
  try {
    // The API redirects nowhere.
    response = await fetch(request, { redirect: "manual", signal: AbortSignal.any([request.signal, timeout]) });
    body = await response.arrayBuffer();
  } catch (error) {
    if (request.signal.aborted) throw error;
    if (timeout.aborted) {
      throw new TimedOutError(`${shown}: no answer within ${(wait + REQUEST_TIMEOUT) / 1000} s`);
    }
    if (isNoHttp(error)) {
      throw new NotMockSmtpError(`${shown}: the answer is no HTTP (${reason(error)}). Check MOCKSMTP_URL.`);
    }
    throw new NoServerError(`${shown}: ${reason(error)}. Is the service running? Check MOCKSMTP_URL.`);
  }
  if (!response.ok) throw refusal(shown, response, body);
  // openapi-fetch parses JSON without looking at the type.
  if (!/json|text|octet/.test(response.headers.get("Content-Type") ?? "text") || isPage(response)) {
    throw new NotMockSmtpError(`${shown}: ${foreign(response, body)}`);
  }
  const empty = response.status === 204 || request.method === "HEAD";
  return new Response(empty ? null : body, { status: response.status, headers: response.headers });
}

function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof AggregateError) return reason(cause.errors[0]);
  return cause instanceof Error ? cause.message : String(cause);
}

function isNoHttp(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && error.cause.name === "HTTPParserError";
}

function isPage(response: Response): boolean {
  return (response.headers.get("Content-Type") ?? "").startsWith("text/html");
}

function foreign(response: Response, body: ArrayBuffer): string {
  const place = response.headers.get("Location");
  if (response.status >= 300 && response.status < 400 && place !== null) {
    return `the answer is not from mocksmtp: ${response.status}, a redirect to ${place}. Check MOCKSMTP_URL.`;
  }
  const start = new TextDecoder().decode(body.slice(0, 60)).replace(/\s+/g, " ");
  return `the answer is not from mocksmtp: ${response.status} ${JSON.stringify(start)}. Check MOCKSMTP_URL.`;
}

function refusal(shown: string, response: Response, body: ArrayBuffer): MockSmtpError {
  const type = response.headers.get("Content-Type") ?? "";
  const problem = type.startsWith("application/problem+json") ? parsed(body) : undefined;
  if (problem === undefined) return new NotMockSmtpError(`${shown}: ${foreign(response, body)}`);
  const detail = problem.detail ?? problem.title;
  if (problem.status === 401) {
    return new WrongTokenError(`${shown}: ${detail}. Set MOCKSMTP_TOKEN to the token of the service.`);
  }
  if (detail.startsWith("no such route") || problem.status === 405 || problem.status === 501) {
    return new OlderServerError(`${shown}: the service does not have this route (${detail}). Update mocksmtp.`);
  }
  if (problem.status === 409 && /in use/.test(detail) && !/name/.test(detail)) {
    return new PortInUseError(`${shown}: ${detail}`);
  }
  return new ApiError(shown, problem);
}

function parsed(body: ArrayBuffer): Problem | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as Problem;
  } catch {
    return undefined;
  }
}
