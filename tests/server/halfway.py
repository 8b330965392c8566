"""Servers that die, or whose store fails, half-way through what takes several steps. On SQLite, whose file a
test can make fail where it wants."""

import contextlib
import http.client
import sqlite3
import threading

from shop import Sale, Server, eventually, new_key


class HalfwayTests:
    @contextlib.contextmanager
    def failing(self, stream):
        """Nothing can be appended to streams of that name meanwhile."""
        with contextlib.closing(
            sqlite3.connect(f"{self.folder}/shop.db", isolation_level=None, timeout=10)
        ) as store:
            store.execute(
                "CREATE TRIGGER fails BEFORE INSERT ON entries WHEN (SELECT name FROM streams WHERE id ="
                f" NEW.key >> 40) LIKE '{stream}' BEGIN SELECT RAISE(ABORT, 'the test wants this to"
                " fail'); END"
            )
            try:
                yield
            finally:
                store.execute("DROP TRIGGER fails")

    def test_no_payment_is_kept_that_no_sweep_would_see(self):
        sale = Sale(self.server)
        hold = sale.held("Stalls-A-1")
        sale.quote(hold, 1)
        key = new_key()
        with self.failing("server/payments/%"):
            refused = sale.pay(hold, idempotency=key)
            self.assertEqual(
                (refused.status, refused.json["reason"]), (503, "storage_unavailable"), refused.body
            )
        begun = sale.pay(hold, idempotency=key)
        self.assertEqual(begun.status, 201, begun.body)
        sale.decide(begun.json, "never")  # Approved, and nobody is told: it is up to the sweep.
        self.assertEqual(sale.settled(begun.json, 20)["status"], "approved")

    def refund_killed_before_the_provider_was_asked(self, sale, order):
        slow = Server(self.storage, "--fake-payments-seconds", "5")
        self.addCleanup(slow.kill)
        slow.admin_file.write_text(self.server.admin_key + "\n")
        slow.start()
        admin, key = slow.admin, new_key()

        def refund():
            with contextlib.suppress(OSError, http.client.HTTPException):
                admin.post(f"{sale.path}/orders/{order['id']}/refunds", idempotency=key)

        sender = threading.Thread(target=refund)
        sender.start()
        self.assertTrue(
            eventually(
                lambda: sale.admin.get(f"{sale.path}/orders/{order['id']}").json["status"] == "refunded"
            )
        )
        slow.kill()
        sender.join()
        return key

    def paid_back(self, sale, order):
        return (
            b"Paid back: " + order["total"]["amount"].encode()
            in sale.public.get("/pay/" + order["payment"]["reference"]).body
        )

    def test_a_refund_in_the_log_is_paid_back_though_its_server_died(self):
        sale = Sale(self.server)
        order = sale.bought("Stalls-A-1", "Stalls-A-2")
        key = self.refund_killed_before_the_provider_was_asked(sale, order)
        self.assertTrue(eventually(lambda: self.paid_back(sale, order), 20))
        # Whoever repeats the request changes nothing more.
        again = sale.admin.post(f"{sale.path}/orders/{order['id']}/refunds", idempotency=key)
        self.assertEqual((again.status, again.json["amount"]), (200, order["total"]))
        self.assertTrue(self.paid_back(sale, order))

    def test_a_refund_that_was_refused_pays_nothing_back(self):
        sale = Sale(self.server)
        order = sale.bought("Stalls-A-1")
        gate = sale.staff("gate")
        self.assertEqual(
            gate.post(sale.path + "/scans", {"code": order["tickets"][0]["code"], "gate": "north"}).status,
            200,
        )
        refused = sale.admin.post(
            f"{sale.path}/orders/{order['id']}/refunds", {"tickets": [order["tickets"][0]["id"]]}
        )
        self.assertEqual((refused.status, refused.json["reason"]), (409, "ticket_admitted"))
        other = sale.bought("Stalls-A-2")
        sale.admin.post(f"{sale.path}/orders/{other['id']}/refunds")
        self.assertTrue(self.paid_back(sale, other))  # A sweep, or the answer, came by meanwhile.
        self.assertNotIn(b"Paid back", sale.public.get("/pay/" + order["payment"]["reference"]).body)
