// xmpp.js in a page: two clients talk, and one comes again.
const { client, xml } = XMPP;
function start(username) {
  const c = client({ service: told.service, domain: told.domain, username, password: told.password, resource: "page" });
  c.waiting = [];
  c.heard = [];
  c.on("error", (e) => end("error of " + username + ": " + (e.message ?? e)));
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
(async () => {
  const [a, b] = [told.user, told.other].map(start);
  await a.start();
  const there = await b.start();
  await a.send(xml("presence"));
  await b.send(xml("presence"));
  const say = async (text) => {
    await a.send(xml("message", { to: there.toString(), type: "chat" }, xml("body", {}, text)));
    const got = await b.hear();
    if (got !== text) throw new Error("heard " + got.slice(0, 100));
  };
  for (const text of wanted) await say(text);
  await a.stop();
  await a.start();
  await say("again");
  await a.stop();
  await b.stop();
  await end("done");
})();
