export type { components, paths } from "./api.js";
export { type Client, connect, type Duration } from "./client.js";
export * from "./errors.js";
export { type HostInput, MailHost, type NearMiss, type Session } from "./host.js";
export {
  type Attempt,
  type Bounce,
  type Delivery,
  type DnsQuery,
  type DnsRecord,
  Exchange,
  type Mail,
  Mock,
  type MockOptions,
  type Waiting,
} from "./mock.js";
export type { Recipe } from "./recipe.js";
export { RECIPES } from "./recipes.js";
export { explain, type MockFixture, withMock } from "./with-mock.js";
export { type Address, MockServer, type ServerOptions, sharedServer, stopSharedServer } from "./server.js";
export { type Behavior, type BehaviorInput, type Command, type Response, SetBehavior, When } from "./when.js";
