"""Two servers on one store, and clients that ask now this one, now that one, as behind a balancer without sticky sessions. Nobody
waits between two requests: what one server has answered the other knows, or finds out first."""

import threading

from shop import BUYER, Sale, Server, new_key

ROUNDS = 25


class TogetherTests:
    def setUp(self):
        other = Server(self.storage)
        self.addCleanup(other.kill)
        other.admin_file.write_text(self.server.admin_key + "\n")
        other.start()
        self.sale = Sale(self.server)
        self.here, self.there = self.server.admin, other.admin
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
        quote = self.post(client, f"/holds/{hold.json['id']}/quote", {"choices": [{"ticket_type": "adult", "count": 1}]})
        self.assertEqual(quote.status, 200, quote.body)
        return hold.json, place

    def ordered(self, client, hold, **options):
        body = {"payment": {"method": "cash"}, "buyer": BUYER}
        return self.post(client, f"/holds/{hold['id']}/orders", body, **options)

    def test_a_till_sells_what_was_quoted_on_the_other_server(self):
        for number in range(ROUNDS):
            hold, _ = self.quoted(number)
            order = self.ordered(self.there, hold)
            self.assertEqual((order.status, order.json.get("total")), (201, {"amount": "1220.00", "currency": "UAH"}), order.body)

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
            self.assertEqual({answer.status for answer in answers.values()}, {201}, [answer.body for answer in answers.values()])
            self.assertEqual(len({answer.json["id"] for answer in answers.values()}), 1)
            for client in (self.here, self.there):
                seen = client.get(f"{self.sale.path}/orders/{answers[self.here].json['id']}")
                self.assertEqual((seen.status, seen.json.get("buyer")), (200, BUYER), seen.body)

    def test_a_refused_twin_takes_nothing_from_the_order(self):
        """The same key with another method of payment: refused, and the order keeps its buyer."""
        hold, _ = self.quoted(0)
        key = new_key()
        order = self.ordered(self.here, hold, idempotency=key).json
        twin = self.post(self.there, f"/holds/{hold['id']}/orders", {"payment": {"method": "voucher"}, "buyer": BUYER}, idempotency=key)
        self.assertEqual((twin.status, twin.json["reason"]), (422, "request_reused"))
        self.assertEqual(self.there.get(f"{self.sale.path}/orders/{order['id']}").json["buyer"], BUYER)
        # Where there is no order, nobody's name is kept for it: the same key can be another buyer's.
        unquoted = self.post(self.here, "/holds", {"places": ["Stalls-J-1"]}).json
        key = new_key()
        self.assertEqual(self.ordered(self.there, unquoted, idempotency=key).json["reason"], "not_quoted")
        body = {"payment": {"method": "cash"}, "buyer": {"name": "Somebody else", "email": "else@example.org"}}
        self.assertEqual(self.post(self.here, f"/holds/{unquoted['id']}/orders", body, idempotency=key).json["reason"], "not_quoted")

    def test_what_one_server_has_told_the_other_shows(self):
        for number in range(ROUNDS):
            path = self.sale.path
            hold, _ = self.quoted(number)
            seen = self.there.get(f"{path}/holds/{hold['id']}")
            self.assertEqual((seen.status, seen.json.get("expires_at")), (200, hold["expires_at"]), seen.body)
            order = self.ordered(self.here, hold)
            self.assertEqual(order.status, 201, order.body)
            order = order.json
            self.assertEqual(self.there.get(f"{path}/holds/{hold['id']}").json["reason"], "hold_checked_out")
            self.assertEqual(self.there.get(f"{path}/orders/{order['id']}").json, order)
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
            self.assertEqual((begun.status, begun.json.get("amount")), (201, {"amount": "620.00", "currency": "UAH"}), begun.body)
