"""Two servers on one store, and clients that ask now this one, now that one, as behind a balancer without
sticky sessions. Nobody waits between two requests: what one server has answered the other knows, or finds out
first.
"""

import base64
import threading

from shop import BUYER, Sale, Server, new_key, without_token

ROUNDS = 25


class TogetherTests:
    def setUp(self):
        other = Server(self.storage)
        self.addCleanup(other.kill)
        other.admin_file.write_text(self.server.admin_key + "\n")
        other.start()
        self.sale = Sale(self.server)
        self.here, self.there = self.server.admin, other.admin
        self.buyer_here, self.buyer_there = self.server.client(), other.client()
        # So that the event is open there, and only its news are missing.
        self.assertEqual(self.there.get(self.sale.path).status, 200)

    def post(self, client, path, body=None, **options):
        return client.post(self.sale.path + path, body, **options)

    def quoted(self, number, client=None):
        """A hold of one seat, and the place it is for: made and quoted on one server."""
        client = client or self.here
        place = f"Stalls-{'ABCDEFGHIJ'[number // 20]}-{number % 20 + 1}"
        hold = self.post(client, "/holds", {"places": [place]})
        self.assertEqual(hold.status, 201, hold.body)
        choices = {"choices": [{"ticket_type": "adult", "count": 1}]}
        quote = self.post(client, f"/holds/{hold.json['id']}/quote", choices, token=hold.json["token"])
        self.assertEqual(quote.status, 200, quote.body)
        return hold.json, place

    def ordered(self, client, hold, **options):
        body = {"payment": {"method": "cash"}, "buyer": BUYER}
        return self.post(client, f"/holds/{hold['id']}/orders", body, **options)

    def test_a_till_sells_what_was_quoted_on_the_other_server(self):
        for number in range(ROUNDS):
            hold, _ = self.quoted(number)
            order = self.ordered(self.there, hold)
            self.assertEqual(
                (order.status, order.json.get("total")),
                (201, {"amount": "1220.00", "currency": "UAH"}),
                order.body,
            )

    def test_a_request_sent_to_both_servers_is_one_order_with_its_buyer(self):
        for number in range(ROUNDS):
            hold, _ = self.quoted(number)
            key, answers = new_key(), {}

            def order(client, hold=hold, key=key, answers=answers):
                answers[client] = self.ordered(client, hold, idempotency=key)

            senders = [threading.Thread(target=order, args=(client,)) for client in (self.here, self.there)]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
            self.assertEqual(
                {answer.status for answer in answers.values()},
                {201},
                [answer.body for answer in answers.values()],
            )
            self.assertEqual(len({answer.json["id"] for answer in answers.values()}), 1)
            for client in (self.here, self.there):
                seen = client.get(f"{self.sale.path}/orders/{answers[self.here].json['id']}")
                self.assertEqual((seen.status, seen.json.get("buyer")), (200, BUYER), seen.body)

    def test_a_refused_twin_takes_nothing_from_the_order(self):
        """The same key with another method of payment: refused, and the order keeps its buyer."""
        hold, _ = self.quoted(0)
        key = new_key()
        order = self.ordered(self.here, hold, idempotency=key).json
        twin = self.post(
            self.there,
            f"/holds/{hold['id']}/orders",
            {"payment": {"method": "voucher"}, "buyer": BUYER},
            idempotency=key,
        )
        self.assertEqual((twin.status, twin.json["reason"]), (422, "request_reused"))
        self.assertEqual(self.there.get(f"{self.sale.path}/orders/{order['id']}").json["buyer"], BUYER)
        # Where there is no order, nobody's name is kept for it: the same key can be another buyer's.
        unquoted = self.post(self.here, "/holds", {"places": ["Stalls-J-1"]}).json
        key = new_key()
        self.assertEqual(self.ordered(self.there, unquoted, idempotency=key).json["reason"], "not_quoted")
        body = {
            "payment": {"method": "cash"},
            "buyer": {"name": "Somebody else", "email": "else@example.org"},
        }
        self.assertEqual(
            self.post(self.here, f"/holds/{unquoted['id']}/orders", body, idempotency=key).json["reason"],
            "not_quoted",
        )

    def test_what_one_server_has_told_the_other_shows(self):
        for number in range(ROUNDS):
            path = self.sale.path
            hold, _ = self.quoted(number)
            seen = self.there.get(f"{path}/holds/{hold['id']}")
            self.assertEqual((seen.status, seen.json.get("expires_at")), (200, hold["expires_at"]), seen.body)
            order = self.ordered(self.here, hold)
            self.assertEqual(order.status, 201, order.body)
            told, order = without_token(order), order.json
            self.assertEqual(self.there.get(f"{path}/holds/{hold['id']}").json["reason"], "hold_checked_out")
            self.assertEqual(without_token(self.there.get(f"{path}/orders/{order['id']}")), told)
            self.assertIn(order["id"], [one["id"] for one in self.there.get(path + "/orders").json["orders"]])
            self.assertEqual(self.there.get(order["tickets"][0]["svg"]).status, 200)
            self.assertEqual(self.post(self.here, f"/orders/{order['id']}/refunds").status, 200)
            self.assertEqual(self.there.get(f"{path}/orders/{order['id']}").json["status"], "refunded")
            self.assertEqual(self.there.get(path + "/seating").json["seats"], [])

    def test_a_payment_begins_at_the_price_that_the_other_server_quoted_last(self):
        for number in range(ROUNDS):
            hold, _ = self.quoted(number)
            child = {"choices": [{"ticket_type": "child", "count": 1}]}
            self.assertEqual(self.post(self.here, f"/holds/{hold['id']}/quote", child).status, 200)
            begun = self.post(self.there, f"/holds/{hold['id']}/payments", {"buyer": BUYER})
            self.assertEqual(
                (begun.status, begun.json.get("amount")),
                (201, {"amount": "620.00", "currency": "UAH"}),
                begun.body,
            )

    def test_a_token_knows_how_far_its_bearer_was_told(self):
        """No key, no X-Revision: the token alone."""
        for number in range(ROUNDS):
            path = self.sale.path
            hold, _ = self.quoted(number, self.buyer_here)
            seen = self.buyer_there.get(f"{path}/holds/{hold['id']}", token=hold["token"])
            self.assertEqual((seen.status, seen.json.get("expires_at")), (200, hold["expires_at"]), seen.body)
            later = self.post(
                self.buyer_there,
                f"/holds/{hold['id']}/extension",
                {"ttl_seconds": 600 - number},
                token=seen.json["token"],
            )
            self.assertEqual(later.status, 200, later.body)
            seen = self.buyer_here.get(f"{path}/holds/{hold['id']}", token=later.json["token"])
            self.assertEqual(seen.json["expires_at"], later.json["expires_at"])
            order = self.ordered(self.there, hold).json
            shown = self.buyer_here.get(f"{path}/orders/{order['id']}?token={order['token']}")
            self.assertEqual((shown.status, shown.json.get("id")), (200, order["id"]), shown.body)
            self.assertEqual(
                self.buyer_there.get(order["tickets"][0]["svg"], token=shown.json["token"]).status, 200
            )

    def test_what_was_told_is_in_the_other_servers_availability(self):
        labels = self.here.get(self.sale.path + "/places").json["places"]["labels"]
        for number in range(ROUNDS):
            place = labels[number]
            held = self.post(self.buyer_here, "/holds", {"places": [place]})
            told = {"X-Revision": held.headers["X-Revision"]}
            seen = self.buyer_there.get(self.sale.path + "/availability", headers=told)
            self.assertEqual(dict(zip(labels, seen.json["places"]))[place], "h")
            self.assertLessEqual(int(seen.headers["X-Age-Ms"]), 2000)
            event = self.buyer_there.get(
                self.sale.path, headers={"X-Revision": seen.headers["X-Revision"]}
            ).json
            self.assertEqual(event["counts"]["held"], number + 1)

    def test_a_revision_that_nobody_signed_is_ignored(self):
        """One beyond the log's end would be looked for in vain: nobody may make that up."""
        hold = self.post(self.buyer_here, "/holds", {"places": ["Stalls-A-1"]})
        path = f"{self.sale.path}/holds/{hold.json['id']}"
        far = (2**50).to_bytes(8, "big")
        told = base64.urlsafe_b64decode(hold.headers["X-Revision"])
        other = Sale(self.server)
        elsewhere = other.hold("Stalls-A-1").headers["X-Revision"]
        for forged in (
            "made up",
            "4711",
            base64.urlsafe_b64encode(far + told[8:]).decode(),
            elsewhere,
            hold.json["token"],
        ):
            for client in (self.buyer_here, self.buyer_there):
                self.assertEqual(
                    client.get(self.sale.path + "/availability", headers={"X-Revision": forged}).status, 200
                )
                self.assertEqual(
                    client.get(path, token=hold.json["token"], headers={"X-Revision": forged}).status, 200
                )
        token = base64.urlsafe_b64decode(hold.json["token"])
        for forged in (
            base64.urlsafe_b64encode(far + token[8:]).decode(),
            base64.urlsafe_b64encode(bytes(8) + token[8:]).decode(),
        ):
            self.assertEqual(self.buyer_there.get(path, token=forged).json["reason"], "hold_not_found")
