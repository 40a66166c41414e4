// Two clients of xmpp.js talk: each logs in, and says to the other what it heard; then one comes again. Prints "done" at the end.
//   node xmpp_js.mjs SERVICE DOMAIN PASSWORD USER USER
import { client, xml } from "@xmpp/client";
import WebSocket from "ws";

const [service, domain, password, ...users] = process.argv.slice(2);
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
globalThis.WebSocket ??= WebSocket;

function start(username) {
  const c = client({ service, domain, username, password, resource: "js" });
  c.heard = [];
  c.logins = [];
  c.on("send", (e) => e.is("authenticate", "urn:xmpp:sasl:2") && c.logins.push(e.attrs.mechanism));
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
// It comes again with the token that it was given (XEP-0484).
await a.stop();
await a.start();
if (a.logins.length !== 2 || a.logins[1] !== "HT-SHA-256-NONE") throw new Error("logins: " + a.logins);
await a.send(xml("message", { to: addresses[1].toString(), type: "chat" }, xml("body", {}, "again")));
if ((await b.hear()) !== "again") throw new Error("not heard again");
await a.stop();
await b.stop();
console.log("done");
process.exit(0);
