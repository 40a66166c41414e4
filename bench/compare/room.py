"""A root of its own over the system's, in which Debian packages are installed and servers run: nothing outside changes.

Needs root and a mount namespace of its own (`run` enters one), so that the mounts end with the process.
"""
import os, shutil, subprocess

INSIDE = "/bench"  # where a room has its server's data


class Room:
    def __init__(self, folder):
        """`folder`: empty, on the disk that is to be measured."""
        self.folder, self.root, self.data = folder, os.path.join(folder, "root"), os.path.join(folder, "data")
        for d in ("upper", "work", "root", "data"):
            os.makedirs(os.path.join(folder, d))
        os.chmod(folder, 0o755)
        os.chmod(self.data, 0o755)
        self._mount("-t", "overlay", "overlay", "-o", "lowerdir=/,upperdir=%s/upper,workdir=%s/work" % (folder, folder), self.root)
        self._mount("--rbind", "/dev", self.root + "/dev")
        self._mount("-t", "proc", "proc", self.root + "/proc")
        os.makedirs(self.root + INSIDE)
        self._mount("--bind", self.data, self.root + INSIDE)
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n")  # packages start nothing
        os.chmod(self.root + "/usr/sbin/policy-rc.d", 0o755)

    @staticmethod
    def _mount(*words):
        subprocess.run(["mount", *words], check=True)

    def install(self, packages):
        done = subprocess.run(self.command("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q",
                                           "--no-install-recommends", *packages), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError("apt-get install %s:\n%s" % (" ".join(packages), done.stdout[-3000:]))

    def command(self, *words):
        return ["chroot", self.root, *words]

    def call(self, *words, input=None):
        done = subprocess.run(self.command(*words), input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise RuntimeError("%s: %s" % (" ".join(words), done.stdout[-3000:]))
        return done.stdout

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, "w") as f:
            f.write(text)

    def make_folder(self, path, owner="root", mode=0o755):
        os.makedirs(self.root + path, exist_ok=True)
        os.chmod(self.root + path, mode)
        self.call("chown", owner, path)

    def show(self, folder):
        """A folder of the system's, at the same path."""
        os.makedirs(self.root + folder, exist_ok=True)
        self._mount("--bind", folder, self.root + folder)

    def hide(self, folder):
        subprocess.run(["umount", "-l", self.root + folder], check=False)

    def without_sync(self):
        """From here on a sync does nothing in this room."""
        self.install(["libeatmydata1"])
        self.write("/etc/ld.so.preload", "libeatmydata.so\n")

    def leave(self):
        subprocess.run(["umount", "-l", self.root], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
