#!/usr/bin/env python3
"""The pages of explain, why, cover, diff, lint, lint --relay, test and replay in headless Chromium, at the width of a telephone and of a desk.

Each must stand for itself (no script, nothing from elsewhere), show its text, be no wider than the screen, and log no error.
usage: pages.py CANONIFY [--keep FOLDER]: pages and screenshots are left there, to be looked at. Says so and ends well
without Chromium. Closes with "N passed, N failed"."""
import argparse, html, os, pathlib, re, shutil, subprocess, sys, tempfile

TESTDATA = pathlib.Path(__file__).resolve().parents[2] / "testdata"
WIDTHS = {"phone": 390, "desk": 1280}
HEIGHT = 1400
ID = "Dec  1 07:00:00 mail sendmail[100]: 00000000000001: "
LOG = f"{ID}ruleset=check_rcpt, arg1=<a@other.example>, relay=client.example [192.0.2.1], reject=550 5.7.1 <a@other.example>... " \
    f"Relaying denied\n{ID}from=<b@client.example>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, relay=client.example [192.0.2.1]\n"
# the words of each page's command, and a text that it must show
PAGES = {
    "explain": (["-C", "site.mc", "joe@virt.example", "x@other.example"], "Relaying denied"),
    "why": (["-C", "site.mc", "550 5.7.1 <a@other.example>... Relaying denied"], "single changes"),
    "cover": (["-C", "site.mc"], "rules used"),
    "diff": (["site.mc", "new.mc"], "RELAY_DOMAIN"),
    "lint": (["-C", "site.mc"], "RELY"),
    "relay": (["-C", "open.mc", "--relay"], "reaches outside"),
    "test": (["site.test"], "Relaying denied"),
    "replay": (["log", "-C", "new.mc", "--against", "site.mc"], "RELAY_DOMAIN"),
}
# the command of a page that is called otherwise
COMMANDS = {"relay": "lint"}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr", "--force-device-scale-factor=1"]
# a window has a least width, a frame has none
FRAME = """<!doctype html><body style="margin:0"><iframe id="page" style="border:0" width="{width}" height="{height}" srcdoc="{page}"></iframe>
<script>addEventListener("load", () => {{ const inside = page.contentDocument.documentElement;
document.title = [inside.scrollWidth, page.clientWidth, inside.innerText.length].join(" ") }})</script></body>"""


def site(folder):
    for file in (TESTDATA / "explain").iterdir():
        (folder / file.name).write_text(file.read_text().replace("@DIR@", str(folder)))
    text = (folder / "site.mc").read_text()
    (folder / "new.mc").write_text(text.replace("MAILER(`local')", "RELAY_DOMAIN(`other.example')dnl\nMAILER(`local')"))
    (folder / "open.mc").write_text(text.replace("MAILER(`local')", "FEATURE(`promiscuous_relay')dnl\nMAILER(`local')"))
    (folder / "log").write_text(LOG)
    (folder / "site.test").write_text("rcpt joe@virt.example => accept\nrcpt x@other.example => accept\n")
    (folder / "access").write_text((folder / "access").read_text() + "To:friend.example\tRELY\n")


def browse(chromium, folder, *words):
    with tempfile.TemporaryDirectory() as profile:
        return subprocess.run([chromium, *FLAGS, f"--user-data-dir={profile}", *words], cwd=folder, capture_output=True, text=True,
                              errors="replace", timeout=300)


def problems(chromium, folder, name, page, wanted):
    if re.search(r"<script|(?:src|href)=|url\(|@import", page):
        yield f"{name} needs a script, or something from elsewhere"
    for device, width in WIDTHS.items():
        frame = folder / f"{name}-{device}.html"
        frame.write_text(FRAME.format(width=width, height=HEIGHT, page=html.escape(page)))
        shown = browse(chromium, folder, f"--window-size={max(width, 500)},{HEIGHT}", "--dump-dom", f"file://{frame}")
        sizes = re.search(r"<title>(\d+) (\d+) (\d+)</title>", shown.stdout)
        if not sizes:
            yield f"{name} at a {device}: not shown: {shown.stderr[-300:]}"
            continue
        wide, room, letters = map(int, sizes.groups())
        if wide > room:
            yield f"{name} at a {device}: {wide} pixels wide, where there are {room}"
        if letters < 100 or wanted not in html.unescape(page):
            yield f"{name} at a {device}: no text"
        if "CONSOLE" in shown.stderr:
            yield f"{name} at a {device}: {[line for line in shown.stderr.splitlines() if 'CONSOLE' in line]}"
        browse(chromium, folder, f"--window-size={max(width, 500)},{HEIGHT}", f"--screenshot={name}-{device}.png", f"file://{frame}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("canonify")
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if not chromium:
        print("SKIPPED: pages are looked at with Chromium, which is not here\n0 passed, 0 failed")
        return 0
    canonify, passed, failed = os.path.abspath(arguments.canonify), 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.keep or pathlib.Path(name)
        folder = folder.resolve()
        folder.mkdir(exist_ok=True)
        site(folder)
        for name, (words, wanted) in PAGES.items():
            done = subprocess.run([canonify, COMMANDS.get(name, name), *words, "--html", f"{name}.html"], cwd=folder, capture_output=True, text=True, timeout=600)
            page = folder / f"{name}.html"
            found = list(problems(chromium, folder, name, page.read_text(), wanted)) if page.exists() else [f"{name}: {done.stderr}"]
            for line in found:
                print("FAILED", line)
            passed, failed = passed + (not found), failed + bool(found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
