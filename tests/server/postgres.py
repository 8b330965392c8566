"""One PostgreSQL server for all tests of a run, and a database in it for each class."""

import contextlib

import shop  # noqa: F401  (it says where to find postgres_server)
from postgres_server import PostgresServer, binaries

_running = contextlib.ExitStack()
_server = None
_databases = 0


def available():
    return binaries() is not None


def new_database():
    global _server, _databases
    if _server is None:
        _server = _running.enter_context(PostgresServer())
    _databases += 1
    name = f"shop{_databases}"
    made = _server.sql(f"create database {name};")
    assert made.returncode == 0, made.stderr
    return _server.url("postgres", name)


def run(text):
    done = _server.sql(text)
    assert done.returncode == 0, done.stderr


def stop():
    global _server
    _running.close()
    _server = None
