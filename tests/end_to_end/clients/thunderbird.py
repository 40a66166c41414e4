"""Thunderbird without a window, driven over its Marionette port: JavaScript that runs inside it, with an answer as JSON."""
import json, os, socket, subprocess, tempfile, time

QUIET = {"mail.provider.suppress_dialog_on_startup": True, "mailnews.start_page.enabled": False, "mail.shell.checkDefaultClient": False,
         "app.update.enabled": False, "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.enabled": False,
         "app.normandy.enabled": False, "browser.safebrowsing.enabled": False, "network.manage-offline-status": False,
         "mail.inappnotifications.enabled": False, "mail.server.default.check_all_folders_for_new": True}

# `wait(what, condition)` asks again until the condition gives something; `url(run)` waits for a network task to end well.
PRELUDE = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");
const pause = ms => new Promise(r => setTimeout(r, ms));
const wait = async (what, condition) => {
  for (let i = 0; i < 600; ++i) { const got = condition(); if (got) return got; await pause(50); }
  throw new Error("nothing came of: " + what);
};
const url = run => new Promise((ok, bad) => run({ OnStartRunningUrl() {}, OnStopRunningUrl(u, s) { s == 0 ? ok() : bad(new Error("status " + s)); } }));
const copied = run => new Promise((ok, bad) => run({ onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; },
  onStopCopy(s) { s == 0 ? ok() : bad(new Error("status " + s)); }, QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]) }));
const server = MailServices.accounts.allServers.find(s => s.type == "imap");
const inbox = server && server.rootFolder.getFolderWithFlags(0x1000);
const folder = name => server.rootFolder.descendants.find(f => f.name == name);
const message = (f, subject) => [...f.messages].find(h => h.mime2DecodedSubject == subject);
"""


class Thunderbird:
    def __init__(self, folder, port, program="thunderbird"):
        """`folder` is its home and its profile; `port` a free one."""
        profile = os.path.join(folder, "profile")
        os.mkdir(profile)
        with open(os.path.join(profile, "user.js"), "w") as f:
            for name, value in dict(QUIET, **{"marionette.port": port}).items():
                f.write("user_pref(%s, %s);\n" % (json.dumps(name), json.dumps(value)))
        self.log = open(os.path.join(folder, "thunderbird.log"), "wb")
        self.process = subprocess.Popen([program, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile],
                                        env=dict(os.environ, HOME=folder), stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        self.asked, end = 0, time.time() + 120
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), 120)
                break
            except OSError:
                if self.process.poll() is not None or time.time() > end:
                    raise RuntimeError("Thunderbird does not start: " + self.words())
                time.sleep(0.1)
        self.file = self.socket.makefile("rb")
        self._read()
        self._command("WebDriver:NewSession", capabilities={})
        self._command("WebDriver:SetTimeouts", script=90000)
        self._command("Marionette:SetContext", value="chrome")

    def words(self):
        with open(self.log.name, errors="replace") as f:
            return f.read()[-2000:]

    def run(self, body, **given):
        """The value that the body of an asynchronous function returns; `given` are its constants."""
        constants = "".join("const %s = %s;\n" % (n, json.dumps(v)) for n, v in given.items())
        script = ("const ended = arguments[arguments.length - 1]; (async () => {%s%s%s})().then("
                  "v => ended({value: v === undefined ? null : v}), e => ended({error: String(e) + ' ' + (e && e.stack)}));")
        answer = self._command("WebDriver:ExecuteAsyncScript", script=script % (PRELUDE, constants, body), args=[], sandbox="system")["value"]
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.file.close()
        self.socket.close()
        self.log.close()

    def _command(self, name, **parameters):
        self.asked += 1
        octets = json.dumps([0, self.asked, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(octets), octets))
        _, _, fault, result = self._read()
        if fault:
            raise RuntimeError("%s: %s" % (name, fault.get("message")))
        return result

    def _read(self):
        length = b""
        while (c := self.file.read(1)) != b":":
            if not c:
                raise EOFError(self.words())
            length += c
        return json.loads(self.file.read(int(length)))
