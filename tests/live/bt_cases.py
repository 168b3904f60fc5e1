"""The format of testdata/bt/THEME.bt, as tests/bt/case_file.rs tells it: read, and written with new answers."""
import os, re

MARK = re.compile(rb"\n%%% ")


class Case:
    def __init__(self, theme, head):
        words = head.split(b" arguments=", 1)
        self.arguments = words[1].decode().split(" ") if len(words) > 1 else []
        first = words[0].decode().split(" ")
        self.theme, self.name, self.status = theme, first[0], 0
        for word in first[1:]:
            key, _, value = word.partition("=")
            assert key == "status", f"{theme}::{self.name}: what is {word}?"
            self.status = int(value)
        self.files, self.cf, self.input = {}, b"", b""

    @property
    def title(self):
        return f"{self.theme}::{self.name}"


def sections(text):
    """(mark, body) of each section; an empty line in front of `case` and `block` belongs to neither."""
    marks = [found.start() for found in MARK.finditer(text)]
    for begin, end in zip(marks, marks[1:] + [len(text) - 1]):
        mark, _, body = text[begin + 5 : end].partition(b"\n")
        if text[end:].startswith((b"\n%%% case ", b"\n%%% block ")) and body.endswith(b"\n"):
            body = body[:-1]
        yield mark, body


def read(path):
    """The cases of one theme, blocks put in place."""
    theme = os.path.splitext(os.path.basename(path))[0]
    with open(path, "rb") as file:
        text = file.read()
    blocks, cases = {}, []
    for mark, body in sections(text):
        kind, _, rest = mark.partition(b" ")
        if kind == b"block":
            blocks[b"@" + rest] = body if body.endswith(b"\n") else body + b"\n"
        elif kind == b"case":
            cases.append(Case(theme, rest))
        elif kind == b"file":
            cases[-1].files[rest.decode()] = body
        elif kind == b"cf":
            cases[-1].cf = b"".join(blocks.get(line.rstrip(), line) for line in body.splitlines(keepends=True))
        elif kind == b"input":
            cases[-1].input = body
    return cases


def record(path, answers):
    """Writes the theme again with what was answered: name -> (bytes, exit status)."""
    with open(path, "rb") as file:
        text = file.read()
    head = text[: MARK.search(text).start()]
    parts, current = [head], None
    for mark, body in sections(text):
        kind, _, rest = mark.partition(b" ")
        if kind == b"case":
            current = Case("", rest)
            words = [b"case", current.name.encode()]
            status = answers[current.name][1]
            words += [b"status=%d" % status] if status else []
            words += [b"arguments=" + " ".join(current.arguments).encode()] if current.arguments else []
            mark = b" ".join(words)
        elif kind == b"expected":
            body = answers[current.name][0]
        parts.append((b"\n" if kind in (b"case", b"block") else b"") + b"\n%%% " + mark + b"\n" + body)
    with open(path, "wb") as file:
        file.write(b"".join(parts).replace(b"\n\n\n%%% block", b"\n\n%%% block") + b"\n")
