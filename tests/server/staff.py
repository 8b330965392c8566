"""What staff do: counter sales, looking people up, keys, charts."""

import urllib.parse

from shop import BUYER, CHART, Sale, eventually, new_key


class StaffTests:
    def test_a_sale_at_the_counter(self):
        sale = Sale(self.server)
        seller = sale.staff("seller")
        hold = sale.hold("Stalls-A-1", "Stalls-A-2", client=seller).json
        sale.quote(hold, 2, client=seller)
        path = f"{sale.path}/holds/{hold['id']}/orders"
        self.assertEqual(
            sale.public.post(path, {"payment": {"method": "cash"}}, token=hold["token"]).status, 401
        )
        key = new_key()
        body = {"payment": {"method": "cash", "reference": "till 3"}, "buyer": {"name": "Тарас"}}
        order = seller.post(path, body, idempotency=key)
        self.assertEqual(order.status, 201, order.body)
        self.assertEqual(
            (order.json["status"], order.json["payment"], order.json["buyer"]["name"]),
            ("paid", body["payment"], "Тарас"),
        )
        self.assertEqual(seller.post(path, body, idempotency=key).json, order.json)
        other = seller.post(path, {**body, "buyer": {"name": "Богдан"}}, idempotency=key)
        self.assertEqual((other.status, other.json["reason"]), (422, "request_reused"))
        again = seller.post(path, body)
        self.assertEqual((again.status, again.json["reason"]), (409, "hold_checked_out"))
        # Whoever lost the answer is told which order it was, by every request about the hold.
        name = {"id": order.json["id"], "number": order.json["number"]}
        self.assertEqual(again.json["order"], name)
        about = f"{sale.path}/holds/{hold['id']}"
        asked = (
            sale.public.get(about, token=hold["token"]),
            seller.get(about),
            seller.post(about + "/release"),
            seller.post(about + "/extension", {"ttl_seconds": 60}),
            seller.post(about + "/quote", {"choices": [{"ticket_type": "adult", "count": 2}]}),
            sale.public.post(about + "/payments", {"buyer": BUYER}, token=hold["token"]),
        )
        self.assertEqual(
            [(answer.json["reason"], answer.json["order"]) for answer in asked],
            [("hold_checked_out", name)] * 6,
        )
        self.assertNotIn("order", sale.public.get(about).json)
        self.assertEqual(
            seller.get(f"{sale.path}/orders/{order.json['id']}", token=order.json["token"]).status, 200
        )
        unpriced = sale.hold("Stalls-A-3", client=seller).json
        self.assertEqual(
            seller.post(f"{sale.path}/holds/{unpriced['id']}/orders", body).json["reason"], "not_quoted"
        )

    def test_orders_are_listed_and_found(self):
        sale = Sale(self.server)
        office = sale.staff("box_office")
        orders = [sale.bought(f"Stalls-A-{seat}") for seat in range(1, 6)]
        listed, cursor, pages = [], "", 0
        while True:
            page = office.get(f"{sale.path}/orders?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
            listed += [order["number"] for order in page["orders"]]
            pages += 1
            cursor = page.get("next")
            if not cursor:
                break
        self.assertEqual((listed, pages), ([5, 4, 3, 2, 1], 3))
        wanted = orders[2]
        for words in (
            "3",
            wanted["id"],
            "Stalls-A-3",
            wanted["payment"]["reference"],
            wanted["tickets"][0]["id"],
        ):
            found = office.get(f"{sale.path}/orders?q={words}").json["orders"]
            self.assertEqual([order["number"] for order in found], [3], words)
        for words in ("%D1%88%D0%B5%D0%92%D1%87%D0%B5%D0%BD%D0%BA%D0%BE", "OLENA", "example.org"):
            self.assertEqual(len(office.get(f"{sale.path}/orders?q={words}").json["orders"]), 5, words)
        # As a ticket prints it, as the pages write it, as people type it.
        for words in (
            "No. 3",
            "#3",
            "№3",
            "№ 3",
            "order 3",
            "Stalls A-3",
            "stalls-a-3",
            "A-3",
            "a 3",
            "Stalls, row A, seat 3",
            "Stalls, ряд A, місце 3",
            "STALLS  ROW A  SEAT 3",
        ):
            found = office.get(f"{sale.path}/orders?q={urllib.parse.quote(words)}").json["orders"]
            self.assertEqual([order["number"] for order in found], [3], words)
        for words in ("nobody", "-", "row", "Stalls-A", "A-33", "alls-A-3"):
            self.assertEqual(
                office.get(f"{sale.path}/orders?q={urllib.parse.quote(words)}").json, {"orders": []}, words
            )
        for query in ("cursor=x", "cursor=ZXZlbnRzOjE", "limit=0", "limit=101", "limit=-1", "limit=x"):
            answer = office.get(f"{sale.path}/orders?{query}")
            self.assertEqual((answer.status, answer.json["reason"]), (422, "invalid_request"), query)

    def test_events_are_listed_page_by_page(self):
        made = {Sale(self.server).id for _ in range(3)}
        seen, cursor = [], ""
        while True:
            page = (
                self.server.client().get("/v1/events?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
            )
            self.assertLessEqual(len(page["events"]), 2)
            seen += [event["id"] for event in page["events"]]
            cursor = page.get("next")
            if not cursor:
                break
        self.assertLessEqual(made, set(seen))
        self.assertEqual(seen, sorted(set(seen)))

    def test_who_sits_where(self):
        sale = Sale(self.server)
        office = sale.staff("box_office")
        order = sale.bought("Stalls-B-2", "Stalls-B-3")
        hold = sale.held("Stalls-A-9", areas=[{"area": "Hall-Floor", "quantity": 2}])
        sale.staff("gate").post(sale.path + "/scans", {"code": order["tickets"][0]["code"], "gate": "north"})
        first = office.get(sale.path + "/seating?limit=3").json
        rest = office.get(f"{sale.path}/seating?limit=3&cursor={first['next']}").json
        seats = first["seats"] + rest["seats"]
        self.assertNotIn("next", rest)
        self.assertEqual(
            [(seat["place"], seat["status"]) for seat in seats],
            [
                ("Stalls-A-9", "held"),
                ("Stalls-B-2", "admitted"),
                ("Stalls-B-3", "sold"),
                ("Hall-Floor", "held"),
            ],
        )
        self.assertEqual((seats[0]["until"], seats[3]["quantity"]), (hold["expires_at"], 2))
        self.assertEqual(
            (seats[1]["order"], seats[1]["number"], seats[1]["ticket_type"]), (order["id"], 1, "adult")
        )
        self.assertEqual(seats[1]["buyer"], {"name": order["buyer"]["name"]})
        self.assertEqual(
            [seat["place"] for seat in office.get(sale.path + "/seating?place=stalls-b").json["seats"]],
            ["Stalls-B-2", "Stalls-B-3"],
        )
        one = office.get(sale.path + "/seating?place=Stalls,%20row%20B,%20seat%202").json["seats"]
        self.assertEqual([seat["place"] for seat in one], ["Stalls-B-2"])

    def test_keys_come_and_go(self):
        admin = self.server.admin
        key = new_key()
        made = [
            admin.post("/v1/keys", {"name": "till 1", "scopes": ["seller", "gate"]}, idempotency=key)
            for _ in range(2)
        ]
        self.assertEqual((made[0].status, made[0].json), (201, made[1].json))
        self.assertEqual(
            admin.post("/v1/keys", {"name": "till 2", "scopes": ["seller"]}, idempotency=key).json["reason"],
            "request_reused",
        )
        listed = {entry["id"]: entry for entry in admin.get("/v1/keys").json["keys"]}
        self.assertEqual(listed[made[0].json["id"]]["scopes"], ["seller", "gate"])
        self.assertNotIn("key", listed[made[0].json["id"]])
        till = self.server.client(made[0].json["key"])
        self.assertEqual((till.get("/v1/me").status, till.get("/v1/me").json["name"]), (200, "till 1"))
        self.assertEqual(admin("DELETE", "/v1/keys/" + made[0].json["id"]).status, 204)
        self.assertEqual(till.get("/v1/me").status, 401)
        self.assertEqual(admin("DELETE", "/v1/keys/" + made[0].json["id"]).json["reason"], "key_not_found")
        for body in (
            {},
            {"name": "x", "scopes": []},
            {"name": "x", "scopes": ["root"]},
            {"name": "x", "scopes": "admin"},
            {"name": "", "scopes": ["gate"]},
        ):
            self.assertEqual(admin.post("/v1/keys", body).status, 422, body)

    def test_charts_are_read_before_they_are_used(self):
        admin = self.server.admin
        read = admin.post("/v1/charts", CHART)
        self.assertEqual(read.status, 200, read.body)
        self.assertEqual(
            (read.json["name"], read.json["places"], read.json["capacity"], read.json["problems"]),
            ("Little House", 200, 250, []),
        )
        self.assertEqual(
            read.json["categories"][0],
            {"key": "stalls", "label": "Stalls", "color": "#1B5E8C", "places": 200},
        )
        broken = {**CHART, "categories": [{"key": "stalls"}], "sectoins": []}
        answer = admin.post("/v1/charts", broken)
        self.assertEqual((answer.status, answer.json["reason"]), (422, "invalid_request"))
        self.assertGreaterEqual(len(answer.json["errors"]), 2)

    def test_probes_and_metrics(self):
        sale = Sale(self.server)
        sale.bought("Stalls-A-1")
        sale.hold("Stalls-A-1")
        self.assertEqual(sale.public.get("/healthz").status, 200)
        self.assertTrue(eventually(lambda: sale.public.get("/readyz").status == 200))
        text = sale.public.get("/metrics").body.decode()
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        self.assertGreaterEqual(float(values["ticketcore_holds_total"]), 1)
        self.assertGreaterEqual(float(values["ticketcore_orders_total"]), 1)
        self.assertGreaterEqual(float(values['ticketcore_refusals_total{reason="place_taken"}']), 1)
        self.assertIn("ticketcore_stream_clients", values)
        # The store in memory and the server have one clock.
        self.assertLess(abs(float(values["ticketcore_store_clock_ahead_seconds"])), 1)
        self.assertEqual(sale.public.get("/openapi.json").json["openapi"], "3.1.0")
