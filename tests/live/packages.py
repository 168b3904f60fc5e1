"""Debian packages unpacked into a folder of their own, without being installed: for programs that must not be on the machine that runs the comparisons."""
import os, pathlib, shutil, subprocess, tempfile


def unpacked(*names, cache="/var/cache/canonify-packages"):
    """The folder that holds these packages; None if they cannot be had. Libraries that they need must be on the machine."""
    folder = pathlib.Path(cache, "+".join(names))
    if folder.is_dir():
        return folder
    if not shutil.which("apt-get"):
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        os.chmod(scratch, 0o755)
        made = pathlib.Path(scratch, "made")
        made.mkdir()
        if subprocess.run(["apt-get", "download", "-qq", *names], cwd=scratch, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            return None
        for package in pathlib.Path(scratch).glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, made], check=True)
        try:
            made.rename(folder)
        except OSError:
            pass  # another run was faster
    return folder
