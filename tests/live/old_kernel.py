#!/usr/bin/env python3
"""Runs a command as on a kernel that has neither Landlock nor seccomp: both answer "not implemented".
usage: old_kernel.py COMMAND...      Needs root; x86_64 and aarch64."""

import ctypes
import os
import platform
import struct
import sys

SECCOMP = {"x86_64": 317, "aarch64": 277}[platform.machine()]
LANDLOCK_CREATE_RULESET = 444
ALLOW, NOT_IMPLEMENTED = 0x7FFF0000, 0x00050000 | 38
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
PROGRAM = [
    (LOAD, 0, 0, 0),  # the number of the call
    (JUMP_EQUAL, 2, 0, SECCOMP),
    (JUMP_EQUAL, 1, 0, LANDLOCK_CREATE_RULESET),
    (RETURN, 0, 0, ALLOW),
    (RETURN, 0, 0, NOT_IMPLEMENTED),
]
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2

code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *row) for row in PROGRAM))
program = struct.pack("=HxxxxxxQ", len(PROGRAM), ctypes.addressof(code))
# root needs no no_new_privs for this, which would keep programs of other users from working
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0):
    sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[1], sys.argv[1:])
