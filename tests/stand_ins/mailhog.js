// What a suite with the npm package mailhog does.
import assert from "node:assert/strict";
import mailhog from "mailhog";

const [host, port] = process.argv[2].split("//")[1].split(":");
const hog = mailhog({ host, port });

const all = await hog.messages();
assert.equal(all.total, 3);
assert.equal(all.count, 3);
const [third, second, first] = all.items;
assert.equal(first.subject, "café");
assert.equal(first.from, "Bob <bob@here.test>");
assert.equal(first.to, "Alice <alice@there.test>");
assert.equal(first.text.trim(), "größe");
assert.equal(first.html.trim(), "<p>größe</p>");
assert.equal(first.attachments.length, 1);
assert.equal(first.attachments[0].name, "a.bin");
assert.equal(first.attachments[0].type, "application/octet-stream");
assert.deepEqual(
  [...Buffer.from(first.attachments[0].Body, first.attachments[0].encoding)],
  [0, 1, 2],
);
assert.ok(Math.abs(Date.now() - first.deliveryDate) < 600_000);
assert.equal(first.date.toISOString(), "2026-01-02T02:04:05.000Z");
assert.equal(second.text.trim(), "plain");

const page = await hog.messages(1, 1);
assert.deepEqual(page.items.map((mail) => mail.ID), [second.ID]);
assert.equal((await hog.latestTo("alice@there.test")).ID, first.ID);
assert.equal((await hog.latestFrom("bob@here.test")).ID, third.ID);
assert.equal((await hog.latestContaining("plain")).ID, second.ID);
assert.ok(!(await hog.latestTo("nobody@there.test")));
assert.equal((await hog.search("there.test", "to")).total, 3);

assert.equal((await hog.deleteMessage(second.ID)).statusCode, 200);
assert.equal((await hog.messages()).total, 2);
assert.equal((await hog.deleteAll()).statusCode, 200);
assert.equal((await hog.messages()).total, 0);
console.log("done");
