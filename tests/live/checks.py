"""What a script of this folder checks: told line by line, counted, and closed as `run` reads it."""
import time

counts = {True: 0, False: 0}


def check(what, good, seen=""):
    """One line: `seen` in full where it is not good, and a short one (a figure) where it is."""
    counts[bool(good)] += 1
    if not good:
        print(f"not ok: {what}: {seen}", flush=True)
    else:
        print(f"ok: {what}" + (f" ({seen})" if 0 < len(str(seen)) < 100 and "\n" not in str(seen) else ""), flush=True)


def until(what, limit=60):
    """The first true answer of `what`, or after `limit` seconds its last one."""
    end = time.monotonic() + limit
    while not (answer := what()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer


def close():
    """The last line, and the exit status."""
    print(f"{counts[True]} passed, {counts[False]} failed")
    return 1 if counts[False] or not counts[True] else 0
