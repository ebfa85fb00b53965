// Puts a behavior, waits for a mail and reads its delivery (openapi-typescript).
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const api = createClient<paths>({ baseUrl: process.argv[2]! });
const busy: components["schemas"]["BehaviorInput"] = {
  command: "RCPT TO",
  condition: { operator: "contains", matchingValue: "busy@" },
  response: { code: 450, message: "4.2.0 Busy", delay: 10 },
};
const put = await api.PUT("/smtpBehaviors", { body: [busy] });
if (put.error) throw new Error(put.error.detail);
const wanted = { to: "you@there.test", count: 1, wait: "10s" };
const mails = await api.GET("/smtpMails", {
  params: { query: { ...wanted, view: "summary" } },
});
const subject: string | undefined = mails.data?.[0]?.subject;
const deliveries = await api.GET("/deliveries", { params: { query: wanted } });
console.log(subject, deliveries.data?.[0]?.final);
