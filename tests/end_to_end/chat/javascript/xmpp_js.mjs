// Two clients of xmpp.js talk: each logs in, and says to the other what it heard. Prints "done" at the end.
//   node xmpp_js.mjs SERVICE DOMAIN PASSWORD USER USER
import { client, xml } from "@xmpp/client";

const [service, domain, password, ...users] = process.argv.slice(2);
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";

function start(username) {
  const c = client({ service, domain, username, password, resource: "js" });
  c.heard = [];
  c.waiting = [];
  c.on("error", (e) => console.log(username, "error", e.message ?? e));
  c.on("stanza", (s) => {
    const body = s.is("message") && s.getChildText("body");
    if (!body) return;
    const waiter = c.waiting.shift();
    if (waiter) waiter(body);
    else c.heard.push(body);
  });
  c.hear = () => (c.heard.length ? Promise.resolve(c.heard.shift()) : new Promise((done) => c.waiting.push(done)));
  return c;
}

const [a, b] = users.map(start);
const addresses = [await a.start(), await b.start()];
await a.send(xml("presence"));
await b.send(xml("presence"));
const long = "x".repeat(100000);
for (const text of ["hello", "ümläut <&> \u{1F426}", long]) {
  await a.send(xml("message", { to: addresses[1].toString(), type: "chat" }, xml("body", {}, text)));
  const got = await b.hear();
  if (got !== text) throw new Error("heard " + got.slice(0, 100));
  await b.send(xml("message", { to: addresses[0].toString(), type: "chat" }, xml("body", {}, got)));
  if ((await a.hear()) !== text) throw new Error("not the same came back");
}
const answer = await a.iqCaller.get(xml("ping", "urn:xmpp:ping"), domain, 20000);
if (answer !== undefined && answer.name !== "iq" && answer !== null) throw new Error("ping: " + answer);
await a.stop();
await b.stop();
console.log("done");
process.exit(0);
