"""Name spaces of its own for a script that changes accounts, devices or networks of the machine it runs on."""
import os, pathlib, sys

HERE = pathlib.Path(__file__).resolve().parent


def enter():
    """Starts this script again by `namespace.sh`, unless that has started it."""
    if not os.environ.get("CANONIFY_NAMESPACE"):
        os.execv(HERE / "namespace.sh", ["namespace.sh", sys.executable, *sys.argv])
