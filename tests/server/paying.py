"""Payments: approved, declined, late, lost, repeated and forged."""

import hashlib
import hmac
import json
import time

from shop import BUYER, Sale, eventually, new_key


class PaymentTests:
    def begun(self, sale, *places, **hold):
        held = sale.held(*places, **hold)
        sale.quote(held, len(places))
        answer = sale.pay(held)
        self.assertEqual(answer.status, 201, answer.body)
        return held, answer.json

    def notice(self, sale, payment, *, key=None, age=0, body=None):
        text = json.dumps(body or {"payment": payment["id"]}).encode()
        moment = str(int(time.time()) - age)
        secret = (key or self.server.secret_file.read_text().strip()).encode()
        signature = (
            f"t={moment},v1=" + hmac.new(secret, moment.encode() + b"." + text, hashlib.sha256).hexdigest()
        )
        return sale.public(
            "POST",
            f"/v1/payments/{payment['id']}/notices",
            raw=text,
            idempotency="",
            headers={"Fakepay-Signature": signature},
        )

    def orders(self, sale):
        return sale.admin.get(sale.path + "/orders").json["orders"]

    def test_declined_and_tried_again(self):
        sale = Sale(self.server)
        hold, payment = self.begun(sale, "Stalls-A-1")
        self.assertEqual(sale.payment(payment)["status"], "pending")
        sale.decide(payment, "decline")
        self.assertEqual(sale.settled(payment)["status"], "declined")
        sale.decide(payment, "approve")  # The first decision counts.
        self.assertEqual(sale.payment(payment)["status"], "declined")
        again = sale.pay(hold).json
        self.assertNotEqual(again["id"], payment["id"])
        sale.decide(again, "approve")
        self.assertEqual(sale.settled(again)["status"], "approved")
        self.assertEqual(len(self.orders(sale)), 1)

    def test_a_delayed_approval_arrives_as_a_notice(self):
        sale = Sale(self.server)
        _, payment = self.begun(sale, "Stalls-A-1")
        sale.decide(payment, "delay", delay_seconds=1)
        self.assertEqual(sale.payment(payment)["status"], "pending")
        # Nobody asks; the notice, or at the latest the sweep, makes the order.
        self.assertTrue(eventually(lambda: self.orders(sale)))
        self.assertEqual(sale.settled(payment)["order"]["number"], 1)

    def test_a_lost_notice_is_found_out_by_the_sweep(self):
        sale = Sale(self.server)
        self.decided = self.begun(sale, "Stalls-A-1")[1]
        sale.decide(self.decided, "never")
        self.assertTrue(eventually(lambda: self.orders(sale), 15))

    def test_an_approval_that_comes_too_late_is_paid_back(self):
        sale = Sale(self.server)
        _, payment = self.begun(sale, "Stalls-A-1", ttl_seconds=2)
        sale.decide(payment, "delay", delay_seconds=4)
        self.assertTrue(eventually(lambda: sale.payment(payment)["status"] == "expired"))
        other = sale.held("Stalls-A-1")  # The place is somebody else's by now, and stays so.
        self.assertTrue(eventually(lambda: sale.payment(payment)["status"] == "refunded"))
        self.assertEqual(self.orders(sale), [])
        self.assertEqual(self.notice(sale, payment).json, {"status": "refunded"})
        self.assertEqual(
            sale.public.get(f"{sale.path}/holds/{other['id']}", token=other["token"]).status, 200
        )

    def test_two_payments_for_one_hold(self):
        sale = Sale(self.server)
        hold, first = self.begun(sale, "Stalls-A-1")
        second = sale.pay(hold).json
        for payment in (first, second):
            sale.decide(payment, "never")
        self.assertEqual(
            {sale.settled(first)["status"], sale.settled(second)["status"]}, {"approved", "refunded"}
        )
        self.assertEqual(len(self.orders(sale)), 1)

    def test_only_a_few_payments_of_a_hold_wait_to_be_decided(self):
        sale = Sale(self.server)
        hold, first = self.begun(sale, "Stalls-A-1")
        key = new_key()
        others = [sale.pay(hold, idempotency=key).json, sale.pay(hold).json]
        refused = sale.pay(hold)
        self.assertEqual((refused.status, refused.json["reason"]), (409, "payments_undecided"))
        # The same request is told the same; another hold has its own.
        self.assertEqual(sale.pay(hold, idempotency=key).json, others[0])
        self.begun(sale, "Stalls-A-2")
        # One that was declined makes room for the next.
        sale.decide(first, "decline")
        self.assertEqual(sale.settled(first)["status"], "declined")
        self.assertEqual(sale.pay(hold).status, 201)

    def test_a_price_that_changed_meanwhile(self):
        sale = Sale(self.server)
        hold, payment = self.begun(sale, "Stalls-A-1")
        sale.public.post(
            f"{sale.path}/holds/{hold['id']}/quote",
            {"choices": [{"ticket_type": "child", "count": 1}]},
            token=hold["token"],
        )
        sale.decide(payment, "approve")
        self.assertEqual(sale.settled(payment)["status"], "refunded")
        # Quoted at the price that was paid, the hold could still be sold for the money that has gone back.
        again = sale.public.post(
            f"{sale.path}/holds/{hold['id']}/quote",
            {"choices": [{"ticket_type": "adult", "count": 1}]},
            token=hold["token"],
        )
        self.assertEqual((again.status, again.json["reason"]), (410, "hold_released"), again.body)
        self.assertEqual(self.orders(sale), [])

    def test_notices_that_come_again_and_again(self):
        sale = Sale(self.server)
        _, payment = self.begun(sale, "Stalls-A-1")
        early = self.notice(sale, payment)  # Genuine, but nothing is decided.
        self.assertEqual((early.status, early.json["reason"]), (503, "storage_unavailable"))
        sale.decide(payment, "approve")
        for _ in range(5):
            answer = self.notice(sale, payment)
            self.assertEqual((answer.status, answer.json), (200, {"status": "approved"}))
        self.assertEqual(len(self.orders(sale)), 1)

    def test_notices_that_are_forged(self):
        sale = Sale(self.server)
        _, payment = self.begun(sale, "Stalls-A-1")
        _, other = self.begun(sale, "Stalls-A-2")
        sale.decide(payment, "delay", delay_seconds=600)
        for answer in (
            self.notice(sale, payment, key="a guess"),
            self.notice(sale, payment, age=3600),
            self.notice(sale, payment, age=-3600),
            self.notice(sale, payment, body={"payment": other["id"]}),
            sale.public.post(
                f"/v1/payments/{payment['id']}/notices",
                {"payment": payment["id"], "status": "approved"},
                idempotency="",
            ),
        ):
            self.assertEqual((answer.status, answer.json["reason"]), (401, "signature_invalid"))
        # Signed by the provider, but the provider itself says that nothing is paid: that is believed.
        lie = self.notice(sale, payment, body={"payment": payment["id"], "status": "approved"})
        self.assertEqual(lie.status, 503)
        self.assertEqual(sale.payment(payment)["status"], "pending")
        self.assertEqual(self.orders(sale), [])

    def test_refunds_go_back_the_way_they_came(self):
        sale = Sale(self.server)
        order = sale.bought("Stalls-A-1", "Stalls-A-2")
        key = new_key()
        path = f"{sale.path}/orders/{order['id']}/refunds"
        refunds = [
            sale.admin.post(
                path, {"tickets": [order["tickets"][1]["id"]], "reference": "ill"}, idempotency=key
            )
            for _ in range(2)
        ]
        self.assertEqual(refunds[0].status, 200)
        self.assertEqual(refunds[0].json, refunds[1].json)
        rest = sale.admin.post(path).json
        total = float(refunds[0].json["amount"]["amount"]) + float(rest["amount"]["amount"])
        self.assertEqual(f"{total:.2f}", order["total"]["amount"])
        seen = sale.admin.get(f"{sale.path}/orders/{order['id']}").json
        self.assertEqual((seen["status"], seen["refunded"]), ("refunded", order["total"]))
        self.assertEqual({ticket["status"] for ticket in seen["tickets"]}, {"refunded"})

    def test_the_provider_has_a_page(self):
        sale = Sale(self.server)
        _, payment = self.begun(sale, "Stalls-A-1")
        page = sale.public.get(payment["url"])
        text = page.body.decode()
        self.assertEqual((page.status, page.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("1220.00 UAH", text)
        self.assertNotIn("<script", text)
        self.assertNotIn("style=", text)
        form = f"token={payment['token']}&decision=approve&delay_seconds=5".encode()
        back = sale.public(
            "POST",
            f"/pay/{payment['id']}/decision",
            raw=form,
            idempotency="",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        self.assertEqual(
            (back.status, back.headers["Location"]),
            (303, f"/checkout?payment={payment['id']}&token={payment['token']}"),
        )
        evil = b"token=%0d%0aX:y&decision=approve"
        back = sale.public(
            "POST",
            f"/pay/{payment['id']}/decision",
            raw=evil,
            idempotency="",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        self.assertEqual(back.headers["Location"], f"/checkout?payment={payment['id']}&token=")
        self.assertEqual(sale.public.get(f"/pay/{new_key()}").status, 404)

    def test_a_buyer_must_be_one(self):
        sale = Sale(self.server)
        hold = sale.held("Stalls-A-1")
        sale.quote(hold, 1)
        for buyer in (
            {},
            {"name": "", "email": "a@b"},
            {"name": "A", "email": "nobody"},
            {"name": "A", "email": "a@b", "admin": True},
            {"name": 7, "email": "a@b"},
        ):
            answer = sale.public.post(
                f"{sale.path}/holds/{hold['id']}/payments", {"buyer": buyer}, token=hold["token"]
            )
            self.assertEqual((answer.status, answer.json["reason"]), (422, "invalid_request"), buyer)

    def test_no_secret_and_no_name_is_in_a_log(self):
        sale = Sale(self.server)
        order = sale.bought("Stalls-A-1")
        hold = sale.held("Stalls-A-2")
        sale.public.get(f"{sale.path}/orders/{order['id']}?token={order['token']}")
        sale.public.get(f"{sale.path}/holds/{hold['id']}", token=hold["token"])
        sale.admin.get(f"{sale.path}/orders?q=olena")
        # The line of the last request is there: those before it are, too.
        self.assertTrue(eventually(lambda: f"{sale.path}/orders\"" in self.server.written()))
        written = self.server.written()
        for secret in (
            order["token"],
            hold["token"],
            self.server.admin_key,
            self.server.admin_key.split("_", 2)[2],
            BUYER["email"],
            BUYER["name"],
            "olena",
        ):
            self.assertNotIn(secret, written)
