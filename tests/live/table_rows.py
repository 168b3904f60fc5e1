"""Rows of a table of differences that stay: which cases a row is about, and what it makes alike on both sides before they are compared again.

Whatever else differs in such a case shows all the same.
"""
import collections, json, re

import session_text

# text: as in the table; applies(case, group); alter(result): the result without what the row names
Row = collections.namedtuple("Row", "text applies alter")


def says(pattern, told):
    """Is the pattern in what told(case, group) gives?"""
    return lambda case, group: bool(re.search(pattern, json.dumps(told(case, group))))


def lines(sections, pattern, into=None):
    """Lines in which the pattern is found are left out, or it is replaced in them. A block's first line, its name, is never left out."""
    found = re.compile(pattern)

    def changed(line):
        return [line] if not found.search(line) else [] if into is None else [found.sub(into, line)]

    def within(block):
        return [block[0] if into is None else found.sub(into, block[0])] + sum(map(changed, block[1:]), [])

    def among(value):
        return sum(map(changed, value), []) if not value or isinstance(value[0], str) else [within(block) if block else block for block in value]

    return lambda result: {name: among(value) if name in sections.split() else value for name, value in result.items()}


def blocks(sections, pattern):
    """Files, messages or conversations of which a line has the pattern are left out."""
    found = re.compile(pattern)
    keeps = lambda block: not any(map(found.search, block))
    return lambda result: {name: list(filter(keeps, value)) if name in sections.split() else value for name, value in result.items()}


def all_of(*alterations):
    def alter(result):
        for one in alterations:
            result = one(result)
        return result

    return alter


def judge(case, group, theirs, ours, rows):
    """The differences of a case that no row explains, and the rows that explain one."""
    found, said = session_text.differences(theirs, ours), []
    for row in rows:
        if found and row.applies(case, group):
            altered = row.alter(theirs), row.alter(ours)
            if (left := session_text.differences(*altered)) != found:
                found, (theirs, ours) = left, altered
                said.append(row.text)
    return found, said
