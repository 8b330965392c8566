"""A sale from the list of events to the gate, and every way to repeat and to be refused."""

import json
import struct
import xml.dom.minidom

from shop import BUYER, CHART, PRICES, Sale, eventually, new_key


class SaleTests:
    def test_a_whole_sale(self):
        sale = Sale(self.server)
        self.assertIn(
            sale.id, [event["id"] for event in sale.public.get("/v1/events?limit=50").json["events"]]
        )
        event = sale.public.get(sale.path).json
        self.assertEqual(
            (event["free"], event["capacity"], event["sale_status"], event["currency"]),
            (250, 250, "on_sale", "UAH"),
        )
        self.assertEqual(event["from_price"], {"amount": "300.00", "currency": "UAH"})
        self.assertEqual(event["ticket_types"], ["adult", "child"])
        self.assertEqual(event["starts_at"], "2027-01-31T17:30:00Z")
        self.assertEqual(event["time_zone"], "Europe/Kyiv")

        hold = sale.held(
            "Stalls-A-1", "Stalls-A-2", areas=[{"area": "Hall-Floor", "quantity": 3}], ttl_seconds=300
        )
        self.assertEqual([place["label"] for place in hold["places"]], ["Stalls-A-1", "Stalls-A-2"])
        self.assertEqual(hold["areas"], [{"area": "Hall-Floor", "quantity": 3, "category": "standing"}])
        self.assertEqual(
            sale.public.get(f"{sale.path}/holds/{hold['id']}", token=hold["token"]).json["expires_at"],
            hold["expires_at"],
        )
        self.assertEqual(sale.states()["Stalls-A-1"], "h")

        later = sale.public.post(
            f"{sale.path}/holds/{hold['id']}/extension", {"ttl_seconds": 600}, token=hold["token"]
        ).json
        self.assertGreater(later["expires_at"], hold["expires_at"])
        quote = sale.public.post(
            f"{sale.path}/holds/{hold['id']}/quote",
            {
                "choices": [
                    {"ticket_type": "adult", "count": 4},
                    {"ticket_type": "child", "count": 1, "category": "stalls"},
                ]
            },
            token=hold["token"],
        ).json
        # 1200 + 600 + 3 x 300, 5 x 15, 5
        self.assertEqual(quote["total"], {"amount": "2780.00", "currency": "UAH"})
        self.assertEqual(quote["tax"], {"amount": "463.33", "currency": "UAH"})
        self.assertEqual(sum(float(line["amount"]["amount"]) for line in quote["lines"]), 2700)

        payment = sale.pay(hold).json
        self.assertEqual((payment["status"], payment["amount"]), ("pending", quote["total"]))
        sale.decide(payment, "approve")
        paid = sale.settled(payment)
        self.assertEqual(paid["status"], "approved")
        order = sale.public.get(
            f"{sale.path}/orders/{paid['order']['id']}?token={paid['order']['token']}"
        ).json
        self.assertEqual(
            (order["number"], order["status"], order["total"], order["buyer"]),
            (1, "paid", quote["total"], BUYER),
        )
        self.assertEqual(order["payment"], {"method": "fakepay", "reference": payment["id"]})
        self.assertEqual(len(order["tickets"]), 5)

        ticket = order["tickets"][0]
        picture = sale.public.get(f"{ticket['svg']}?token={order['token']}")
        self.assertEqual(picture.headers["Content-Type"], "image/svg+xml")
        text = picture.body.decode()
        xml.dom.minidom.parseString(text)
        self.assertIn("Little House", text)
        self.assertIn("Sunday, 31 January 2027, 19:30", text)

        gate = sale.staff("gate")
        scan = gate.post(sale.path + "/scans", {"code": ticket["code"], "gate": "north"})
        self.assertEqual(
            (scan.status, scan.json["place"], scan.json["ticket_type"]),
            (200, ticket["place"], ticket["ticket_type"]),
        )
        again = gate.post(sale.path + "/scans", {"code": ticket["code"], "gate": "south"})
        self.assertEqual(
            (again.status, again.json["reason"], again.json["where"]), (409, "ticket_admitted", "north")
        )
        self.assertEqual(again.json["places"], [ticket["place"]])
        self.assertEqual(again.json["at"][:16], scan.json["at"][:16])
        seen = sale.public.get(f"{sale.path}/orders/{order['id']}", token=order["token"]).json["tickets"][0]
        self.assertEqual((seen["status"], seen["gate"]), ("admitted", "north"))
        self.assertEqual(sale.states()["Stalls-A-1"], "s")

    def test_best_places_adjoin(self):
        sale = Sale(self.server)
        hold = sale.held(best={"count": 4, "categories": ["stalls"]})
        seats = [int(place["seat"]) for place in hold["places"]]
        self.assertEqual(seats, list(range(seats[0], seats[0] + 4)))
        refused = sale.hold(best={"count": 11})
        self.assertEqual(
            (refused.status, refused.json["reason"], refused.json["available"]),
            (409, "not_enough_adjoining", 10),
        )

    def test_a_repeated_request_is_told_the_same(self):
        sale = Sale(self.server)
        key = new_key()
        body = {"places": ["Stalls-B-1"]}
        first = sale.public.post(sale.path + "/holds", body, idempotency=key)
        second = self.server.client().post(sale.path + "/holds", body, idempotency=key)
        self.assertEqual((first.status, second.status), (201, 201))
        self.assertEqual(first.json, second.json)
        other = sale.public.post(sale.path + "/holds", {"places": ["Stalls-B-2"]}, idempotency=key)
        self.assertEqual((other.status, other.json["reason"]), (422, "request_reused"))
        sale.quote(first.json, 1)
        again = new_key()
        one, two = sale.pay(first.json, idempotency=again), sale.pay(first.json, idempotency=again)
        self.assertEqual((one.status, one.json), (two.status, two.json))
        # An id that was shown is no key to what it names.
        stolen = sale.public.post(sale.path + "/holds", body, idempotency=first.json["id"])
        self.assertEqual((stolen.status, stolen.json["reason"]), (409, "place_taken"))

    def test_what_was_refused_is_decided_anew(self):
        sale = Sale(self.server)
        hold = sale.held("Stalls-B-1")
        key = new_key()
        refused = sale.public.post(sale.path + "/holds", {"places": ["Stalls-B-1"]}, idempotency=key)
        self.assertEqual((refused.status, refused.json["places"]), (409, ["Stalls-B-1"]))
        sale.public.post(f"{sale.path}/holds/{hold['id']}/release", token=hold["token"])
        self.assertEqual(
            sale.public.post(sale.path + "/holds", {"places": ["Stalls-B-1"]}, idempotency=key).status, 201
        )
        self.assertEqual(sale.hold("Stalls-B-1").status, 409)

    def refused(self, answer, status, reason):
        self.assertEqual((answer.status, answer.json["reason"]), (status, reason), answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = answer.json
        self.assertEqual((problem["status"], problem["type"]), (status, "/problems/" + reason))
        self.assertEqual(problem["request_id"], answer.headers["X-Request-Id"])
        self.assertTrue(problem["title"] and problem["detail"])
        page = self.server.client().get(problem["type"])
        self.assertEqual(page.status, 200, problem["type"])
        return problem

    def test_every_refusal_of_a_hold(self):
        sale = Sale(
            self.server,
            policy={
                "places_per_hold": 4,
                "holds_per_holder": 2,
                "places_per_holder": 5,
                "hold_lifetime_seconds": 60,
            },
        )
        one = sale.held("Stalls-C-1", cart="cart-1")
        self.assertEqual(
            self.refused(sale.hold("Stalls-C-1", "Stalls-C-2"), 409, "place_taken")["places"], ["Stalls-C-1"]
        )
        self.assertEqual(self.refused(sale.hold("Nowhere-1"), 422, "place_unknown")["places"], ["Nowhere-1"])
        too_many = self.refused(
            sale.hold(*[f"Stalls-D-{seat}" for seat in range(1, 6)]), 422, "too_many_places"
        )
        self.assertEqual((too_many["limit"], too_many["asked"]), (4, 5))
        sale.held("Stalls-C-2", cart="cart-1")
        self.assertEqual(
            self.refused(sale.hold("Stalls-C-3", cart="cart-1"), 409, "holder_limit")["limit"], 2
        )
        for _ in range(12):
            sale.held(areas=[{"area": "Hall-Floor", "quantity": 4}])
        full = self.refused(sale.hold(areas=[{"area": "Hall-Floor", "quantity": 3}]), 409, "area_full")
        self.assertEqual((full["asked"], full["available"]), (3, 2))
        hold_path = f"{sale.path}/holds/{one['id']}"
        token = one["token"]
        self.refused(
            sale.public.post(hold_path + "/payments", {"buyer": BUYER}, token=token), 409, "not_quoted"
        )
        self.refused(
            sale.public.post(
                hold_path + "/quote", {"choices": [{"ticket_type": "adult", "count": 2}]}, token=token
            ),
            422,
            "ticket_choice_mismatch",
        )
        self.refused(
            sale.public.post(
                hold_path + "/quote", {"choices": [{"ticket_type": "pensioner", "count": 1}]}, token=token
            ),
            422,
            "no_price",
        )
        self.refused(
            sale.public.post(hold_path + "/extension", {"ttl_seconds": 600}, token=token),
            409,
            "hold_lifetime_reached",
        )
        self.assertEqual(
            sale.public.post(hold_path + "/release", token=token).json, {"id": one["id"], "released": True}
        )
        self.refused(sale.public.post(hold_path + "/release", token=token), 410, "hold_released")
        self.refused(sale.public.get(hold_path, token=token), 410, "hold_released")
        brief = sale.held("Stalls-E-1", ttl_seconds=1)
        expired = eventually(
            lambda: (
                answer := sale.public.get(f"{sale.path}/holds/{brief['id']}", token=brief["token"])
            ).status
            == 410
            and answer
        )
        self.refused(expired, 410, "hold_expired")
        self.refused(
            sale.public.post(
                f"{sale.path}/holds/{brief['id']}/extension", {"ttl_seconds": 60}, token=brief["token"]
            ),
            410,
            "hold_expired",
        )
        sale.admin.post(sale.path + "/sale-status", {"status": "off_sale"})
        self.refused(sale.hold("Stalls-E-2"), 409, "event_off_sale")
        self.refused(
            sale.admin.post(
                "/v1/events",
                {"id": sale.id, "starts_at": "2027-01-31T19:30:00Z", "seat_map": CHART, "prices": PRICES},
            ),
            409,
            "event_exists",
        )
        missing = self.refused(sale.public.get("/v1/events/no-such-evening"), 404, "event_not_found")
        self.assertIn('"no-such-evening"', missing["detail"])
        self.refused(sale.public.get("/v1/events/no%2Fsuch"), 404, "event_not_found")

    def test_a_note_on_an_order_is_for_staff_alone(self):
        sale = Sale(self.server)
        order = sale.bought("Stalls-A-1")
        office, path = sale.staff("box_office"), f"{sale.path}/orders/{order['id']}"
        noted = office.post(path + "/note", {"text": "picks them up at eight"})
        self.assertEqual(noted.json, {"order": order["id"], "note": "picks them up at eight"})
        listed = office.get(sale.path + "/orders").json["orders"][0]
        self.assertEqual((listed["id"], listed["note"]), (order["id"], "picks them up at eight"))
        self.assertNotIn("note", sale.public.get(path, token=order["token"]).json)
        self.assertEqual(sale.public.post(path + "/note", {"text": "mine"}, token=order["token"]).status, 401)
        self.refused(office.post(path + "/note", {"text": "x" * 1001}), 422, "invalid_request")
        no_order = office.post(f"{sale.path}/orders/{new_key()}/note", {"text": ""})
        self.refused(no_order, 404, "order_not_found")
        office.post(path + "/note", {"text": ""})
        self.assertNotIn("note", office.get(sale.path + "/orders").json["orders"][0])

    def test_every_refusal_after_the_sale(self):
        sale = Sale(self.server)
        order = sale.bought("Stalls-A-1", "Stalls-A-2")
        office, gate = sale.staff("box_office"), sale.staff("gate")
        code = order["tickets"][0]["code"]
        self.refused(
            gate.post(sale.path + "/scans", {"code": "TC1:NONSENSE", "gate": "north"}), 422, "code_invalid"
        )
        other = Sale(self.server)
        self.refused(
            gate.post(other.path + "/scans", {"code": code, "gate": "north"}), 409, "code_for_other_event"
        )
        refunds = f"{sale.path}/orders/{order['id']}/refunds"
        refund = office.post(refunds, {"tickets": [order["tickets"][0]["id"]]})
        self.assertEqual((refund.status, refund.json["tickets"]), (200, [order["tickets"][0]["id"]]))
        self.assertEqual(sale.states()["Stalls-A-1"], "f")
        self.refused(gate.post(sale.path + "/scans", {"code": code, "gate": "north"}), 409, "ticket_refunded")
        self.refused(office.post(refunds, {"tickets": [order["tickets"][0]["id"]]}), 409, "ticket_refunded")
        self.refused(office.post(refunds, {"tickets": [order["id"] + "-9"]}), 404, "ticket_not_found")
        self.refused(office.post(f"{sale.path}/orders/{new_key()}/refunds"), 404, "order_not_found")
        self.assertEqual(
            gate.post(sale.path + "/scans", {"code": order["tickets"][1]["code"], "gate": "north"}).status,
            200,
        )
        self.refused(office.post(refunds), 409, "ticket_admitted")
        self.assertEqual(office.get(f"{sale.path}/orders/{order['id']}").json["status"], "partly_refunded")

    def test_availability_is_sent_once(self):
        sale = Sale(self.server)
        sale.held("Stalls-A-3")
        first = sale.public.get(sale.path + "/availability")
        etag = first.headers["ETag"]
        again = sale.public.get(sale.path + "/availability", headers={"If-None-Match": etag})
        self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", etag))
        sale.held("Stalls-A-4")
        changed = sale.public.get(sale.path + "/availability", headers={"If-None-Match": etag})
        self.assertEqual(changed.status, 200)
        self.assertEqual(changed.json["places"].count("h"), 2)
        for part in ("seat-map", "places"):
            whole = sale.public.get(f"{sale.path}/{part}")
            self.assertEqual(
                sale.public.get(
                    f"{sale.path}/{part}", headers={"If-None-Match": 'W/"x", ' + whole.headers["ETag"]}
                ).status,
                304,
            )
        self.assertEqual(
            json.loads(sale.public.get(sale.path + "/seat-map").body)["format"], "ticketcore/seat-map"
        )

    def test_binary_availability_says_the_same(self):
        sale = Sale(self.server)
        sale.bought("Stalls-A-1")
        sale.held("Stalls-J-20", areas=[{"area": "Hall-Floor", "quantity": 7}])
        text = sale.public.get(sale.path + "/availability").json
        binary = sale.public.get(
            sale.path + "/availability", headers={"Accept": "application/octet-stream"}
        ).body
        mark, revision, _, on_sale, places, areas = struct.unpack_from("<4sQQIII", binary)
        self.assertEqual((mark, revision, on_sale, places, areas), (b"TCA1", text["revision"], 1, 200, 1))
        words = struct.unpack_from(f"<{(places + 15) // 16}I", binary, 32)
        self.assertEqual(
            "".join("fhsk"[words[index // 16] >> (2 * (index % 16)) & 3] for index in range(places)),
            text["places"],
        )
        area = text["areas"][0]
        self.assertEqual(
            struct.unpack_from("<III", binary, len(binary) - 12), (area["free"], area["held"], area["sold"])
        )

    def test_a_hold_past_its_deadline_is_free_to_all_readers(self):
        sale = Sale(self.server)
        sale.held("Stalls-A-1", ttl_seconds=1)
        etag = sale.public.get(sale.path + "/availability").headers["ETag"]
        seen = eventually(
            lambda: (
                answer := sale.public.get(sale.path + "/availability", headers={"If-None-Match": etag})
            ).status
            == 200
            and answer
        )
        self.assertEqual(seen.json["places"].count("h"), 0)
        self.assertEqual(sale.public.get(sale.path).json["counts"]["held"], 0)
        self.assertEqual(sale.hold("Stalls-A-1").status, 201)
