"""How many places one client may hold: by its address, by its key, over a restart."""

import tempfile

from guarding import Guarded, from_address
from shop import Sale, new_key, without_token


class HoldLimits(Guarded):
    """Each starts a server of its own, with limits that are as they come unless it says otherwise."""

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
        self.assertEqual(
            {(answer.status, answer.json["reason"], answer.json["limit"]) for answer in refused},
            {(409, "open_places_limit", 60)},
        )
        self.assertEqual(sale.states()["Stalls-J-20"], "f")
        # Nor by holding longer than the public may, as an extension.
        longer = laptop(
            "POST",
            f"{sale.path}/holds/{held[0]['id']}/extension",
            {"ttl_seconds": 3600},
            token=held[0]["token"],
        )
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
        self.assertEqual(
            from_address(sale.public, "203.0.113.11")(
                "POST", sale.path + "/holds", {"best": {"count": 2}}
            ).status,
            201,
        )
        self.assertEqual(laptop("POST", Sale(server).path + "/holds", {"best": {"count": 2}}).status, 201)
        laptop("POST", f"{sale.path}/holds/{held[0]['id']}/release", {}, token=held[0]["token"])
        self.assertEqual(laptop("POST", sale.path + "/holds", {"best": {"count": 2}}).status, 201)

    def test_a_household_in_ipv6_is_one(self):
        server = self.guarded("--trusted-proxy", "127.0.0.1", "--open-places-per-address", "4")
        sale = Sale(server)
        # A provider gives a home 256 networks of /64: they are one client, and so are their addresses.
        addresses = ("2001:db8:1:200::1", "2001:db8:1:200::2", "2001:db8:1:2ff::1", "2001:db8:1:27a::9")
        statuses = [
            from_address(sale.public, address)("POST", sale.path + "/holds", {"best": {"count": 2}}).status
            for address in addresses
        ]
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
            for body in (
                {"best": {"count": 1}},
                {"places": ["Nowhere-A-1"]},
                {"best": {"count": 1}, "cart": "x"},
            ):
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
        self.assertEqual(
            here("POST", f"{sale.path}/holds/{hold['id']}/release", {}, token=hold["token"]).status, 200
        )
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
            extended = [
                client.post(
                    f"{sale.path}/holds/{hold['id']}/extension", {"ttl_seconds": 600}, token=hold["token"]
                )
                for hold in holds
            ]
            self.assertEqual([answer.status for answer in extended], [200, 200, 409, 409, 409])
            self.assertEqual(extended[-1].json["reason"], "open_places_limit")
            # What was extended may be extended again.
            self.assertEqual(
                client.post(
                    f"{sale.path}/holds/{holds[0]['id']}/extension",
                    {"ttl_seconds": 600},
                    token=holds[0]["token"],
                ).status,
                200,
            )
            again.kill()

    def test_places_that_were_bought_are_not_held(self):
        server = self.guarded("--open-places-per-address", "4")
        sale = Sale(server)
        for first in (1, 5, 9):
            sale.bought(*[f"Stalls-B-{seat}" for seat in range(first, first + 4)])
        sale.held("Stalls-A-1", "Stalls-A-2", "Stalls-A-3")
        refused = sale.hold("Stalls-A-4", "Stalls-A-5")
        self.assertEqual(
            (refused.status, refused.json["reason"], refused.json["asked"]), (409, "open_places_limit", 2)
        )

    def test_many_buyers_may_share_an_address(self):
        server = self.guarded(
            "--trusted-proxy",
            "127.0.0.1",
            "--open-places-per-address",
            "4",
            "--shared-network",
            "198.51.100.0/24",
        )
        sale = Sale(server)
        carrier = from_address(sale.public, "198.51.100.200")
        statuses = [carrier("POST", sale.path + "/holds", {"best": {"count": 4}}).status for _ in range(12)]
        self.assertEqual(statuses, [201] * 10 + [409] * 2)

    def test_a_key_holds_only_so_much(self):
        server = self.guarded("--open-places-per-key", "6")
        sale = Sale(server)
        seller, other = sale.staff("seller"), sale.staff("seller")
        self.assertEqual(
            [sale.hold(client=seller, best={"count": 3}).status for _ in range(3)], [201, 201, 409]
        )
        self.assertEqual(sale.hold(client=other, best={"count": 3}, ttl_seconds=3600).status, 201)

    def test_a_key_that_sells_nothing_here_holds_as_the_public(self):
        server = self.guarded("--open-places-per-address", "6")
        here, there = Sale(server), Sale(server)
        gate = here.staff("gate")
        made = server.admin.post("/v1/keys", {"name": "x", "scopes": ["seller"], "events": [there.id]}).json
        elsewhere = server.client(made["key"])
        holds = [
            here.hold(client=client, best={"count": 3})
            for client in (gate, elsewhere, here.public, gate, elsewhere)
        ]
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
            extended = client.post(
                f"{sale.path}/holds/{hold['id']}/extension", {"ttl_seconds": 600}, token=hold["token"]
            )
            self.assertEqual(extended.status, 200, extended.body)
            refused = client.post(sale.path + "/holds", {"best": {"count": 1}})
            self.assertEqual((refused.status, refused.json["reason"]), (409, "open_places_limit"))
            again.kill()
