"""Payments that hang, are damaged or never come keep nobody else waiting."""

import contextlib
import re
import sqlite3
import tempfile
import threading
import time

from guarding import Guarded, from_address
from shop import BUYER, Sale, eventually, new_key


class PaymentGuards(Guarded):
    """Each starts a server of its own."""

    def test_payments_online_must_be_asked_for(self):
        server = self.guarded(fake_payments=False)
        sale = Sale(server)
        hold = sale.held("Stalls-A-1")
        sale.quote(hold, 1)
        refused = sale.pay(hold)
        self.assertEqual((refused.status, refused.json["reason"]), (409, "payments_off"))
        for path in ("/pay/" + new_key(), "/v1/payments/" + new_key()):
            self.assertEqual(sale.public.get(path).status, 404)
        self.assertEqual(
            sale.public.post(f"/pay/{new_key()}/decision", {"decision": "approve"}, idempotency="").status,
            404,
        )
        seller = sale.staff("seller")
        own = sale.hold("Stalls-A-2", client=seller).json
        sale.quote(own, 1, client=seller)
        self.assertEqual(
            seller.post(f"{sale.path}/holds/{own['id']}/orders", {"payment": {"method": "cash"}}).status, 201
        )

    def test_a_provider_that_hangs_holds_up_nobody(self):
        server = self.guarded(
            "--fake-payments-seconds",
            "3600",
            "--provider-timeout",
            "2",
            "--drain-limit",
            "1",
            "--trusted-proxy",
            "127.0.0.1",
        )
        sale = Sale(server)
        seller = sale.staff("seller")
        holds = [sale.held(f"Stalls-A-{seat}") for seat in range(1, 13)]
        for hold in holds:
            sale.quote(hold, 1)
        answers = []

        def pay(number, hold):
            buyer = from_address(server.client(), f"203.0.113.{number}")
            answers.append(
                buyer(
                    "POST", f"{sale.path}/holds/{hold['id']}/payments", {"buyer": BUYER}, token=hold["token"]
                )
            )

        threads = [threading.Thread(target=pay, args=(number, hold)) for number, hold in enumerate(holds)]
        for thread in threads:
            thread.start()
        self.assertTrue(eventually(lambda: self.metric(server, "ticketcore_provider_calls") >= 4))
        # All the threads that buyers have for the provider hang. Everything else is answered.
        client = server.client()
        for _ in range(20):
            self.assertEqual(client.get("/readyz").status, 200)
            self.assertEqual(client.get("/v1/events").status, 200)
            self.assertEqual(
                client.get(f"{sale.path}/holds/{holds[0]['id']}", token=holds[0]["token"]).status, 200
            )
            self.assertEqual(server.client(seller.key).get("/v1/me").status, 200)
            self.assertEqual(server.client("tck_aaaaaaaaaaaa_" + "x" * 43).get("/v1/me").status, 401)
        self.assertEqual(sale.hold("Stalls-C-1").status, 201)
        for thread in threads:
            thread.join()
        self.assertEqual(
            {(answer.status, answer.json["reason"]) for answer in answers}, {(503, "provider_unavailable")}
        )
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
        self.assertEqual(
            {(answer.status, answer.json["reason"]) for answer in limited}, {(429, "rate_limited")}
        )
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
            self.assertTrue(
                eventually(
                    lambda: all(f"payment {payment['id']}: " in again.written() for payment in damaged)
                )
            )
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
