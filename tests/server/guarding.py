"""What keeps the house open to all: limits of one client, its connections, streams and requests."""

import contextlib
import http.client
import json
import pathlib
import socket
import sqlite3
import subprocess
import tempfile
import threading

from shop import CHART, EventStream, Sale, Server, eventually, new_key

HEADERS = ("X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy")


def from_address(client, address):
    """The client's requests as a proxy passes them on from the address."""

    def call(method, path, body=None, **options):
        headers = {"X-Forwarded-For": address, **options.pop("headers", {})}
        return client(method, path, body, headers=headers, **options)

    return call


def raw_answer(port, head, body=b""):
    """The status and headers of what answers these bytes; the body is sent when something has come, or
    nothing within a moment."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(head)
        response = http.client.HTTPResponse(raw)
        response.begin()
        return response.status, response.headers, response.read()


class Guarded:
    """Each starts a server of its own, with limits that are as they come unless it says otherwise."""

    LIMITS = ("--open-places-per-address", "60", "--open-places-per-key", "400")

    def guarded(self, *options, storage="memory:", **more):
        server = Server(storage, *self.LIMITS, *options, **more).start()
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def metric(self, server, name):
        text = server.client().get("/metrics").body.decode()
        return float(
            dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))[name]
        )


class ServerGuards(Guarded):
    """Each starts a server of its own."""

    def test_events_that_nobody_asks_for_leave_memory(self):
        server = self.guarded("--open-events", "3")
        followed = Sale(server)
        stream = EventStream(server.port, followed.path + "/changes", None)
        self.addCleanup(stream.close)
        self.assertEqual(stream.next()["event"], "availability")
        sales = [Sale(server) for _ in range(8)]
        for sale in sales:
            sale.held("Stalls-A-1")
        for sale in sales:
            self.assertEqual(sale.states()["Stalls-A-1"], "h")
            self.assertLessEqual(self.metric(server, "ticketcore_open_events"), 4)
        # Whose changes somebody follows stays, however long nobody asks for it otherwise.
        followed.held("Stalls-B-1")
        event = stream.next()
        self.assertEqual((event["event"], len(event["data"]["places"])), ("changes", 1))

    def test_a_commit_that_hangs_stops_no_one_else(self):
        with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
            storage = f"sqlite:///{folder}/shop.db"
            server = self.guarded("--open-places-per-address", "0", storage=storage)
            sale = Sale(server)
            holds = [sale.held(f"Stalls-A-{seat}") for seat in range(1, 9)]
            server.kill()
            again = self.guarded("--open-places-per-address", "4", storage=storage)
            self.assertEqual(again.client().get(sale.path).status, 200)
            lock = sqlite3.connect(f"{folder}/shop.db", isolation_level=None)
            lock.execute("BEGIN IMMEDIATE")  # As long as this lasts nobody commits.
            waiting = []

            def ask(path, body, token=None):
                with contextlib.suppress(OSError, http.client.HTTPException):
                    waiting.append(again.client().post(sale.path + path, body, token=token).status)

            asked = [("/holds", {"places": ["Stalls-C-1"]}), ("/holds", {"best": {"count": 4}}),
                     ("/holds", {"best": {"count": 4}})]
            asked += [
                (f"/holds/{hold['id']}/extension", {"ttl_seconds": 600}, hold["token"]) for hold in holds
            ]
            threads = [threading.Thread(target=ask, args=one) for one in asked]
            for thread in threads:
                thread.start()
            self.assertTrue(eventually(lambda: self.metric(again, "http_requests_in_flight") > len(holds)))
            # Many more than there are threads for HTTP wait for that commit, and these do not.
            for path in ("/healthz", sale.path, sale.path + "/availability"):
                self.assertEqual(again.client().get(path).status, 200)
            self.assertEqual([status for status in waiting if status in (200, 201)], [])
            lock.close()
            for thread in threads:
                thread.join()
            again.kill()

    def test_streams_leave_room_for_buyers(self):
        server = self.guarded(
            "--connections",
            "40",
            "--streams",
            "12",
            "--streams-per-address",
            "5",
            "--trusted-proxy",
            "127.0.0.1",
        )
        sale = Sale(server)
        streams = []
        self.addCleanup(lambda: [stream.close() for stream in streams])

        def follow(address):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request("GET", sale.path + "/changes", headers={"X-Forwarded-For": address})
            response = connection.getresponse()
            if response.status == 200:
                streams.append(response)  # It has the connection: gone with it.
            else:
                self.assertEqual(json.loads(response.read())["reason"], "overloaded")
                connection.close()
            return response.status

        self.assertEqual([follow("203.0.113.1") for _ in range(7)], [200] * 5 + [503] * 2)
        self.assertEqual([follow(f"203.0.113.{number}") for number in range(2, 12)], [200] * 7 + [503] * 3)
        self.assertEqual(
            from_address(sale.public, "203.0.113.1")(
                "POST", sale.path + "/holds", {"best": {"count": 2}}
            ).status,
            201,
        )
        # Nothing is sent meanwhile: a stream's place ends with its connection.
        for _ in range(20):
            for stream in streams[:5]:
                stream.close()
            del streams[:5]
            self.assertTrue(eventually(lambda: follow("203.0.113.1") == 200, 5))
            self.assertEqual([follow("203.0.113.1") for _ in range(4)], [200] * 4)
            streams[:0] = streams[-5:]
            del streams[-5:]
        wrong = subprocess.run(
            [Server.program, "--connections", "100", "--streams", "51"], capture_output=True, text=True
        )
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("--streams may be at most half of --connections", wrong.stderr)

    def test_one_address_has_only_so_many_connections(self):
        server = self.guarded("--connections-per-address", "8")
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(30)]
        self.addCleanup(lambda: [one.close() for one in idle])
        alive = 0
        for one in idle:
            try:
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                alive += one.recv(100).startswith(b"HTTP/1.1 200")
            except OSError:
                pass
        self.assertEqual(alive, 8)
        for one in idle:
            one.close()
        self.assertTrue(eventually(lambda: self.can_ask(server)))

    def test_limits_of_one_address_follow_those_of_all(self):
        server = self.guarded("--connections", "400")
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(40)]
        self.addCleanup(lambda: [one.close() for one in idle])
        alive = 0
        for one in idle:
            with contextlib.suppress(OSError):
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                alive += one.recv(100).startswith(b"HTTP/1.1 200")
        self.assertEqual(alive, 20)

    def test_a_command_line_that_makes_no_sense(self):
        with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
            short = pathlib.Path(folder, "short")
            short.write_text("fifteen letters\n and more\n")
            empty = pathlib.Path(folder, "empty")
            empty.write_text("")
            for options, message in (
                (
                    ("--connections", "100", "--connections-per-address", "101"),
                    "--connections-per-address may be at most",
                ),
                (
                    ("--connections", "100", "--streams-per-address", "51"),
                    "--streams-per-address may be at most --streams",
                ),
                (("--payment-secret", str(short)), "less than 16 bytes"),
                (("--payment-secret", str(empty)), "less than 16 bytes"),
                (("--payment-secret", folder + "/none"), "can't be read"),
                *(
                    (("--cors", text), "--cors needs an origin")
                    for text in (
                        "*",
                        "https://shop.example/",
                        "shop.example",
                        "https://",
                        "https://Shop.example",
                        "null",
                        "https://a b",
                    )
                ),
                *(
                    (("--storage", text), "--storage: ")
                    for text in ("mysql://x", "sqlite3://x", "postgres+tls://x/y")
                ),
            ):
                refused = subprocess.run(
                    [Server.program, *options], capture_output=True, text=True, cwd=folder, timeout=30
                )
                self.assertEqual(refused.returncode, 2, (options, refused.stderr))
                self.assertIn(message, refused.stderr)
            self.assertEqual(sorted(path.name for path in pathlib.Path(folder).iterdir()), ["empty", "short"])

    def test_probes_go_by_their_own_names_alone(self):
        server = self.guarded()
        client = server.client()
        for path in ("/metrics", "/readyz", "/healthz"):
            self.assertEqual(client.get(path).status, 200)
        # A proxy that keeps these in the house knows them by name.
        for path in ("/%6Detrics", "/metric%73", "/%72eadyz", "/%68ealthz", "/metrics/", "//metrics"):
            answer = client.get(path)
            self.assertEqual((answer.status, answer.json["reason"]), (404, "not_found"), path)

    def can_ask(self, server):
        try:
            return server.client().get("/healthz").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def test_large_bodies_are_read_for_admins_alone(self):
        server = self.guarded()
        sale = Sale(server)
        seller = sale.staff("seller")

        def head(path, key, size, more=b""):
            authorization = f"Authorization: Bearer {key}\r\n".encode() if key else b""
            return (
                f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"Idempotency-Key: {new_key()}\r\nContent-Length: {size}\r\n".encode()
                + authorization
                + more
                + b"\r\n"
            )

        # Not a byte of the body is sent: the answer does not wait for it.
        for path, key, status in (
            ("/v1/charts", None, 401),
            ("/v1/charts", "tck_aaaaaaaaaaaa_" + "x" * 43, 401),
            ("/v1/charts", seller.key, 403),
            ("/v1/events", None, 401),
            (sale.path + "/holds", None, 413),
            (sale.path + "/holds", server.admin_key, 413),
            ("/nothing", None, 413),
            ("/v1/charts", server.admin_key, None),
        ):
            with self.subTest(path=path, status=status):
                if status:
                    got, headers, _ = raw_answer(server.port, head(path, key, 5_000_000))
                    self.assertEqual(got, status)
                    self.assertIn("nosniff", headers["X-Content-Type-Options"])
        got, _, _ = raw_answer(server.port, head("/v1/charts", server.admin_key, 9_000_000))
        self.assertEqual(got, 413)
        large = {**CHART, "name": "x" * 100}
        text = json.dumps(large).encode() + b" " * 3_000_000
        read = sale.admin("POST", "/v1/charts", raw=text)
        self.assertEqual((read.status, read.json["places"]), (200, 200))
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            raw.sendall(head("/v1/charts", server.admin_key, len(text), b"Expect: 100-continue\r\n"))
            self.assertTrue(raw.recv(100).startswith(b"HTTP/1.1 100"))
        # Without its length a body has no more than the usual.
        chunked = (
            b"POST /v1/charts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\nAuthorization: Bearer "
            + server.admin_key.encode()
            + b"\r\n\r\n"
            + b"%x\r\n" % 70_000
        )
        self.assertEqual(raw_answer(server.port, chunked)[0], 413)

    def test_one_damaged_event_hides_no_other(self):
        with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
            server = self.guarded(storage=f"sqlite:///{folder}/shop.db", folder=folder)
            events = [Sale(server).id for _ in range(3)]
            server.kill()
            with contextlib.closing(sqlite3.connect(f"{folder}/shop.db")) as store:
                (stream,) = store.execute(
                    "SELECT id FROM streams WHERE name LIKE ?", (f"%{events[1]}%",)
                ).fetchone()
                store.execute("UPDATE entries SET bytes = x'00' WHERE key >> 40 = ?", (stream,))
                store.commit()
            again = self.guarded(storage=f"sqlite:///{folder}/shop.db", folder=folder)
            for _ in range(3):
                listed = again.client().get("/v1/events")
                self.assertEqual(listed.status, 200, listed.body)
                self.assertEqual(
                    [event["id"] for event in listed.json["events"]], sorted([events[0], events[2]])
                )
            self.assertTrue(eventually(lambda: "left out of the list" in again.written()))
            self.assertEqual(again.written().count("left out of the list"), 1)
            again.kill()

    def test_proxies_are_known_by_their_network(self):
        for address, networks in (
            ("127.0.0.1", ("127.0.0.0/8",)),
            ("::", ("127.0.0.1",)),
            ("::", ("10.0.0.0/8", "::ffff:127.0.0.0/104")),
        ):
            options = [part for network in networks for part in ("--trusted-proxy", network)]
            server = self.guarded("--address", address, "--open-places-per-address", "2", *options)
            sale = Sale(server)
            statuses = [
                from_address(sale.public, f"203.0.113.{number}")(
                    "POST", sale.path + "/holds", {"best": {"count": 2}}
                ).status
                for number in range(1, 4)
            ]
            self.assertEqual(statuses, [201] * 3, (address, networks))
            server.kill()
        for wrong in ("10.0.0.1/8", "10.0.0.0/33", "proxy", ""):
            refused = subprocess.run(
                [Server.program, "--trusted-proxy", wrong], capture_output=True, text=True
            )
            self.assertEqual(refused.returncode, 2)
            self.assertIn("--trusted-proxy needs an address or a network", refused.stderr)

    def test_every_kind_of_answer_has_its_headers(self):
        server = self.guarded("--connections", "10")
        kinds = {
            "200": b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
            "404": b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n",
            "405": b"PUT /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
            "401": b"GET /v1/keys HTTP/1.1\r\nHost: x\r\n\r\n",
            "page 404": b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
            "204": b"OPTIONS /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
            "no HTTP": b"NONSENSE\r\n\r\n",
            "no host": b"GET / HTTP/1.1\r\n\r\n",
            "bad target": b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
            "431": b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20_000 + b"\r\n\r\n",
            "413": b"POST /v1/events/x/holds HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
            "501": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
            "422": b"GET /v1/events?limit=x HTTP/1.1\r\nHost: x\r\n\r\n",
        }
        for kind, text in kinds.items():
            status, headers, body = raw_answer(server.port, text)
            for name in HEADERS:
                self.assertIn(name, headers, kind)
            self.assertTrue(headers["X-Request-Id"], kind)
            if status >= 400:
                reason = json.loads(body)["reason"]
                about = server.client().get("/problems/" + reason)
                self.assertEqual(about.status, 200, reason)
        # Past capacity.
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(10)]
        try:
            status, headers, _ = raw_answer(server.port, kinds["200"])
            self.assertEqual((status, headers["Retry-After"]), (503, "1"))
            for name in HEADERS:
                self.assertIn(name, headers)
        finally:
            for one in idle:
                one.close()
