"""What keeps the house open to all: limits of one client, slow providers, streams, keys, and who did what."""

import contextlib
import http.client
import json
import pathlib
import re
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

from shop import BUYER, CHART, PRICES, EventStream, Sale, Server, eventually, new_key, without_token

HEADERS = ("X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy")


def from_address(client, address):
    """The client's requests as a proxy passes them on from the address."""

    def call(method, path, body=None, **options):
        headers = {"X-Forwarded-For": address, **options.pop("headers", {})}
        return client(method, path, body, headers=headers, **options)

    return call


def raw_answer(port, head, body=b""):
    """The status and headers of what answers these bytes; the body is sent when something has come, or nothing within a moment."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(head)
        response = http.client.HTTPResponse(raw)
        response.begin()
        return response.status, response.headers, response.read()


class GuardTests:
    """Each starts a server of its own, with limits that are as they come unless it says otherwise."""

    LIMITS = ("--open-places-per-address", "60", "--open-places-per-key", "400")

    def guarded(self, *options, storage="memory:", **more):
        server = Server(storage, *self.LIMITS, *options, **more).start()
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def metric(self, server, name):
        text = server.client().get("/metrics").body.decode()
        return float(dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))[name])

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

    def test_payments_online_must_be_asked_for(self):
        server = self.guarded(fake_payments=False)
        sale = Sale(server)
        hold = sale.held("Stalls-A-1")
        sale.quote(hold, 1)
        refused = sale.pay(hold)
        self.assertEqual((refused.status, refused.json["reason"]), (409, "payments_off"))
        for path in ("/pay/" + new_key(), "/v1/payments/" + new_key()):
            self.assertEqual(sale.public.get(path).status, 404)
        self.assertEqual(sale.public.post(f"/pay/{new_key()}/decision", {"decision": "approve"}, idempotency="").status, 404)
        seller = sale.staff("seller")
        own = sale.hold("Stalls-A-2", client=seller).json
        sale.quote(own, 1, client=seller)
        self.assertEqual(seller.post(f"{sale.path}/holds/{own['id']}/orders", {"payment": {"method": "cash"}}).status, 201)

    def test_one_laptop_cannot_empty_the_house(self):
        server = self.guarded("--trusted-proxy", "127.0.0.0/8")
        sale = Sale(server)
        laptop = from_address(sale.public, "203.0.113.9")
        answers = []
        for number in range(60):
            body = {"best": {"count": 10}, "cart": f"cart-{number}"}
            if number == 0:
                long = laptop("POST", sale.path + "/holds", {**body, "ttl_seconds": 3600})
                self.assertEqual((long.status, long.json["errors"][0]["pointer"]), (422, "/ttl_seconds"))
            answers.append(laptop("POST", sale.path + "/holds", body))
        held = [answer.json for answer in answers if answer.status == 201]
        self.assertEqual(sum(len(hold["places"]) for hold in held), 60)
        refused = [answer for answer in answers if answer.status != 201]
        self.assertEqual({(answer.status, answer.json["reason"], answer.json["limit"]) for answer in refused}, {(409, "open_places_limit", 60)})
        self.assertEqual(sale.states()["Stalls-J-20"], "f")
        # Nor by holding longer than the public may, as an extension.
        longer = laptop("POST", f"{sale.path}/holds/{held[0]['id']}/extension", {"ttl_seconds": 3600}, token=held[0]["token"])
        self.assertEqual(longer.status, 422)
        # A request that comes again is told what it was told.
        key = new_key()
        mine = from_address(sale.public, "203.0.113.10")
        body = {"best": {"count": 10}}
        first = mine("POST", sale.path + "/holds", body, idempotency=key)
        for _ in range(5):
            mine("POST", sale.path + "/holds", body)
        self.assertEqual(mine("POST", sale.path + "/holds", body).status, 409)
        again = mine("POST", sale.path + "/holds", body, idempotency=key)
        self.assertEqual(without_token(again), without_token(first))
        # Another address, and another event, have their own; what is let go counts no more.
        self.assertEqual(from_address(sale.public, "203.0.113.11")("POST", sale.path + "/holds", {"best": {"count": 2}}).status, 201)
        self.assertEqual(laptop("POST", Sale(server).path + "/holds", {"best": {"count": 2}}).status, 201)
        laptop("POST", f"{sale.path}/holds/{held[0]['id']}/release", {}, token=held[0]["token"])
        self.assertEqual(laptop("POST", sale.path + "/holds", {"best": {"count": 2}}).status, 201)

    def test_a_household_in_ipv6_is_one(self):
        server = self.guarded("--trusted-proxy", "127.0.0.1", "--open-places-per-address", "4")
        sale = Sale(server)
        # A provider gives a home 256 networks of /64: they are one client, and so are their addresses.
        addresses = ("2001:db8:1:200::1", "2001:db8:1:200::2", "2001:db8:1:2ff::1", "2001:db8:1:27a::9")
        statuses = [from_address(sale.public, address)("POST", sale.path + "/holds", {"best": {"count": 2}}).status
                    for address in addresses]
        self.assertEqual(statuses, [201, 201, 409, 409])
        neighbour = from_address(sale.public, "2001:db8:1:300::1")
        self.assertEqual(neighbour("POST", sale.path + "/holds", {"best": {"count": 2}}).status, 201)

    def test_no_refused_repetition_frees_places(self):
        server = self.guarded("--trusted-proxy", "127.0.0.1", "--open-places-per-address", "20")
        sale = Sale(server)
        laptop = from_address(sale.public, "203.0.113.9")
        held = 0
        for _ in range(6):
            key = new_key()
            answer = laptop("POST", sale.path + "/holds", {"best": {"count": 10}}, idempotency=key)
            held += len(answer.json["places"]) if answer.status == 201 else 0
            # The same key, with other bodies: all are refused, and none lets go what the first one holds.
            for body in ({"best": {"count": 1}}, {"places": ["Nowhere-A-1"]}, {"best": {"count": 1}, "cart": "x"}):
                refused = laptop("POST", sale.path + "/holds", body, idempotency=key)
                if answer.status == 201:
                    self.assertIn(refused.status, (404, 422), refused.body)
        self.assertEqual(held, 20)
        # A body that is refused, then a larger one under its key: that one is checked too.
        for _ in range(3):
            key = new_key()
            laptop("POST", sale.path + "/holds", {"places": ["Nowhere-A-1"]}, idempotency=key)
            larger = laptop("POST", sale.path + "/holds", {"best": {"count": 10}}, idempotency=key)
            self.assertEqual((larger.status, larger.json["reason"]), (409, "open_places_limit"))
        self.assertEqual(sum(state == "h" for state in sale.states().values()), 20)

    def test_whoever_extends_a_hold_it_counts_on(self):
        server = self.guarded("--trusted-proxy", "127.0.0.1", "--open-places-per-address", "10")
        sale = Sale(server)
        here, there = (from_address(sale.public, f"203.0.113.{number}") for number in (1, 2))
        held = 0
        for client, other in ((here, there), (there, here), (here, there), (there, here)):
            answer = client("POST", sale.path + "/holds", {"best": {"count": 10}})
            if answer.status != 201:
                continue
            held += 10
            hold = answer.json
            path = f"{sale.path}/holds/{hold['id']}/extension"
            self.assertEqual(other("POST", path, {"ttl_seconds": 600}, token=hold["token"]).status, 200)
        self.assertEqual(held, 20)
        # Whoever lets it go, too: it counts no more for whom it was counted.
        self.assertEqual(here("POST", f"{sale.path}/holds/{hold['id']}/release", {}, token=hold["token"]).status, 200)
        self.assertEqual(there("POST", sale.path + "/holds", {"best": {"count": 10}}).status, 201)

    def test_holds_from_before_the_start_are_extended_under_the_limit(self):
        with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
            storage = f"sqlite:///{folder}/shop.db"
            server = self.guarded("--open-places-per-address", "0", storage=storage)
            sale = Sale(server)
            holds = [sale.held(best={"count": 4}) for _ in range(5)]
            server.kill()
            again = self.guarded("--open-places-per-address", "10", storage=storage)
            client = again.client()
            extended = [client.post(f"{sale.path}/holds/{hold['id']}/extension", {"ttl_seconds": 600}, token=hold["token"])
                        for hold in holds]
            self.assertEqual([answer.status for answer in extended], [200, 200, 409, 409, 409])
            self.assertEqual(extended[-1].json["reason"], "open_places_limit")
            # What was extended may be extended again.
            self.assertEqual(client.post(f"{sale.path}/holds/{holds[0]['id']}/extension", {"ttl_seconds": 600},
                                         token=holds[0]["token"]).status, 200)
            again.kill()

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
            asked += [(f"/holds/{hold['id']}/extension", {"ttl_seconds": 600}, hold["token"]) for hold in holds]
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

    def test_places_that_were_bought_are_not_held(self):
        server = self.guarded("--open-places-per-address", "4")
        sale = Sale(server)
        for first in (1, 5, 9):
            sale.bought(*[f"Stalls-B-{seat}" for seat in range(first, first + 4)])
        sale.held("Stalls-A-1", "Stalls-A-2", "Stalls-A-3")
        refused = sale.hold("Stalls-A-4", "Stalls-A-5")
        self.assertEqual((refused.status, refused.json["reason"], refused.json["asked"]), (409, "open_places_limit", 2))

    def test_many_buyers_may_share_an_address(self):
        server = self.guarded("--trusted-proxy", "127.0.0.1", "--open-places-per-address", "4", "--shared-network", "198.51.100.0/24")
        sale = Sale(server)
        carrier = from_address(sale.public, "198.51.100.200")
        statuses = [carrier("POST", sale.path + "/holds", {"best": {"count": 4}}).status for _ in range(12)]
        self.assertEqual(statuses, [201] * 10 + [409] * 2)

    def test_a_key_holds_only_so_much(self):
        server = self.guarded("--open-places-per-key", "6")
        sale = Sale(server)
        seller, other = sale.staff("seller"), sale.staff("seller")
        self.assertEqual([sale.hold(client=seller, best={"count": 3}).status for _ in range(3)], [201, 201, 409])
        self.assertEqual(sale.hold(client=other, best={"count": 3}, ttl_seconds=3600).status, 201)

    def test_a_key_that_sells_nothing_here_holds_as_the_public(self):
        server = self.guarded("--open-places-per-address", "6")
        here, there = Sale(server), Sale(server)
        gate = here.staff("gate")
        made = server.admin.post("/v1/keys", {"name": "x", "scopes": ["seller"], "events": [there.id]}).json
        elsewhere = server.client(made["key"])
        holds = [here.hold(client=client, best={"count": 3}) for client in (gate, elsewhere, here.public, gate, elsewhere)]
        self.assertEqual([hold.status for hold in holds], [201, 201, 409, 409, 409])
        self.assertIn("buyers at this address", holds[-1].json["detail"])
        self.assertEqual(there.hold(client=elsewhere, best={"count": 9}).status, 201)

    def test_a_restart_learns_of_holds_that_are_extended(self):
        with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
            storage = f"sqlite:///{folder}/shop.db"
            server = self.guarded("--open-places-per-address", "6", storage=storage)
            sale = Sale(server)
            hold = sale.held(best={"count": 6})
            self.assertEqual(sale.hold("Stalls-A-1").status, 409)
            server.kill()
            again = self.guarded("--open-places-per-address", "6", storage=storage)
            client = again.client()
            extended = client.post(f"{sale.path}/holds/{hold['id']}/extension", {"ttl_seconds": 600}, token=hold["token"])
            self.assertEqual(extended.status, 200, extended.body)
            refused = client.post(sale.path + "/holds", {"best": {"count": 1}})
            self.assertEqual((refused.status, refused.json["reason"]), (409, "open_places_limit"))
            again.kill()

    def test_a_provider_that_hangs_holds_up_nobody(self):
        server = self.guarded("--fake-payments-seconds", "3600", "--provider-timeout", "2", "--drain-limit", "1",
                              "--trusted-proxy", "127.0.0.1")
        sale = Sale(server)
        seller = sale.staff("seller")
        holds = [sale.held(f"Stalls-A-{seat}") for seat in range(1, 13)]
        for hold in holds:
            sale.quote(hold, 1)
        answers = []

        def pay(number, hold):
            buyer = from_address(server.client(), f"203.0.113.{number}")
            answers.append(buyer("POST", f"{sale.path}/holds/{hold['id']}/payments", {"buyer": BUYER}, token=hold["token"]))

        threads = [threading.Thread(target=pay, args=(number, hold)) for number, hold in enumerate(holds)]
        for thread in threads:
            thread.start()
        self.assertTrue(eventually(lambda: self.metric(server, "ticketcore_provider_calls") >= 4))
        # All the threads that buyers have for the provider hang. Everything else is answered.
        client = server.client()
        for _ in range(20):
            self.assertEqual(client.get("/readyz").status, 200)
            self.assertEqual(client.get("/v1/events").status, 200)
            self.assertEqual(client.get(f"{sale.path}/holds/{holds[0]['id']}", token=holds[0]["token"]).status, 200)
            self.assertEqual(server.client(seller.key).get("/v1/me").status, 200)
            self.assertEqual(server.client("tck_aaaaaaaaaaaa_" + "x" * 43).get("/v1/me").status, 401)
        self.assertEqual(sale.hold("Stalls-C-1").status, 201)
        for thread in threads:
            thread.join()
        self.assertEqual({(answer.status, answer.json["reason"]) for answer in answers}, {(503, "provider_unavailable")})
        self.assertEqual(len(answers), len(holds))
        # It is not asked any more, and whoever wants to pay hears so without a call.
        self.assertTrue(eventually(lambda: sale.pay(holds[0]).status == 503))
        calls = self.metric(server, "ticketcore_provider_calls_total")
        for hold in holds:
            self.assertEqual(sale.pay(hold).json["reason"], "provider_unavailable")
        self.assertEqual(self.metric(server, "ticketcore_provider_calls_total"), calls)
        self.assertEqual(client.get("/readyz").status, 200)
        # And the end is not put off for it: the calls are given up, which is an end with 1.
        self.assertEqual(server.stop(), 1)
        self.assertIn("gave up what is still under way", server.written())

    def test_one_client_has_only_a_share_of_the_provider(self):
        server = self.guarded("--fake-payments-seconds", "1", "--trusted-proxy", "127.0.0.1")
        sale = Sale(server)
        holds = [sale.held(f"Stalls-A-{seat}") for seat in range(1, 15)]
        for hold in holds:
            sale.quote(hold, 1)
        answers = []

        def pay(hold):
            path = f"{sale.path}/holds/{hold['id']}/payments"
            greedy = from_address(server.client(), "203.0.113.9")
            answers.append(greedy("POST", path, {"buyer": BUYER}, token=hold["token"]))

        threads = [threading.Thread(target=pay, args=(hold,)) for hold in holds[:-1]]
        for thread in threads:
            thread.start()
        self.assertTrue(eventually(lambda: len(answers) >= 5))
        other = from_address(server.client(), "203.0.113.10")
        path = f"{sale.path}/holds/{holds[-1]['id']}/payments"
        self.assertEqual(other("POST", path, {"buyer": BUYER}, token=holds[-1]["token"]).status, 201)
        for thread in threads:
            thread.join()
        limited = [answer for answer in answers if answer.status != 201]
        self.assertEqual({(answer.status, answer.json["reason"]) for answer in limited}, {(429, "rate_limited")})
        self.assertLessEqual(len(limited), 5)
        self.assertTrue(all(answer.headers["Retry-After"] for answer in limited))

    def test_damaged_payments_keep_no_other_waiting(self):
        with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
            server = self.guarded(storage=f"sqlite:///{folder}/shop.db", folder=folder)
            sale = Sale(server)
            payments = []
            for seat in range(1, 9):
                hold = sale.held(f"Stalls-A-{seat}")
                sale.quote(hold, 1)
                payments.append(sale.pay(hold).json)
            for payment in payments:
                sale.decide(payment, "delay", delay_seconds=1)
            server.kill()
            payments.sort(key=lambda payment: payment["id"])
            # So many that in every second one of them is due.
            damaged, others = payments[:6], payments[6:]
            for payment in damaged:
                self.change_vault(folder, f"payment/{payment['id']}", lambda record: b"damaged")
            again = self.guarded(storage=f"sqlite:///{folder}/shop.db", folder=folder)
            sale.public = again.client()
            # Nobody asks, and notices went with the process: the sweep settles them.
            for payment in others:
                self.assertEqual(sale.settled(payment, 15)["status"], "approved")
            self.assertTrue(eventually(lambda: all(f"payment {payment['id']}: " in again.written() for payment in damaged)))
            again.kill()

    def test_a_buyer_who_never_pays_is_forgotten(self):
        with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
            server = self.guarded(storage=f"sqlite:///{folder}/shop.db", folder=folder)
            sale = Sale(server)
            sale.bought("Stalls-A-2")
            hold = sale.held("Stalls-A-1")
            sale.quote(hold, 1)
            payment = sale.pay(hold).json
            server.kill()
            self.assertEqual(len(self.vault(folder, "buyer/")), 2)
            # As if its hold had ended two days ago.
            ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 2 * 86_400)).encode()
            self.change_vault(folder, f"payment/{payment['id']}",
                              lambda record: re.sub(rb'("expires_at":")[^"]*', rb"\g<1>" + ended, record))
            again = self.guarded(storage=f"sqlite:///{folder}/shop.db", folder=folder)
            self.assertTrue(eventually(lambda: len(self.vault(folder, "buyer/")) == 1))
            again.kill()

    def vault(self, folder, prefix):
        with contextlib.closing(sqlite3.connect(f"{folder}/shop.db")) as store:
            return dict(store.execute("SELECT id, bytes FROM vault WHERE id LIKE ?", (prefix + "%",)))

    def change_vault(self, folder, name, change):
        """For a store that no server has open."""
        with contextlib.closing(sqlite3.connect(f"{folder}/shop.db")) as store:
            (record,) = store.execute("SELECT bytes FROM vault WHERE id = ?", (name,)).fetchone()
            store.execute("UPDATE vault SET bytes = ? WHERE id = ?", (change(record), name))
            store.commit()

    def test_a_slow_provider_is_waited_for(self):
        server = self.guarded("--fake-payments-seconds", "1")
        sale = Sale(server)
        self.assertEqual(sale.bought("Stalls-A-1")["status"], "paid")

    def test_asking_for_a_payment_changes_nothing(self):
        server = self.guarded()
        sale = Sale(server)
        hold = sale.held("Stalls-A-1")
        sale.quote(hold, 1)
        payment = sale.pay(hold).json
        calls = self.metric(server, "ticketcore_provider_calls_total")
        sale.decide(payment, "delay", delay_seconds=600)
        for _ in range(50):
            self.assertEqual(sale.payment(payment)["status"], "pending")
        # A sweep asks once a second at the most; those who look ask never.
        self.assertLess(self.metric(server, "ticketcore_provider_calls_total") - calls, 25)

    def test_streams_leave_room_for_buyers(self):
        server = self.guarded("--connections", "40", "--streams", "12", "--streams-per-address", "5", "--trusted-proxy", "127.0.0.1")
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
        self.assertEqual(from_address(sale.public, "203.0.113.1")("POST", sale.path + "/holds", {"best": {"count": 2}}).status, 201)
        # Nothing is sent meanwhile: a stream's place ends with its connection.
        for _ in range(20):
            for stream in streams[:5]:
                stream.close()
            del streams[:5]
            self.assertTrue(eventually(lambda: follow("203.0.113.1") == 200, 5))
            self.assertEqual([follow("203.0.113.1") for _ in range(4)], [200] * 4)
            streams[:0] = streams[-5:]
            del streams[-5:]
        wrong = subprocess.run([Server.program, "--connections", "100", "--streams", "51"], capture_output=True, text=True)
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
                    (("--connections", "100", "--connections-per-address", "101"), "--connections-per-address may be at most"),
                    (("--connections", "100", "--streams-per-address", "51"), "--streams-per-address may be at most --streams"),
                    (("--payment-secret", str(short)), "less than 16 bytes"), (("--payment-secret", str(empty)), "less than 16 bytes"),
                    (("--payment-secret", folder + "/none"), "can't be read"),
                    *((("--cors", text), "--cors needs an origin")
                      for text in ("*", "https://shop.example/", "shop.example", "https://", "https://Shop.example", "null", "https://a b")),
                    *((("--storage", text), "--storage: ") for text in ("mysql://x", "sqlite3://x", "postgres+tls://x/y"))):
                refused = subprocess.run([Server.program, *options], capture_output=True, text=True, cwd=folder, timeout=30)
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
            return (f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: {new_key()}\r\nContent-Length: {size}\r\n".encode()
                    + authorization + more + b"\r\n")

        # Not a byte of the body is sent: the answer does not wait for it.
        for path, key, status in (("/v1/charts", None, 401), ("/v1/charts", "tck_aaaaaaaaaaaa_" + "x" * 43, 401), ("/v1/charts", seller.key, 403),
                                  ("/v1/events", None, 401), (sale.path + "/holds", None, 413), (sale.path + "/holds", server.admin_key, 413), ("/nothing", None, 413),
                                  ("/v1/charts", server.admin_key, None)):
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
        chunked = (b"POST /v1/charts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer "
                   + server.admin_key.encode() + b"\r\n\r\n" + b"%x\r\n" % 70_000)
        self.assertEqual(raw_answer(server.port, chunked)[0], 413)

    def test_whoever_is_unknown_is_charged_first(self):
        server = self.guarded("--rate-limit", "1")
        client = server.client("tck_aaaaaaaaaaaa_" + "x" * 43)
        # Pages, too: a header that says nothing makes nothing free.
        statuses = [client.get("/").status for _ in range(30)]
        self.assertEqual(statuses[:5], [404] * 5)
        self.assertIn(429, statuses)
        self.assertEqual(client.get("/v1/me").status, 429)
        # A key that is known has its own share; the first look at it was the address's.
        self.assertEqual(server.client(server.admin_key).get("/v1/me").status, 429)

    def test_a_known_key_has_a_share_of_its_own(self):
        server = self.guarded("--rate-limit", "1")
        admin = server.client(server.admin_key)
        self.assertEqual(admin.get("/v1/me").status, 200)
        public = server.client()
        self.assertTrue(eventually(lambda: public.get("/v1/events").status == 429))
        self.assertEqual(admin.get("/v1/me").status, 200)

    def test_guesses_from_its_own_address_lock_no_till_out(self):
        server = self.guarded("--rate-limit", "2")
        till = server.client(server.admin_key)
        made = till.post("/v1/keys", {"name": "till", "scopes": ["box_office"]})
        self.assertEqual(made.status, 201)
        second = server.client(made.json["key"])
        self.assertEqual(second.get("/v1/me").status, 200)
        guess = server.client("tck_aaaaaaaaaaaa_" + "x" * 43)
        # Past the seconds for which a key is taken for good without a look at the store.
        end = time.monotonic() + 7
        while time.monotonic() < end:
            guess.get("/v1/me")
            time.sleep(0.05)
        self.assertEqual(guess.get("/v1/me").status, 429)
        self.assertEqual(till.get("/v1/me").status, 200)
        # Its id is no secret: a guess at it pays as every other.
        wrong = server.client(server.admin_key[:-4] + "aaaa")
        self.assertEqual(wrong.get("/v1/me").status, 429)
        # One that was removed is good for nothing, and has no share any more.
        self.assertEqual(till("DELETE", "/v1/keys/" + made.json["id"]).status, 204)
        self.assertEqual(second.get("/v1/me").status, 429)

    def test_one_damaged_event_hides_no_other(self):
        with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
            server = self.guarded(storage=f"sqlite:///{folder}/shop.db", folder=folder)
            events = [Sale(server).id for _ in range(3)]
            server.kill()
            with contextlib.closing(sqlite3.connect(f"{folder}/shop.db")) as store:
                (stream,) = store.execute("SELECT id FROM streams WHERE name LIKE ?", (f"%{events[1]}%",)).fetchone()
                store.execute("UPDATE entries SET bytes = x'00' WHERE key >> 40 = ?", (stream,))
                store.commit()
            again = self.guarded(storage=f"sqlite:///{folder}/shop.db", folder=folder)
            for _ in range(3):
                listed = again.client().get("/v1/events")
                self.assertEqual(listed.status, 200, listed.body)
                self.assertEqual([event["id"] for event in listed.json["events"]], sorted([events[0], events[2]]))
            self.assertTrue(eventually(lambda: "left out of the list" in again.written()))
            self.assertEqual(again.written().count("left out of the list"), 1)
            again.kill()

    def test_proxies_are_known_by_their_network(self):
        for address, networks in (("127.0.0.1", ("127.0.0.0/8",)), ("::", ("127.0.0.1",)), ("::", ("10.0.0.0/8", "::ffff:127.0.0.0/104"))):
            options = [part for network in networks for part in ("--trusted-proxy", network)]
            server = self.guarded("--address", address, "--open-places-per-address", "2", *options)
            sale = Sale(server)
            statuses = [from_address(sale.public, f"203.0.113.{number}")("POST", sale.path + "/holds", {"best": {"count": 2}}).status for number in range(1, 4)]
            self.assertEqual(statuses, [201] * 3, (address, networks))
            server.kill()
        for wrong in ("10.0.0.1/8", "10.0.0.0/33", "proxy", ""):
            refused = subprocess.run([Server.program, "--trusted-proxy", wrong], capture_output=True, text=True)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("--trusted-proxy needs an address or a network", refused.stderr)

    def test_removed_keys_stay_removed(self):
        with tempfile.TemporaryDirectory(prefix="ticketcore-server-") as folder:
            storage = f"sqlite:///{folder}/shop.db"
            server = self.guarded(storage=storage, folder=folder)
            admin = server.admin
            creation = new_key()
            body = {"name": "second", "scopes": ["admin"]}
            second = admin.post("/v1/keys", body, idempotency=creation).json
            self.assertEqual(admin("DELETE", "/v1/keys/" + second["id"]).status, 204)
            replayed = admin.post("/v1/keys", body, idempotency=creation)
            self.assertEqual((replayed.status, replayed.json["reason"]), (404, "key_not_found"))
            self.assertEqual(server.client(second["key"]).get("/v1/me").status, 401)
            third = admin.post("/v1/keys", body).json
            first = admin.get("/v1/keys").json["keys"][0]
            self.assertEqual(first["name"], "admin")
            self.assertEqual(server.client(third["key"])("DELETE", "/v1/keys/" + first["id"]).status, 204)
            server.kill()
            again = self.guarded(storage=storage, folder=folder)
            self.assertEqual(again.admin.get("/v1/keys").status, 401)
            self.assertIn("was removed, and stays so", again.written())
            left = again.client(third["key"]).get("/v1/keys")
            self.assertEqual([key["id"] for key in left.json["keys"]], [third["id"]])
            again.kill()

    def test_keys_expire(self):
        admin = self.server.admin
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
        made = admin.post("/v1/keys", {"name": "one evening", "scopes": ["gate"], "expires_at": soon}).json
        self.assertEqual(made["expires_at"][:19], soon[:19])
        gate = self.server.client(made["key"])
        self.assertEqual(gate.get("/v1/me").json["scopes"], ["public", "gate"])
        self.assertTrue(eventually(lambda: gate.get("/v1/me").status == 401))
        for wrong in ("2020-01-01T00:00:00Z", "tomorrow", 7):
            refused = admin.post("/v1/keys", {"name": "x", "scopes": ["gate"], "expires_at": wrong})
            self.assertEqual((refused.status, refused.json["errors"][0]["pointer"]), (422, "/expires_at"))

    def test_keys_are_for_their_events(self):
        here, there = Sale(self.server), Sale(self.server)
        admin = self.server.admin
        made = admin.post("/v1/keys", {"name": "stewards", "scopes": ["gate", "box_office"], "events": [here.id]}).json
        self.assertEqual(made["events"], [here.id])
        client = self.server.client(made["key"])
        self.assertEqual(client.get(here.path + "/orders").status, 200)
        self.assertEqual(client.get(there.path + "/orders").status, 403)
        code = there.bought("Stalls-A-1")["tickets"][0]["code"]
        self.assertEqual(client.post(there.path + "/scans", {"code": code, "gate": "north"}).status, 403)
        self.assertEqual(client.post(here.path + "/scans", {"code": code, "gate": "north"}).json["reason"], "code_for_other_event")
        me = client.get("/v1/me").json
        self.assertEqual((me["scopes"], me["events"]), (["public", "box_office", "gate"], [here.id]))
        # Elsewhere it sees what everybody sees, and no more.
        self.assertEqual(client.get(there.path).status, 200)
        hold = there.held("Stalls-A-2")
        self.assertEqual(client.get(f"{there.path}/holds/{hold['id']}").status, 404)
        there.quote(hold, 1)
        payment = there.pay(hold).json
        self.assertEqual(client.get("/v1/payments/" + payment["id"]).status, 404)
        refused = admin.post("/v1/keys", {"name": "x", "scopes": ["admin"], "events": [here.id]})
        self.assertEqual((refused.status, refused.json["errors"][0]["pointer"]), (422, "/events"))
        wrong = admin.post("/v1/keys", {"name": "x", "scopes": ["gate"], "events": ["no such/name"]})
        self.assertEqual((wrong.status, wrong.json["errors"][0]["pointer"]), (422, "/events/0"))

    def test_one_idempotency_key_for_two_things(self):
        one, two = Sale(self.server), Sale(self.server)
        key = new_key()
        body = {"places": ["Stalls-A-1"]}
        holds = [sale.public.post(sale.path + "/holds", body, idempotency=key).json for sale in (one, two)]
        self.assertNotEqual(holds[0]["id"], holds[1]["id"])
        # The same key for the next steps, as a careless client sends it: each is a request of its own.
        payments = []
        for sale, hold, name in ((one, holds[0], "Олена"), (two, holds[1], "Богдан")):
            quoted = sale.public.post(f"{sale.path}/holds/{hold['id']}/quote", {"choices": [{"ticket_type": "adult", "count": 1}]}, token=hold["token"], idempotency=key)
            self.assertEqual(quoted.status, 200, quoted.body)
            paid = sale.public.post(f"{sale.path}/holds/{hold['id']}/payments", {"buyer": {"name": name, "email": "a@example.org"}}, token=hold["token"], idempotency=key)
            self.assertEqual(paid.status, 201, paid.body)
            sale.decide(paid.json, "approve")
            payments.append(sale.settled(paid.json))
        for sale, payment, name in ((one, payments[0], "Олена"), (two, payments[1], "Богдан")):
            order = sale.public.get(f"{sale.path}/orders/{payment['order']['id']}", token=payment["order"]["token"]).json
            self.assertEqual((order["event"], order["buyer"]["name"]), (sale.id, name))

    def test_staff_leave_a_record(self):
        server = self.guarded()
        sale = Sale(server)
        made = server.admin.post("/v1/keys", {"name": "till 7", "scopes": ["box_office", "gate"]}).json
        till = server.client(made["key"])
        order = sale.bought("Stalls-A-1", "Stalls-A-2")
        key = new_key()
        refunds = f"{sale.path}/orders/{order['id']}/refunds"
        self.assertEqual(till.post(refunds, {"tickets": [order["tickets"][0]["id"]]}, idempotency=key).status, 200)
        self.assertEqual(till.post(sale.path + "/scans", {"code": order["tickets"][1]["code"], "gate": "north"}).status, 200)
        self.assertEqual(till.post(sale.path + "/scans", {"code": order["tickets"][1]["code"], "gate": "north"}).status, 409)
        self.assertEqual(till.post("/v1/keys", {"name": "x", "scopes": ["gate"]}).status, 403)
        server.admin.post(sale.path + "/sale-status", {"status": "off_sale"})
        server.admin("DELETE", "/v1/keys/" + made["id"])
        deeds, cursor = [], ""
        while True:
            page = server.admin.get("/v1/staff-log?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
            deeds += page["deeds"]
            cursor = page.get("next")
            if not cursor:
                break
        self.assertEqual([(deed["name"], deed["what"].removeprefix("POST /v1/events/{event}")) for deed in deeds[-5:]],
                         [("till 7", "/orders/{order}/refunds"), ("till 7", "/scans"), ("till 7", "/scans"), ("admin", "/sale-status"), ("admin", "DELETE /v1/keys/{key}")])
        self.assertEqual((deeds[-5]["key"], deeds[-5]["path"]), (made["id"], refunds))
        self.assertEqual([deed["what"] for deed in deeds[:2]], ["POST /v1/events", "POST /v1/keys"])
        self.assertEqual(len({deed.get("request") for deed in deeds}), len(deeds))
        self.assertEqual(server.admin.get("/v1/staff-log?month=2020-01").json, {"month": "2020-01", "deeds": []})
        self.assertEqual(server.admin.get("/v1/staff-log?month=2020-13").status, 422)
        self.assertEqual(sale.public.get("/v1/staff-log").status, 401)
        # Whoever asks chooses how long a path is, not how long the log grows.
        server.admin("DELETE", "/v1/keys/" + "k" * 10_000)
        last = server.admin.get("/v1/staff-log?limit=200").json["deeds"][-1]
        self.assertEqual(last["path"], "/v1/keys/" + "k" * 291 + "...")

    def test_every_kind_of_answer_has_its_headers(self):
        server = self.guarded("--connections", "10")
        kinds = {
            "200": b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", "404": b"GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n", "405": b"PUT /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
            "401": b"GET /v1/keys HTTP/1.1\r\nHost: x\r\n\r\n", "page 404": b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", "204": b"OPTIONS /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
            "no HTTP": b"NONSENSE\r\n\r\n", "no host": b"GET / HTTP/1.1\r\n\r\n", "bad target": b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
            "431": b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20_000 + b"\r\n\r\n", "413": b"POST /v1/events/x/holds HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
            "501": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "422": b"GET /v1/events?limit=x HTTP/1.1\r\nHost: x\r\n\r\n",
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
