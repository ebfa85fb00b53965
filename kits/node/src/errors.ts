import type { components } from "./api.js";

/** The problem document of an error (RFC 9457). */
export type Problem = components["schemas"]["Problem"];

/** The base class of all errors of this package. */
export class MockSmtpError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** No service was found or started, or it cannot be reached. */
export class NoServerError extends MockSmtpError {}

/** The URL of the service, for example that of `MOCKSMTP_URL`, is no URL of HTTP. */
export class InvalidUrlError extends MockSmtpError {}

/** The service requires another bearer token. */
export class WrongTokenError extends MockSmtpError {}

/** The service is older than this package and lacks what was requested. */
export class OlderServerError extends MockSmtpError {}

/** The service did not answer in time, or what a test waits for did not happen. */
export class TimedOutError extends MockSmtpError {}

/** A port for a listener is in use. */
export class PortInUseError extends MockSmtpError {}

/** Another test on the same service has the domain, and did not end in time. */
export class DomainInUseError extends MockSmtpError {}

/** Something else than mocksmtp answers at the URL. */
export class NotMockSmtpError extends MockSmtpError {}

/** The service refused a request. */
export class ApiError extends MockSmtpError {
  /** The HTTP status. */
  readonly status: number;
  /** The problem document; `errors` names each invalid field. */
  readonly problem: Problem;

  constructor(request: string, problem: Problem) {
    const fields = problem.errors ?? [];
    // With one invalid field, the detail names it already.
    const more = fields.length > 1 ? fields.map((one) => `\n  ${one.path}: ${one.message}`) : [];
    super(`${request}: ${problem.status} ${problem.detail ?? problem.title}${more.join("")}`);
    this.status = problem.status;
    this.problem = problem;
  }
}
