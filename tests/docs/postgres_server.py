"""A PostgreSQL server of a script's own, in a temporary folder: started, asked, and removed at the end."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile


def binaries():
    """The folder of initdb and pg_ctl, the newest there is; None where PostgreSQL's server is not
    installed."""
    found = [
        folder for folder in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()
    ]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class PostgresServer:
    """durable=False leaves the disk's syncs out, for tests that never pull the plug."""

    def __init__(self, durable=False):
        self.durable = durable

    def __enter__(self):
        try:
            return self._start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _start(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ticketcore-docs-"))
        self.folder.chmod(0o777)
        self.port = free_port()
        data = self.folder / "data"
        # PostgreSQL does not run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        self._run(
            "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"
        )
        with open(data / "postgresql.conf", "a") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{self.folder}'\nfsync = {'on' if self.durable else 'off'}\n"
                "archive_mode = on\narchive_command = 'true'\nwal_level = replica\n"
            )
        self.start()
        return self

    def start(self):
        self._run("pg_ctl", "start", "-w", "-D", self.folder / "data", "-l", self.folder / "log")

    def stop(self):
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self.folder / "data")

    def __exit__(self, *_):
        if (self.folder / "data" / "postmaster.pid").exists():  # a test may have stopped it
            self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.folder / "data")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, role, database):
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def sql(self, text, database="postgres"):
        """Runs a script by psql; what it prints, or None and why it failed."""
        return subprocess.run(
            [
                binaries() / "psql",
                "-X",
                "-A",
                "-t",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                self.url("postgres", database),
            ],
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def _run(self, program, *arguments):
        user = (
            {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []}
            if self.user
            else {}
        )
        subprocess.run(
            [str(binaries() / program), *map(str, arguments)],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **user,
        )
