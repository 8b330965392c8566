"""The sample server over real HTTP, on SQLite and again on PostgreSQL: api_test.py SERVER [unittest's own
arguments]"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import postgres  # noqa: E402
from crash import CrashTests, LateStoreTests, OutageTests  # noqa: E402
from guarding import ServerGuards  # noqa: E402
from halfway import HalfwayTests  # noqa: E402
from hall import HallTests  # noqa: E402
from hold_limits import HoldLimits  # noqa: E402
from hostile import HostileTests  # noqa: E402
from keys import KeyGuards  # noqa: E402
from live import LiveTests  # noqa: E402
from payment_guards import PaymentGuards  # noqa: E402
from paying import PaymentTests  # noqa: E402
from proxy import ProxyTests  # noqa: E402
from sale import SaleTests  # noqa: E402
from shop import Server  # noqa: E402
from staff import StaffTests  # noqa: E402
from together import TogetherTests  # noqa: E402


class GuardTests(ServerGuards, HoldLimits, PaymentGuards, KeyGuards):
    """What keeps the house open to all."""


PARTS = (
    SaleTests,
    HallTests,
    HostileTests,
    GuardTests,
    LiveTests,
    PaymentTests,
    StaffTests,
    CrashTests,
    TogetherTests,
    HalfwayTests,
)


def on(store, part, new_storage):
    """The part's tests, with a server of their own on a new storage."""

    class OnStore(part, unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            folder = tempfile.TemporaryDirectory(prefix="ticketcore-server-")
            cls.addClassCleanup(folder.cleanup)
            cls.folder = folder.name
            cls.storage = new_storage(cls.folder)
            cls.server = Server(cls.storage, folder=cls.folder)
            cls.addClassCleanup(cls.server.kill)
            cls.server.start()

    OnStore.__qualname__ = OnStore.__name__ = part.__name__ + "On" + store
    return OnStore


def on_sqlite(part):
    return on("Sqlite", part, lambda folder: f"sqlite:///{folder}/shop.db")


def on_postgres(part):
    return unittest.skipUnless(postgres.available(), "no PostgreSQL server is installed")(
        on("Postgres", part, lambda _: postgres.new_database())
    )


class DescriptionTests(unittest.TestCase):
    """openapi.json and the table of routes say the same."""

    def setUp(self):
        self.document = json.loads(
            (
                pathlib.Path(__file__).resolve().parent.parent.parent / "examples/server/api/openapi.json"
            ).read_text()
        )
        lines = subprocess.run(
            [Server.program, "--print-routes"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        self.routes = {
            (method, pattern): scope for method, pattern, scope in (line.split() for line in lines)
        }

    def test_every_route_is_described_and_nothing_else(self):
        described = {
            (method.upper(), path)
            for path, item in self.document["paths"].items()
            for method in item
            if method != "parameters"
        }
        self.assertEqual(described, set(self.routes))

    def test_scopes_are_described(self):
        for (method, path), scope in self.routes.items():
            operation = self.document["paths"][path][method.lower()]
            scopes = operation.get("x-scope", "public")
            self.assertEqual(scopes, scope, (method, path))

    def test_references_lead_somewhere(self):
        def walk(node):
            if isinstance(node, dict):
                if "$ref" in node:
                    target = self.document
                    for part in node["$ref"].removeprefix("#/").split("/"):
                        self.assertIn(part, target, node["$ref"])
                        target = target[part]
                for value in node.values():
                    walk(value)
            elif isinstance(node, list):
                for value in node:
                    walk(value)

        walk(self.document)

    def test_posts_name_their_idempotency_key(self):
        for path, item in self.document["paths"].items():
            names = [
                reference["$ref"]
                for reference in item.get("post", {}).get("parameters", [])
                if "$ref" in reference
            ]
            needs = (
                path.startswith("/v1/")
                and "post" in item
                and path not in ("/v1/charts", "/v1/payments/{payment}/notices")
            )
            self.assertEqual("#/components/parameters/IdempotencyKey" in names, needs, path)


class DocumentationTests(unittest.TestCase):
    @unittest.skipUnless(shutil.which("curl") and shutil.which("jq"), "curl or jq is not installed")
    def test_the_sale_by_hand_in_the_documentation(self):
        source = pathlib.Path(__file__).resolve().parent.parent.parent
        blocks = [
            block
            for block in re.findall(
                r"^```sh\n(.*?)^```", (source / "docs/server.md").read_text(), re.M | re.S
            )
            if "$SHOP" in block
        ]
        self.assertEqual(len(blocks), 1)
        server = Server("memory:", "--demo", str(source / "examples/venues/opera_house.json")).start()
        try:
            with tempfile.TemporaryDirectory() as folder:
                environment = {
                    **os.environ,
                    "SHOP": f"http://127.0.0.1:{server.port}",
                    "ADMIN": server.admin_key,
                }
                done = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", blocks[0]],
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    env=environment,
                )
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn(" is in at ", done.stdout)
                self.assertIn("<svg", (pathlib.Path(folder) / "ticket.svg").read_text())
        finally:
            server.kill()

    def test_the_tests_that_the_documentation_names_are_there(self):
        source = pathlib.Path(__file__).resolve().parent.parent.parent
        text = (source / "docs/security.md").read_text()
        named = set(re.findall(r"\btest_\w+", text)) - {"test_x"}
        there = {name for part in (*PARTS, DescriptionTests, OutageTestsOnPostgres) for name in dir(part)}
        self.assertGreater(len(named), 15)
        self.assertLessEqual(named, there)

    def test_every_option_is_documented(self):
        source = pathlib.Path(__file__).resolve().parent.parent.parent
        text = (source / "docs/server.md").read_text()
        help_text = subprocess.run(
            [Server.program, "--help"], capture_output=True, text=True, check=True
        ).stdout
        for option in re.findall(r"^  (--[a-z-]+)", help_text, re.M):
            if option not in ("--help", "--print-routes"):
                self.assertIn(option, text)


for tests in PARTS:
    # Those of the limits have servers of their own, mostly on memory; those of half-done things make SQLite
    # fail.
    for make in (on_sqlite,) if tests in (GuardTests, HalfwayTests) else (on_sqlite, on_postgres):
        made = make(tests)
        globals()[made.__name__] = made
OutageTestsOnPostgres = on_postgres(OutageTests)
ProxyTestsOnPostgres = on_postgres(ProxyTests)


@unittest.skipUnless(postgres.available(), "no PostgreSQL server is installed")
class LateStoreTestsOnPostgres(LateStoreTests, unittest.TestCase):
    pass


del made, tests, OutageTests, ProxyTests, LateStoreTests

if __name__ == "__main__":
    Server.program = sys.argv.pop(1)
    try:
        unittest.main(verbosity=1)
    finally:
        postgres.stop()
