"""Disks that lose at a power cut what was not synced, mounted at /mnt/home.

Both take the orders of tests/forgetful, a line each, and say when an order is done.
"""
import fcntl, os, struct, subprocess, time

import mail_bed as bed, mail_site as site

HOME = site.TOP + "/home"
SHUTDOWN, WITHOUT_JOURNAL = 0x8004587D, 2  # EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH


class Ext4:
    """A disk with the kernel's own file system, which takes the orders of tests/forgetful. At a cut the file system is shut down (the ioctl that
    its developers test it with): nothing is written any more, and what it had in memory is gone. It is repaired as at a start."""
    pid = 0

    def __init__(self, folder, *options):
        self.image, self.copy, self.device, self.cuts = folder + "/image", folder + "/copy", "", 0
        with open(self.image, "wb") as image:
            image.truncate(192 << 20)
        bed.command("mkfs.ext4", "-q", "-F", *options, self.image)
        for node, kind, number in (("loop-control", 0o20600, os.makedev(10, 237)), *((f"loop{at}", 0o60600, os.makedev(7, at)) for at in range(64))):
            if not os.path.exists(f"/dev/{node}"):
                os.mknod(f"/dev/{node}", kind, number)
        self.mount()

    def mount(self):
        self.device = subprocess.run(["losetup", "--show", "-f", self.image], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        bed.command("mount", "-o", "nodiscard", self.device, HOME)

    def unmount(self):
        for _ in range(600):
            if subprocess.run(["umount", HOME], stderr=subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(0.1)
        bed.command("losetup", "-d", self.device)

    def order(self, text):
        match text.split()[0]:
            case "cut":
                folder = os.open(HOME, os.O_RDONLY)
                fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", WITHOUT_JOURNAL))
                os.close(folder)
                bed.command("cp", "--sparse=always", self.image, self.copy)
                self.cuts += 1
            case "mount":
                self.unmount()
                os.rename(self.copy, self.image)
                if subprocess.run(["e2fsck", "-fy", self.image], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode > 2:
                    raise SystemExit("the file system cannot be repaired")
                self.mount()
            case "settle":
                os.sync()
        return "done"

    def end(self):
        self.unmount()
        return f"{self.cuts} cuts"


class Forgetful:
    """The file system of tests/forgetful."""

    def __init__(self, program, seed):
        self.server = subprocess.Popen([program, HOME, str(seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.server.pid
        self.order("mount")

    def order(self, text):
        print(text, file=self.server.stdin, flush=True)
        if (said := self.server.stdout.readline().strip()) == "":
            raise SystemExit(f"the file system has ended at {text}")
        return said

    def end(self):
        syncs = self.order("count")
        self.server.stdin.close()
        self.server.wait()
        return syncs
