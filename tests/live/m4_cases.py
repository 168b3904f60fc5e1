#!/usr/bin/env python3
"""The m4 programs of testdata/m4/cases, run by GNU m4.

usage: m4_cases.py record [FILE...]     writes what GNU m4 prints into the files
       m4_cases.py check CANONIFY       runs each program with both; prints `N passed, N failed`

A file is a list of programs: `=== NAME`, header lines (`args: ...` for the command line, `newline: no` for a
program without its last newline), the text for standard input, then `--- stdout`, `--- stderr` and
`--- status N` as far as they are not empty or 0. `, open` after the name of a part: without its last newline.
Programs run in testdata/m4/files. M4 names the m4 to run.
"""
import os, pathlib, shlex, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "testdata/m4/cases"
FILES = ROOT / "testdata/m4/files"


def read(path):
    """Yields (name, header lines, program) of each case."""
    for block in path.read_bytes().split(b"\n=== "):
        block = block.removeprefix(b"=== ").rstrip(b"\n") + b"\n"
        source = block.split(b"\n--- ")[0] + b"\n" if b"\n--- " in block else block
        name, _, rest = source.partition(b"\n")
        header = []
        while rest.startswith((b"args: ", b"newline: ")):
            line, _, rest = rest.partition(b"\n")
            header.append(line)
        yield name, header, rest


def arguments(header):
    args = [line[6:].decode() for line in header if line.startswith(b"args: ")]
    args = shlex.split(args[0]) if args else []
    return args


def run(command, header, program):
    if b"newline: no" in header:
        program = program.removesuffix(b"\n")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    try:
        done = subprocess.run(command + arguments(header), input=program, capture_output=True, cwd=FILES,
                              env=environment, timeout=20)
    except subprocess.TimeoutExpired:
        return b"", b"takes for ever", -1
    return done.stdout, done.stderr, done.returncode


def part(name, text):
    if not text:
        return b""
    return b"--- " + name + (b"\n" + text if text.endswith(b"\n") else b", open\n" + text + b"\n")


def record(m4, paths):
    for path in paths:
        out = b""
        for name, header, program in read(path):
            stdout, stderr, status = run([m4], header, program)
            out += b"=== " + name + b"\n" + b"".join(line + b"\n" for line in header) + program
            out += part(b"stdout", stdout) + part(b"stderr", stderr)
            out += b"--- status %d\n" % status if status else b""
        path.write_bytes(out)


def shown(what):
    text = repr(what)
    return text if len(text) < 3000 else text[:3000] + "..."


def check(m4, canonify):
    passed = failed = 0
    for path in sorted(CASES.glob("*.cases")):
        for name, header, program in read(path):
            theirs = run([m4], header, program)
            ours = run([canonify, "m4"], header, program)
            if theirs == ours and theirs[2] >= 0:
                passed += 1
                continue
            failed += 1
            print(f"not ok: {path.stem}: {name.decode()}")
            for what, left, right in zip(("stdout", "stderr", "status"), theirs, ours):
                if left != right:
                    print(f"  {what}: GNU m4 {shown(left)}\n  {what}: ours   {shown(right)}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


def main():
    m4 = os.environ.get("M4", "m4")
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "record":
        record(m4, [pathlib.Path(name) for name in rest] or sorted(CASES.glob("*.cases")))
    else:
        sys.exit(check(m4, os.path.abspath(rest[0])))


main()
