"""Another seat map for an event that sells: what staff are told, and what buyers see."""

import contextlib
import copy

from shop import CHART, EventStream, Sale, new_key


def chart(rows="A-J", capacity=50, name="Little House"):
    """The house with other rows."""
    changed = copy.deepcopy(CHART)
    changed["name"] = name
    changed["sections"][0]["rows"][0]["labels"] = rows
    changed["sections"][1]["areas"][0]["capacity"] = capacity
    return changed


class HallTests:
    def test_buyers_see_the_new_map_and_nothing_of_the_old(self):
        sale = Sale(self.server)
        held = sale.held("Stalls-B-1")
        before = sale.public.get(sale.path + "/places")
        old = sale.public.get(sale.path).json["seat_map"]
        self.assertEqual(before.headers["ETag"], f'"{old}"')
        self.assertEqual(before.headers["Cache-Control"], "no-cache")
        kept = sale.public.get(f"{sale.path}/places?map={old}").headers["Cache-Control"]
        self.assertIn("immutable", kept)
        stream = EventStream(self.server.port, sale.path + "/changes")
        with contextlib.closing(stream):
            self.assertEqual(stream.next()["data"]["seat_map"], old)
            key = new_key()
            body = {"seat_map": chart("B-K", 40, "Rebuilt")}
            done = sale.admin.post(sale.path + "/seat-map", body, idempotency=key)
            self.assertEqual(done.status, 200, done.body)
            self.assertEqual(done.json, {"id": sale.id, "places": 200, "capacity": 240})
            self.assertEqual(sale.admin.post(sale.path + "/seat-map", body, idempotency=key).json, done.json)
            whole = stream.next()
            self.assertEqual(whole["event"], "availability")
            new = whole["data"]["seat_map"]
            self.assertNotEqual(new, old)
        drawing = sale.public.get(sale.path + "/places").json
        places = drawing["places"]
        answer = sale.public.get(sale.path + "/availability")
        availability = answer.json
        self.assertEqual((availability["seat_map"], drawing["id"]), (new, new))
        self.assertEqual(answer.headers["X-Seat-Map"], new)
        self.assertEqual(len(availability["places"]), len(places["labels"]))
        self.assertEqual(places["labels"][0], "Stalls-B-1")
        self.assertNotIn("Stalls-A-1", places["labels"])
        letters = dict(zip(places["labels"], availability["places"]))
        self.assertEqual((letters["Stalls-B-1"], letters["Stalls-K-20"]), ("h", "f"))
        counts = sale.public.get(sale.path).json["counts"]
        self.assertEqual(counts, {"free": 239, "held": 1, "sold": 0, "killed": 0})
        gone = sale.hold("Stalls-A-1")
        self.assertEqual((gone.status, gone.json["reason"]), (422, "place_unknown"))
        self.assertEqual(gone.json["places"], ["Stalls-A-1"])
        fresh = sale.hold("Stalls-K-1")
        self.assertEqual((fresh.status, fresh.json["places"][0]["label"]), (201, "Stalls-K-1"))
        hold = sale.public.get(f"{sale.path}/holds/{held['id']}", token=held["token"])
        self.assertEqual([place["label"] for place in hold.json["places"]], ["Stalls-B-1"])

    def test_an_aisle_makes_another_map_and_a_lost_answer_is_told_again(self):
        sale = Sale(self.server)
        key = new_key()
        held = sale.public.post(sale.path + "/holds", {"places": ["Stalls-A-1"]}, idempotency=key)
        before = sale.public.get(sale.path).json["seat_map"]
        narrower = chart()
        narrower["sections"][0]["rows"][0]["aisle"] = 2
        sale.admin.post(sale.path + "/seat-map", {"seat_map": narrower})
        self.assertNotEqual(sale.public.get(sale.path).json["seat_map"], before)
        wish = {"seat_map": chart("B-J"), "exchanges": [{"from": "Stalls-A-1", "to": "Stalls-C-5"}]}
        self.assertEqual(sale.admin.post(sale.path + "/seat-map", wish).status, 200)
        again = sale.public.post(sale.path + "/holds", {"places": ["Stalls-A-1"]}, idempotency=key)
        self.assertEqual((again.status, again.json["id"]), (201, held.json["id"]))
        hold = sale.public.get(f"{sale.path}/holds/{again.json['id']}", token=again.json["token"])
        self.assertEqual([place["label"] for place in hold.json["places"]], ["Stalls-C-5"])

    def test_what_is_sold_and_would_go_is_named_or_exchanged(self):
        sale = Sale(self.server)
        order = sale.bought("Stalls-A-1", "Stalls-A-2")
        sale.held(areas=[{"area": "Hall-Floor", "quantity": 3}])
        fewer = {"seat_map": chart("B-J", 2)}
        refused = sale.admin.post(sale.path + "/seat-map", fewer)
        self.assertEqual((refused.status, refused.json["reason"]), (409, "places_in_use"))
        self.assertEqual(sorted(refused.json["places"]), ["Hall-Floor", "Stalls-A-1", "Stalls-A-2"])
        wish = {
            "seat_map": chart("B-J"),
            "exchanges": [
                {"from": "Stalls-A-1", "to": "Stalls-C-5"},
                {"from": "Stalls-A-2", "to": "Stalls-C-6"},
            ],
        }
        done = sale.admin.post(sale.path + "/seat-map", wish)
        self.assertEqual(done.status, 200, done.body)
        seen = sale.public.get(f"{sale.path}/orders/{order['id']}", token=order["token"]).json
        self.assertEqual([ticket["place"] for ticket in seen["tickets"]], ["Stalls-C-5", "Stalls-C-6"])
        self.assertEqual(seen["total"], order["total"])
        gate = sale.staff("gate")
        scan = {"code": order["tickets"][0]["code"], "gate": "north"}
        self.assertEqual(gate.post(sale.path + "/scans", scan).json["place"], "Stalls-C-5")
        office = sale.staff("box_office")
        seats = office.get(sale.path + "/seating?limit=10").json["seats"]
        self.assertEqual([seat["place"] for seat in seats], ["Stalls-C-5", "Stalls-C-6", "Hall-Floor"])

    def test_what_is_no_map_or_no_exchange_changes_nothing(self):
        sale = Sale(self.server)
        order = sale.bought("Stalls-A-1")
        map_before = sale.public.get(sale.path).json["seat_map"]
        path = sale.path + "/seat-map"
        for body in (
            {},
            {"seat_map": {}},
            {"seat_map": chart("B-J"), "exchanges": [{"from": "Stalls-A-1"}]},
            {"seat_map": chart("B-J"), "exchanges": [{"from": "Stalls-A-1", "to": "Nowhere-1"}]},
            {"seat_map": chart("B-J"), "exchanges": [{"from": "Stalls-A-1", "to": "Stalls-A-2"}]},
            {"seat_map": chart("A-J"), "exchanges": [{"from": "Stalls-A-1", "to": "Stalls-A-2"}]},
        ):
            refused = sale.admin.post(path, body)
            self.assertIn(refused.status, (400, 409, 422), (body.get("exchanges"), refused.body))
        self.assertEqual(sale.staff("box_office").post(path, {"seat_map": chart()}).status, 403)
        self.assertEqual(sale.public.post(path, {"seat_map": chart()}).status, 401)
        missing = sale.admin.post("/v1/events/no-such/seat-map", {"seat_map": chart()})
        self.assertEqual(missing.status, 404)
        self.assertEqual(sale.public.get(sale.path).json["seat_map"], map_before)
        self.assertEqual(order["tickets"][0]["place"], "Stalls-A-1")

