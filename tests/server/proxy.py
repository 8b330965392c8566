"""Two servers behind HAProxy and behind nginx, set up as docs/server.md says: one is killed in the middle of
a sale, and no buyer hears of it."""

import contextlib
import http.client
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

import postgres_server
from crash import CrashTests
from shop import SOURCE, Client, Sale, eventually, new_key


def setting(beginning):
    """The page's block that begins so."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", (SOURCE / "docs/server.md").read_text(), re.M | re.S)
    return next(block for block in blocks if block.startswith(beginning))


def haproxy(folder, port, servers):
    text = setting("frontend shop")
    for pattern, here in (
        (r"bind :443 .*", f"bind 127.0.0.1:{port}"),
        (r"10\.0\.0\.11:8080", f"127.0.0.1:{servers[0].port}"),
        (r"10\.0\.0\.12:8080", f"127.0.0.1:{servers[1].port}"),
    ):
        text, found = re.subn(pattern, here, text)
        assert found == 1, pattern
    (folder / "haproxy.cfg").write_text("defaults\n    mode http\n    timeout connect 2s\n" + text)
    return ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")]


def nginx(folder, port, servers):
    text = setting("upstream shop")
    for pattern, here in (
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        (r"10\.0\.0\.11:8080", f"127.0.0.1:{servers[0].port}"),
        (r"10\.0\.0\.12:8080", f"127.0.0.1:{servers[1].port}"),
    ):
        text, found = re.subn(pattern, here, text)
        assert found == 1, pattern
    folders = "".join(
        f"{name}_temp_path \"{folder}/{name}\";\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid \"{folder}/nginx.pid\";\nerror_log \"{folder}/error.log\";\nevents {{}}\nhttp {{\n"
        f"access_log off;\n{folders}{text}\n}}\n"
    )
    return ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]


class ProxyTests:
    another_server = CrashTests.another_server

    @contextlib.contextmanager
    def behind(self, make, servers):
        kept = tempfile.TemporaryDirectory(prefix="ticketcore-proxy-")
        self.addCleanup(kept.cleanup)
        folder = pathlib.Path(kept.name)
        folder.chmod(0o755)
        port = postgres_server.free_port()
        with open(folder / "output.txt", "w") as output:
            process = subprocess.Popen(
                make(folder, port, servers), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            def ready():
                with contextlib.suppress(OSError):
                    return Client(port).get("/healthz").status == 200
            self.assertTrue(eventually(ready), (folder / "output.txt").read_text())
            yield port
        finally:
            process.terminate()
            process.wait(10)

    def sell_while_one_is_killed(self, make):
        doomed, other = self.another_server("--trusted-proxy", "127.0.0.1"), self.another_server(
            "--trusted-proxy", "127.0.0.1"
        )
        sale = Sale(other)
        wishes = [
            (new_key(), f"Stalls-{row}-{seat}")
            for _ in range(3)
            for row in "ABCDEFGHIJ"
            for seat in range(1, 21)
        ]
        told, failed, lock, under_way = {}, [], threading.Lock(), threading.Event()

        def buy(port, share):
            client = Client(port)
            for key, place in share:
                try:
                    answer = client.post(
                        sale.path + "/holds", {"places": [place], "cart": "cart-" + key}, idempotency=key
                    )
                except Exception as error:  # Told to the test below: a thread's own would be lost.
                    failed.append(repr(error))
                    return
                with lock:
                    told[key] = answer
                    if len(told) == len(wishes) // 4:
                        under_way.set()

        try:
            with self.behind(make, (doomed, other)) as port:
                buyers = [threading.Thread(target=buy, args=(port, wishes[start::8])) for start in range(8)]
                for path in ("/metrics", "/%6Detrics", "/readyz", "/%72eadyz"):
                    self.assertIn(self.status(port, path), (403, 404), path)
                for buyer in buyers:
                    buyer.start()
                self.assertTrue(under_way.wait(30), failed)
                doomed.kill()
                self.assertLess(
                    len(told), len(wishes), "the server was killed after all was done; nothing was tested"
                )
                for buyer in buyers:
                    buyer.join()
            self.assertEqual(failed, [])
            self.assertEqual({answer.status for answer in told.values()}, {201, 409})
            won = [answer.json["places"][0]["label"] for answer in told.values() if answer.status == 201]
            self.assertEqual(sorted(won), sorted({place for _, place in wishes}))
        finally:
            other.kill()

    def status(self, port, path):
        """Of an answer that may be the proxy's own."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", path)
            return connection.getresponse().status

    @unittest.skipUnless(shutil.which("haproxy"), "HAProxy is not installed")
    def test_haproxy(self):
        self.sell_while_one_is_killed(haproxy)

    @unittest.skipUnless(shutil.which("nginx"), "nginx is not installed")
    def test_nginx(self):
        self.sell_while_one_is_killed(nginx)
