"""A reader of the queue's journal, made from its description in docs/journal.md alone."""
import os, struct, zlib

HEAD = struct.Struct("<16sIIII")
FRAME = struct.Struct("<4sIQI")


def varint(text, at):
    value = shift = 0
    while True:
        value |= (text[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if text[at - 1] < 128:
            return value, at


def string(text, at):
    length, at = varint(text, at)
    return text[at:at + length], at + length


def records(text):
    """(kind, identifier), …"""
    at = 0
    while at < len(text):
        kind, at = varint(text, at)
        identifier, at = string(text, at)
        if kind == 0:
            _, at = string(text, at)
            at += 1
            for _ in ("control file", "body"):
                _, at = string(text, at)
        yield kind, identifier.decode()


def frame(journal, offset, turn, block):
    """The records of a frame that is whole, and where the next one may be."""
    head = os.pread(journal, 24, offset)
    if len(head) < 24:
        return None
    magic, length, its_turn, its_block = FRAME.unpack(head[:20])
    if magic != b"cjfr" or its_block != block or turn not in (None, its_turn) or length > 1 << 23:
        return None
    text = os.pread(journal, length, offset + 24)
    if len(text) < length or zlib.crc32(head[:20] + text) != struct.unpack("<I", head[20:])[0]:
        return None
    return its_turn, text


def messages(path):
    """Identifiers of all messages that are neither done nor in files."""
    try:
        journal = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return set()
    try:
        magic, version, size, blocks, segments = HEAD.unpack(os.pread(journal, HEAD.size, 0).ljust(HEAD.size, b"\0"))
        if magic == bytes(16):
            return set()
        if (magic, version) != (b"canonify journal", 1):
            raise SystemExit(f"{path} is no journal of version 1")
        starts = [size + number * blocks * size for number in range(segments)]
        turns = sorted((found[0], start) for start in starts if (found := frame(journal, start, None, 0)))
        kept = set()
        for turn, start in turns:
            block = 0
            while block < blocks and (found := frame(journal, start + block * size, turn, block)):
                for kind, identifier in records(found[1]):
                    (kept.add if kind == 0 else kept.discard)(identifier)
                block += -(-(24 + len(found[1])) // size)
        return kept
    finally:
        os.close(journal)
