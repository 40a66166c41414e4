// A client of strophe.js over BOSH, with the XMLHttpRequest of a page of another origin: it logs in, says something to
// itself, and leaves. Prints "done" at the end.
//   node strophe_js.mjs SERVICE DOMAIN PASSWORD USER
import { JSDOM } from "jsdom";
import WebSocket from "ws";

const [service, domain, password, user] = process.argv.slice(2);
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
const { window } = new JSDOM("", { url: "http://page.example/", runScripts: "dangerously" });
for (const name of ["document", "DOMParser", "XMLSerializer", "XMLHttpRequest", "Element", "Node"]) globalThis[name] = window[name];
globalThis.window = window;
globalThis.WebSocket = WebSocket;
const { Strophe, $msg, $pres, $iq } = (await import("strophe.js")).default ?? (await import("strophe.js"));

const address = `${user}@${domain}`;
const c = new Strophe.Connection(service);
const long = "x".repeat(100000);
const wanted = ["hello", "ümläut <&> \u{1F426}", long];
const failed = setTimeout(() => {
  console.log("nothing more came; wanted", wanted.map((w) => w.slice(0, 20)));
  process.exit(1);
}, 60000);

function hear(message) {
  const body = message.getElementsByTagName("body")[0]?.textContent;
  if (body !== wanted[0]) {
    console.log("heard", String(body).slice(0, 100));
    process.exit(1);
  }
  wanted.shift();
  if (wanted.length > 0) say();
  else c.sendIQ($iq({ type: "get", to: domain, id: "p" }).c("ping", { xmlns: "urn:xmpp:ping" }), () => c.disconnect("enough"));
  return true;
}
function say() {
  c.send($msg({ to: c.jid, type: "chat" }).c("body").t(wanted[0]));
}
c.connect(`${address}/strophe`, password, (status, condition) => {
  if (status === Strophe.Status.CONNECTED) {
    c.addHandler(hear, null, "message", "chat");
    c.send($pres());
    say();
  } else if (status === Strophe.Status.DISCONNECTED) {
    clearTimeout(failed);
    console.log(wanted.length === 0 ? "done" : `disconnected too early: ${condition}`);
    process.exit(wanted.length === 0 ? 0 : 1);
  } else if (status === Strophe.Status.AUTHFAIL || status === Strophe.Status.CONNFAIL || status === Strophe.Status.ERROR) {
    console.log("failed:", status, condition);
    process.exit(1);
  }
});
