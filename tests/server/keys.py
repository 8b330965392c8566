"""API keys: what each may do, for how long, and what is written down of it."""

import tempfile
import time

from guarding import Guarded
from shop import Sale, eventually, new_key


class KeyGuards(Guarded):
    """Each starts a server of its own where it changes what others see."""

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
        made = admin.post(
            "/v1/keys", {"name": "stewards", "scopes": ["gate", "box_office"], "events": [here.id]}
        ).json
        self.assertEqual(made["events"], [here.id])
        client = self.server.client(made["key"])
        self.assertEqual(client.get(here.path + "/orders").status, 200)
        self.assertEqual(client.get(there.path + "/orders").status, 403)
        code = there.bought("Stalls-A-1")["tickets"][0]["code"]
        self.assertEqual(client.post(there.path + "/scans", {"code": code, "gate": "north"}).status, 403)
        self.assertEqual(
            client.post(here.path + "/scans", {"code": code, "gate": "north"}).json["reason"],
            "code_for_other_event",
        )
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
            quoted = sale.public.post(
                f"{sale.path}/holds/{hold['id']}/quote",
                {"choices": [{"ticket_type": "adult", "count": 1}]},
                token=hold["token"],
                idempotency=key,
            )
            self.assertEqual(quoted.status, 200, quoted.body)
            paid = sale.public.post(
                f"{sale.path}/holds/{hold['id']}/payments",
                {"buyer": {"name": name, "email": "a@example.org"}},
                token=hold["token"],
                idempotency=key,
            )
            self.assertEqual(paid.status, 201, paid.body)
            sale.decide(paid.json, "approve")
            payments.append(sale.settled(paid.json))
        for sale, payment, name in ((one, payments[0], "Олена"), (two, payments[1], "Богдан")):
            order = sale.public.get(
                f"{sale.path}/orders/{payment['order']['id']}", token=payment["order"]["token"]
            ).json
            self.assertEqual((order["event"], order["buyer"]["name"]), (sale.id, name))

    def test_staff_leave_a_record(self):
        server = self.guarded()
        sale = Sale(server)
        made = server.admin.post("/v1/keys", {"name": "till 7", "scopes": ["box_office", "gate"]}).json
        till = server.client(made["key"])
        order = sale.bought("Stalls-A-1", "Stalls-A-2")
        key = new_key()
        refunds = f"{sale.path}/orders/{order['id']}/refunds"
        self.assertEqual(
            till.post(refunds, {"tickets": [order["tickets"][0]["id"]]}, idempotency=key).status, 200
        )
        self.assertEqual(
            till.post(sale.path + "/scans", {"code": order["tickets"][1]["code"], "gate": "north"}).status,
            200,
        )
        self.assertEqual(
            till.post(sale.path + "/scans", {"code": order["tickets"][1]["code"], "gate": "north"}).status,
            409,
        )
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
        self.assertEqual(
            [(deed["name"], deed["what"].removeprefix("POST /v1/events/{event}")) for deed in deeds[-5:]],
            [
                ("till 7", "/orders/{order}/refunds"),
                ("till 7", "/scans"),
                ("till 7", "/scans"),
                ("admin", "/sale-status"),
                ("admin", "DELETE /v1/keys/{key}"),
            ],
        )
        self.assertEqual((deeds[-5]["key"], deeds[-5]["path"]), (made["id"], refunds))
        self.assertEqual([deed["what"] for deed in deeds[:2]], ["POST /v1/events", "POST /v1/keys"])
        self.assertEqual(len({deed.get("request") for deed in deeds}), len(deeds))
        self.assertEqual(
            server.admin.get("/v1/staff-log?month=2020-01").json, {"month": "2020-01", "deeds": []}
        )
        self.assertEqual(server.admin.get("/v1/staff-log?month=2020-13").status, 422)
        self.assertEqual(sale.public.get("/v1/staff-log").status, 401)
        # Whoever asks chooses how long a path is, not how long the log grows.
        server.admin("DELETE", "/v1/keys/" + "k" * 10_000)
        last = server.admin.get("/v1/staff-log?limit=200").json["deeds"][-1]
        self.assertEqual(last["path"], "/v1/keys/" + "k" * 291 + "...")
