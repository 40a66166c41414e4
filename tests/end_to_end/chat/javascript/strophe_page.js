// strophe.js in a page of another origin: it logs in, says something to itself, and leaves.
const c = new Strophe.Connection(told.service);
function say() {
  c.send($msg({ to: c.jid, type: "chat" }).c("body").t(wanted[0]));
}
c.connect(`${told.user}@${told.domain}/page`, told.password, (status, condition) => {
  if (status === Strophe.Status.CONNECTED) {
    c.addHandler((m) => {
      const body = m.getElementsByTagName("body")[0]?.textContent;
      if (body !== wanted[0]) end("heard " + String(body).slice(0, 100));
      wanted.shift();
      if (wanted.length > 0) say();
      else c.disconnect("enough");
      return true;
    }, null, "message", "chat");
    c.send($pres());
    say();
  } else if (status === Strophe.Status.DISCONNECTED) {
    end(wanted.length === 0 ? "done" : "disconnected too early: " + condition);
  } else if ([Strophe.Status.AUTHFAIL, Strophe.Status.CONNFAIL, Strophe.Status.ERROR].includes(status)) {
    end("failed: " + status + " " + condition);
  }
});
