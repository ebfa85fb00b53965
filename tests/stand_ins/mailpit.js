// What a suite with the npm package mailpit-api does.
import assert from "node:assert/strict";
import { MailpitClient } from "mailpit-api";

const auth = { username: "any", password: "secret" };
const pit = new MailpitClient(process.argv[2], { auth });
await assert.rejects(new MailpitClient(process.argv[2]).listMessages(), /401/);

const all = await pit.listMessages();
assert.equal(all.total, 3);
assert.equal(all.messages_unread, 3);
const [third, second, first] = all.messages;
assert.equal(first.Subject, "café");
assert.equal(first.Attachments, 1);
assert.equal(first.Snippet, "größe");

const mail = await pit.getMessageSummary(first.ID);
assert.deepEqual(mail.From, { Name: "Bob", Address: "bob@here.test" });
assert.deepEqual(mail.To, [{ Name: "Alice", Address: "alice@there.test" }]);
assert.equal(mail.Text.trim(), "größe");
assert.equal(mail.HTML.trim(), "<p>größe</p>");
const blob = await pit.getMessageAttachment(first.ID, mail.Attachments[0].PartID);
assert.deepEqual([...new Uint8Array(await blob.arrayBuffer())], [0, 1, 2]);
assert.equal(blob.type, "application/octet-stream");
assert.equal((await pit.getMessageSummary()).ID, third.ID);
assert.equal((await pit.getMessageHeaders(first.ID))["Mime-Version"][0], "1.0");
assert.match(await pit.getMessageSource(second.ID), /\r\n\r\nplain\r\n$/);
assert.equal((await pit.renderMessageText(second.ID)).trim(), "plain");
assert.match(await pit.renderMessageHTML(first.ID), /<p>größe<\/p>/);
await assert.rejects(pit.getMessageSummary("999"), /404/);

const found = await pit.searchMessages({ query: "to:alice@there.test subject:café" });
assert.deepEqual(found.messages.map((one) => one.ID), [first.ID]);
assert.equal(found.messages[0].Read, true);
assert.equal((await pit.waitForMessage({ query: "plain" })).ID, second.ID);
assert.equal((await pit.waitForMessages({ count: 3 })).messages_count, 3);

assert.equal(await pit.setReadStatus({ Read: false }), "ok");
assert.equal((await pit.listMessages()).unread, 3);
assert.equal(await pit.setTags({ IDs: [first.ID], Tags: ["one"] }), "ok");
assert.deepEqual(await pit.getTags(), ["one"]);
assert.equal(await pit.renameTag("one", "two"), "ok");
assert.deepEqual((await pit.getMessageSummary(first.ID)).Tags, ["two"]);
assert.equal(await pit.deleteTag("two"), "ok");

const recipient = { ErrorCode: 550, Probability: 100 };
const triggers = await pit.setChaosTriggers({ Recipient: recipient });
assert.deepEqual(triggers.Recipient, recipient);
assert.deepEqual(await pit.getChaosTriggers(), triggers);
await pit.setChaosTriggers();

const sent = await pit.sendMessage({
  From: { Email: "a@here.test", Name: "A" },
  To: [{ Email: "b@there.test" }],
  Subject: "sent",
  Text: "text",
});
assert.equal((await pit.getMessageSummary(sent.ID)).Subject, "sent");
assert.equal((await pit.getInfo()).Messages, 4);
assert.equal((await pit.getConfiguration()).ChaosEnabled, true);

assert.equal(await pit.deleteMessagesBySearch({ query: "subject:sent" }), "ok");
assert.equal(await pit.deleteMessages({ IDs: [second.ID] }), "ok");
assert.equal((await pit.listMessages()).total, 2);
assert.equal(await pit.deleteMessages(), "ok");
assert.equal((await pit.listMessages()).total, 0);
console.log("done");
