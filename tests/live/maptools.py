#!/usr/bin/env python3
"""makemap, editmap and praliases, run by the reference and by canonify: stdout, stderr and exit status must be equal.

usage: maptools.py CANONIFY      CANONIFY_REFERENCE names the reference; needs root (file safety)
The cases of a list follow each other in one directory, so that later ones meet what earlier ones made.
"""
import os, shutil, subprocess, sys, tempfile

REFERENCE = os.path.join(os.environ.get("CANONIFY_REFERENCE", ""), "usr/libexec/sendmail")
MAKE, EDIT, PRINT = "makemap -C /dev/null ", "editmap -C /dev/null ", "praliases -C /dev/null "

# Where the reference makes nothing and says so, and a new map is made here: it fails on a file that is no database.
OPEN = {MAKE + "hash nodb"}

CASES = []


def case(command, text=b""):
    CASES.append((command.split() if isinstance(command, str) else command, text))


def make(options, text=b""):
    case(MAKE + options, text)


def edit(options):
    case(EDIT.split() + options if isinstance(options, list) else EDIT + options)


def makemap_cases():
    for line in ("", "-Q hash x", "-t", "-C /none hash a", "-u -C /none hash a", "-l", "-L", "-x", "-V", "-c"):
        case("makemap " + line, b"a b\n")
    for line in ("-i", "hash", "hash a b c", "-c 100 hash a", "-u hash a", "-i btree hash a", "-i foo foo a", "-i hash foo a",
                 "-i btree implicit i1", "-u implicit i1", "-u hash i1", "implicit imp", "-u hash imp", "cdb x", "dbm x", "text x",
                 "-u text x", "-u btree empty", "-u hash empty", "-o hash empty", "-u hash empty", "hash dir", "-u hash dir",
                 "hash link", "-s hash link", "-u hash link", "hash nodb", "-u hash nodb"):
        make(line, b"a b\nc d\n")
    for name, text in (("long", b"a " + b"v" * 1020 + b"\nb " + b"w" * 1030 + b"\nc d\n"), ("longer", b"a " + b"v" * 5000),
                       ("nul", b"a b\0c\nd\0e f\ng h\n"), ("noend", b"a b"), ("blanks", b"a\tb\r\nc\x0bd\n\x0ce f\n"),
                       ("eight", b"\xc3\xa9 \xc3\xa9x\n\xc9 y\n"), ("none", b"   \n\t\n#\n\na b\n")):
        make("hash " + name, text)
        make("-u hash " + name)
    for line, text in (("-N hash n", b"a b\nc d\n"), ("-N -o hash n", b"a b\nx y\n"), ("-N -r hash n", b"a b\na c\n"),
                       ("-d hash d1", b"a b\na c\n"), ("-d btree d1", b"a b\na c\na b\n"), ("-d -r btree d2", b"a b\na c\n"),
                       ("-d -o btree d2", b"a z\na c\n"), ("-e hash e", b"a\nb \n c\n"), ("-t: hash t", b"a:b\nb\nc: d\n :x\n"),
                       ("-t :: -v hash t", b"A:b\n#x:y\n"), ("-v -N hash v", b"A b\nc d\nA x\n"), ("-v -r hash v", b"A b\nA c\n"),
                       ("-f hash f", b"AB c\nab d\n"), ("-D ; -e hash c", b"; a\n#b c\n"), ("-D x hash c", b"xa b\n#b c\n"),
                       ("hash a.db", b"q r\n"), ("hash nodir/x", b"a b\n"), ("-s hash nodir/x", b"a b\n"), ("-o hash absent", b"a b\n"),
                       ("btree a", b"a b\n"), ("-o hash a", b"a b\n"), ("hash -f late", b"AB c\n"), ("HASH up", b"a b\n"), ("-- hash dd", b"a b\n")):
        make(line, text)
        kind, name = line.split()[-2:]
        make("-u %s %s" % ("btree" if kind == "btree" else "hash", name))


def editmap_cases():
    for line in ("", "-Z", "-q hash", "-C /none -q hash a k"):
        case("editmap " + line)
    for line in ("-q hash a", "-q hash a k v", "-u hash a k", "-q -u hash a k", "-x hash a k v", "hash a k", "-q hash noend a", "-q hash noend A",
                 "-f -q hash noend A", "-N -q hash n a", "-q hash n a", "-q hash absent a", "-x hash made a", "-u hash made2 a b",
                 "-u hash noend c d e f", "-u hash noend A zzz", "-q hash noend a", "-x hash noend a", "-x hash noend a", "-q hash noend a",
                 "-N -u hash n new val", "-q btree noend a", "-u btree noend a b", "-q foo noend a", "-q dbm noend a", "-q cdb noend a",
                 "-q implicit noend c", "-u implicit noend c z", "-q hash link q", "-x btree d1 a", "-q text noend k", "-q hash nodir/x a",
                 "-u hash nodir/x a b", "-x hash nodir/x a"):
        edit(line)
    for words in (["-u", "hash", "noend", "", "x"], ["-q", "hash", "noend", ""], ["-u", "hash", "noend", "k", ""],
                  ["-q", "hash", "noend", "k"], ["-u", "hash", "noend", "sp ace", "a b"], ["-q", "hash", "noend", "SP ACE"]):
        edit(words)
    for name in ("hash noend", "hash n", "btree d1", "hash made2"):
        make("-u " + name)


def praliases_cases():
    for line in ("-Z", "-C /none", "-f"):
        case("praliases " + line)
    for line in ("", "x", "-f noend", "-f noend c", "-f noend.db", "-f n", "-f n c new zz", "-f absent", "-f d1", "-f d2 a", "-f dir", "-f link",
                 "-f long a", "-f noend C", "-f hash:noend", "-f hash:d1", "-f btree:d1", "-f text:noend", "-f :noend", "-f nodir/x", "-f noend,n"):
        case(PRINT + line)
    case(PRINT.split() + ["-f", "hash -o: noend", "c"])
    for number in range(len(FILES)):
        case("praliases -C cf%d" % number)
        case("praliases -C cf%d c" % number)


FILES = ["O AliasFile=hash:n, btree:d1\n", "O AliasFile=n\nO AliasFile=text:x\n", "OAhash:noend\n",
         "O AliasFile=hash -f -o:none1,implicit:noend,dbm:q,nis:mail.aliases,foo:bar\n", "V10\n", "O Aliasfile = hash:noend , n\n",
         "O AliasFile=cdb:none7,sequence:noend,null:/dev/null\n", "O DontBlameSendmail=bogus\nO AliasFile=n\n",
         "O AliasFile=HASH:n,/x:y,c:\\d\n", "O AliasFile=none7,n\nO AliasFile=hash:none8\n"]


def scene(directory):
    os.chmod(directory, 0o755)
    for number, text in enumerate(FILES):
        with open("%s/cf%d" % (directory, number), "w") as out:
            out.write(text)
    with open(directory + "/nodb.db", "wb") as out:
        out.write(b"hello world " * 100)
    open(directory + "/empty.db", "wb").close()
    os.mkdir(directory + "/dir.db")
    os.symlink("real.db", directory + "/link.db")


def answers(tools):
    directory = tempfile.mkdtemp(dir="/srv")
    try:
        scene(directory)
        for command, text in CASES:
            path = os.path.join(tools, command[0])
            run = subprocess.run([path] + command[1:], input=text, capture_output=True, cwd=directory, timeout=60)
            out, err = (stream.replace(tools.encode(), b"@") for stream in (run.stdout, run.stderr))
            # libdb itself complains on stderr; the order of a hash depends on the number of its buckets
            err = b"".join(line for line in err.splitlines(True) if not line.startswith(b"BDB"))
            if command[0] == "praliases" or "-u" in command:
                out = b"".join(sorted(out.splitlines(True)))
            yield out, err, run.returncode
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main():
    if not os.path.exists(REFERENCE + "/makemap"):
        print("SKIPPED: CANONIFY_REFERENCE names no sendmail to compare with")
        print("0 passed, 0 failed")
        return
    makemap_cases()
    editmap_cases()
    praliases_cases()
    links = tempfile.mkdtemp()
    for name in ("makemap", "editmap", "praliases"):
        os.symlink(os.path.abspath(sys.argv[1]), os.path.join(links, name))
    passed = failed = 0
    for (command, _), wanted, found in zip(CASES, answers(REFERENCE), answers(links)):
        if wanted == found:
            passed += 1
            continue
        line = " ".join(command)
        print("OPEN:" if line in OPEN else "--", line)
        print("   reference", *wanted)
        print("   canonify ", *found)
        failed += line not in OPEN
    shutil.rmtree(links)
    print("%d passed, %d failed" % (passed, failed))


if __name__ == "__main__":
    main()
