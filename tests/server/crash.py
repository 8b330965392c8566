"""Servers that are killed, restarted, drained, and several on one store."""

import http.client
import socket
import tempfile
import threading

import postgres
from shop import EventStream, Sale, Server, eventually, new_key, without_token


class CrashTests:
    def another_server(self, *options):
        server = Server(self.storage, *options)
        self.addCleanup(server.kill)
        server.admin_file.write_text(self.server.admin_key + "\n")
        return server.start()

    def test_answers_outlive_a_kill(self):
        first = self.another_server()
        sale = Sale(first)
        key, order_key = new_key(), new_key()
        held = sale.public.post(sale.path + "/holds", {"places": ["Stalls-A-1"]}, idempotency=key)
        hold = held.json
        sale.quote(hold, 1)
        body = {"payment": {"method": "cash"}}
        sold = sale.admin.post(f"{sale.path}/holds/{hold['id']}/orders", body, idempotency=order_key)
        order = sold.json
        payment_hold = sale.held("Stalls-A-2")
        sale.quote(payment_hold, 1)
        payment = sale.pay(payment_hold).json
        sale.decide(payment, "never")
        first.kill()
        second = self.another_server()
        try:
            public, admin = second.client(), second.admin
            self.assertEqual(
                without_token(public.post(sale.path + "/holds", {"places": ["Stalls-A-1"]}, idempotency=key)),
                without_token(held),
            )
            self.assertEqual(
                without_token(
                    admin.post(f"{sale.path}/holds/{hold['id']}/orders", body, idempotency=order_key)
                ),
                without_token(sold),
            )
            self.assertEqual(
                without_token(public.get(f"{sale.path}/orders/{order['id']}", token=order["token"])),
                without_token(sold),
            )
            paid = eventually(
                lambda: public.get("/v1/payments/" + payment["id"], token=payment["token"]).json["status"]
                == "approved"
            )
            self.assertTrue(paid)
        finally:
            second.kill()

    def test_one_of_two_servers_is_killed_under_load(self):
        doomed, other = self.another_server(), self.another_server()
        sale = Sale(doomed)
        # Buyers that get in each other's way: every seat is wanted several times, each request with a key of
        # its own.
        wishes = [
            (new_key(), f"Stalls-{row}-{seat}")
            for _ in range(3)
            for row in "ABCDEFGHIJ"
            for seat in range(1, 21)
        ]
        told, broken, lock = {}, [], threading.Lock()
        half = threading.Event()

        def buy(share):
            client = doomed.client()
            for key, place in share:
                try:
                    answer = client.post(
                        sale.path + "/holds", {"places": [place], "cart": "cart-" + key}, idempotency=key
                    )
                except (OSError, http.client.HTTPException):
                    with lock:
                        broken.append(key)
                    return
                with lock:
                    told[key] = answer
                    if len(told) == len(wishes) // 4:
                        half.set()

        buyers = [threading.Thread(target=buy, args=(wishes[start::8],)) for start in range(8)]
        for buyer in buyers:
            buyer.start()
        self.assertTrue(half.wait(30))
        doomed.kill()
        for buyer in buyers:
            buyer.join()
        self.assertTrue(broken, "the server was killed after all was done; nothing was tested")
        self.assertLess(len(told), len(wishes))
        try:
            client = other.client()
            answers = {}
            for key, place in wishes:
                answers[key] = client.post(
                    sale.path + "/holds", {"places": [place], "cart": "cart-" + key}, idempotency=key
                )
            for key, answer in told.items():
                self.assertEqual(answers[key].status, answer.status, answer.body)
                if answer.status == 201:
                    self.assertEqual(without_token(answers[key]), without_token(answer))
            won = [answer.json["places"][0]["label"] for answer in answers.values() if answer.status == 201]
            self.assertEqual(sorted(won), sorted({place for _, place in wishes}))
            self.assertEqual({answer.status for answer in answers.values()}, {201, 409})
            self.assertEqual(client.get(sale.path + "/availability").json["places"], "h" * 200)
        finally:
            other.kill()

    def test_servers_that_start_together_share_one_secret(self):
        storage = (
            postgres.new_database()
            if self.storage.startswith("postgres")
            else f"sqlite:///{self.folder}/new.db"
        )
        servers = [Server(storage) for _ in range(3)]
        for server in servers:
            self.addCleanup(server.kill)
        starts = [threading.Thread(target=server.start) for server in servers]
        for start in starts:
            start.start()
        for start in starts:
            start.join()
        sale = Sale(servers[0])
        hold = sale.held("Stalls-A-1")
        for server in servers:
            self.assertEqual(
                server.client().get(f"{sale.path}/holds/{hold['id']}", token=hold["token"]).status, 200
            )
            self.assertEqual(server.client(servers[1].admin_key).get("/v1/keys").status, 200)

    def test_a_server_drains_before_it_goes(self):
        server = self.another_server("--drain-seconds", "1")
        sale = Sale(server)
        sale.held("Stalls-A-1")
        stream = EventStream(server.port, sale.path + "/changes")
        stream.next()
        stopped = threading.Thread(target=lambda: setattr(server, "status", server.stop()))
        stopped.start()
        client = server.client()
        seen = set()
        try:
            while not {503} <= seen:
                seen.add(client.get("/readyz").status)
            # Still selling while the balancer looks away.
            self.assertEqual(sale.hold("Stalls-A-2").status, 201)
        finally:
            stopped.join()
        self.assertEqual(server.status, 0)
        self.assertEqual(stream.next()["event"], "changes")
        self.assertIsNone(stream.next())
        stream.close()
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=2)

    def test_a_port_that_is_taken(self):
        taken = Server("memory:", "--port", str(self.server.port))
        with self.assertRaisesRegex(RuntimeError, str(self.server.port)):
            taken.start()

    def test_a_store_that_is_none(self):
        with self.assertRaises(RuntimeError):
            Server("sqlite:///no/such/folder/x.db").start()


class OutageTests:
    """A database that goes away in the middle of a sale, and comes back."""

    def test_nothing_is_lost_while_the_store_is_away(self):
        sale = Sale(self.server)
        before = sale.held("Stalls-A-1")
        database = self.storage.rsplit("/", 1)[1]
        postgres.run(
            f"alter database {database} with allow_connections false; select pg_terminate_backend(pid) from"
            f" pg_stat_activity where datname = '{database}';"
        )
        try:
            key = new_key()
            refused = sale.public.post(sale.path + "/holds", {"places": ["Stalls-A-2"]}, idempotency=key)
            self.assertEqual(
                (refused.status, refused.json["reason"]), (503, "storage_unavailable"), refused.body
            )
            self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
            self.assertTrue(eventually(lambda: sale.public.get("/readyz").status == 503, 30))
            self.assertEqual(sale.public.get("/healthz").status, 200)
        finally:
            postgres.run(f"alter database {database} with allow_connections true;")
        self.assertTrue(eventually(lambda: sale.public.get("/readyz").status == 200, 30))
        again = sale.public.post(sale.path + "/holds", {"places": ["Stalls-A-2"]}, idempotency=key)
        self.assertEqual(again.status, 201, again.body)
        self.assertEqual(
            sale.public.get(f"{sale.path}/holds/{before['id']}", token=before["token"]).status, 200
        )
        states = sale.states()
        self.assertEqual((states["Stalls-A-1"], states["Stalls-A-2"]), ("h", "h"))


class LateStoreTests:
    """A database that starts later than its server."""

    def setUp(self):
        self.database = self.enterContext(postgres.PostgresServer())
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ticketcore-late-"))
        self.database.stop()

    def started(self):
        """A server on the database that is not there, and the port on which it waits."""
        server = Server(self.database.url("postgres", "postgres"), folder=self.folder)
        with open(f"{self.folder}/output.txt", "ab") as output:
            server._start(output)
        line = server.process.stdout.readline().decode()
        self.assertRegex(line, r"^waiting on port \d+ for the store: .*refused")
        server.port = int(line.split()[3])
        return server

    def test_it_waits_and_says_so_and_then_sells(self):
        server = self.started()
        try:
            client = server.client()
            self.assertEqual(client.get("/healthz").status, 200)
            waiting = client.get("/readyz")
            self.assertEqual(waiting.status, 503)
            self.assertIn(b"waiting for the store: ", waiting.body)
            refused = client.get("/v1/events")
            self.assertEqual((refused.status, refused.json["reason"]), (503, "storage_unavailable"))
            self.assertEqual(refused.headers["Retry-After"], "1")
            self.database.start()
            self.assertEqual(
                server.process.stdout.readline().decode(), f"listening on http://127.0.0.1:{server.port}\n"
            )
            self.assertTrue(eventually(lambda: server.client().get("/readyz").status == 200, 30))
            self.assertEqual(server.client().get("/v1/events").status, 200)
        finally:
            server.kill()

    def test_it_can_be_told_to_end_while_it_waits(self):
        self.assertEqual(self.started().stop(), 0)
