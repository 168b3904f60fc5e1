#!/usr/bin/env python3
"""A set-group-id installation, attacked: what an ordinary user, and somebody with the rights of smmsp, could make of
the group or of root's runs of the client queue; and that mail still gets through. usage: setgid.py CANONIFY [NAME]
Needs root, and ports and directories of its own (name spaces). Closes with "N passed, N failed"."""
import pathlib
import sys

import setgid_flags  # noqa: F401: registers its tests, as the next two
import setgid_surroundings  # noqa: F401
import setgid_queue  # noqa: F401
from setgid_attack import SMMSP, TESTS, Attack
from namespaces import enter
from setgid_site import folder, private_places


def main():
    enter()
    private_places()
    canonify = str(pathlib.Path(sys.argv[1]).resolve())
    attack = Attack(canonify)
    folder("/var/spool/mqueue", 0o750, 0, SMMSP)
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    passed, failed = 0, []
    for name, function in TESTS:
        if only not in name:
            continue
        try:
            good, seen = function(attack)
        except Exception as error:  # a test that could not be carried out has not passed
            good, seen = False, repr(error)
        passed += bool(good)
        if not good:
            failed.append(name)
            print(f"not ok: {name}\n    {str(seen)[:1500]}", flush=True)
    print(f"{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
