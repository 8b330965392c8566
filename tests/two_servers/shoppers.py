"""Clients of two servers, as behind a balancer without sticky sessions: each request goes to either server;
what gets no answer is sent to the other one with the same Idempotency-Key; some requests are sent to both at
once. Whatever a client was told it remembers, and every later answer is held against that."""

import base64
import collections
import http.client
import json
import threading
import time
import uuid

from history import seconds_of

# Answers that decide nothing: the request is sent again, with the same key.
PASSING = {"storage_unavailable", "overloaded", "provider_unavailable"}
PATIENCE = 60


class Answer:
    def __init__(self, server, sent_at, status, headers, body):
        self.server, self.sent_at, self.got_at = server, sent_at, time.time()
        self.status, self.headers, self.body = status, headers, body
        self.is_json = "json" in headers.get("Content-Type", "")
        self.json = json.loads(body) if self.is_json and body else {}

    @property
    def reason(self):
        return self.json.get("reason", str(self.status)) if self.status >= 400 else ""

    @property
    def passing(self):
        return self.status == 503 and self.reason in PASSING

    def __str__(self):
        return f"{self.status} {self.reason} by server {self.server}"


def revision_in(signed):
    """What an X-Revision says: its first eight bytes."""
    return int.from_bytes(base64.urlsafe_b64decode(signed)[:8], "big") if signed else None


class Record:
    """What all clients were told, and what they found wrong with it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.wrong = collections.defaultdict(list)
        self.counts = collections.Counter()
        self.holds, self.orders, self.refunds, self.payments = {}, {}, {}, {}
        self.ended, self.refused, self.refused_twins, self.views = [], [], [], []
        self.oldest = 0

    def fail(self, kind, text, about=None):
        with self.lock:
            self.wrong[kind].append(f"{text}: {about}" if about is not None else text)

    def count(self, what):
        with self.lock:
            self.counts[what] += 1


class Client:
    """One shopper's connections, one to each server, and the revision that he was last told of."""

    def __init__(self, servers, record, rng, admin_key):
        self.servers, self.record, self.rng, self.admin_key = servers, record, rng, admin_key
        self.connections = {}
        self.revision = None
        self.sends_revision = True

    def send(self, server, method, path, body, headers):
        port = self.servers[server].port
        known = self.connections.get(server)
        if known is None or known.port != port:
            known = self.connections[server] = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            known.request(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            known.close()
            return None
        return known

    def receive(self, server, connection, sent_at):
        """None when there was no answer."""
        try:
            response = connection.getresponse()
            return Answer(server, sent_at, response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            return None

    def ask(self, method, path, body=None, *, token=None, staff=False, twins=False):
        """Until there is an answer that says something. With twins both servers are sent it at once, and the
        first one's answer is returned with the other's beside it."""
        headers = {"Content-Type": "application/json"} if method == "POST" else {}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.UUID(int=self.rng.getrandbits(128)))
        if staff:
            headers["Authorization"] = "Bearer " + self.admin_key
        if token:
            headers["X-Access-Token"] = token
        if self.sends_revision and self.revision:
            headers["X-Revision"] = self.revision
        content = json.dumps(body if body is not None else {}) if method == "POST" else None
        self.record.count("requests")
        server = self.rng.randrange(2)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            targets = [server, 1 - server] if twins else [server]
            sent_at = time.time()
            under_way = [(target, self.send(target, method, path, content, headers)) for target in targets]
            answers = [
                self.receive(target, connection, sent_at)
                for target, connection in under_way
                if connection is not None
            ]
            definite = [answer for answer in answers if answer is not None and not answer.passing]
            if definite:
                for answer in definite:
                    self.hear(answer)
                answer = definite[0]
                answer.twin = definite[1] if len(definite) > 1 else None
                return answer
            self.record.count("repeated")
            server = 1 - server
            time.sleep(self.rng.uniform(0.005, 0.05))
        self.record.fail("no answer", f"{method} {path} got none in {PATIENCE} s")
        return None

    def hear(self, answer):
        told = answer.headers.get("X-Revision")
        if told and (revision_in(self.revision) or 0) < revision_in(told):
            self.revision = told
        self.record.count(f"{answer.status} {answer.reason}".strip())


class Shopper(Client):
    """One who buys, returns and looks again, until told to stop."""

    def __init__(self, servers, record, rng, admin_key, event, labels, stop):
        super().__init__(servers, record, rng, admin_key)
        self.path, self.labels, self.stop = f"/v1/events/{event}", labels, stop
        self.number = 0
        self.name = uuid.UUID(int=rng.getrandbits(128)).hex[:8]

    def run(self):
        while not self.stop.is_set():
            # Some send X-Revision along, as pages do, and some know nothing but their tokens.
            self.revision = None
            self.sends_revision = self.rng.random() < 0.6
            try:
                self.rng.choice([self.at_the_till, self.online, self.undecided])()
                for _ in range(3):
                    self.look()
            except Exception as error:  # A shopper who fell over is a finding, not the end of the others.
                self.record.fail("the client fell over", repr(error))
                raise

    # ---- what is asked ----

    def hold(self, ttl):
        chosen = self.rng.sample(self.labels, self.rng.choice([1, 1, 2]))
        body = {"ttl_seconds": ttl, "cart": f"{self.name}-{self.number}"}
        self.number += 1
        if self.rng.random() < 0.2:
            body["areas"] = [{"area": "Hall-Floor", "quantity": 1}]
        else:
            body["places"] = chosen
        answer = self.ask("POST", self.path + "/holds", body, twins=self.rng.random() < 0.1)
        if answer is None:
            return None
        self.same(answer, "a hold")
        if answer.twin is not None and answer.twin.status == 201:
            answer = answer.twin
        if answer.status == 201:
            hold = answer.json
            hold["count"] = len(chosen) if "places" in body else 1
            hold["kind"] = "stalls" if "places" in body else "standing"
            hold["deadline"] = seconds_of(hold["expires_at"])
            with self.record.lock:
                self.record.holds[hold["id"]] = hold
            return hold
        revision = revision_in(answer.headers.get("X-Revision"))
        if answer.reason == "place_taken" and revision is not None:
            with self.record.lock:
                self.record.refused.append(
                    {"revision": revision, "places": answer.json["places"], "sent_at": answer.sent_at}
                )
        elif answer.reason not in ("place_taken", "area_full"):
            self.record.fail("a refusal", f"a hold of {body} was refused with {answer}", answer.body)
        return None

    def on_hold(self, hold, what, body=None, *, staff=False, twins=False):
        return self.ask(
            "POST",
            f"{self.path}/holds/{hold['id']}/{what}",
            body,
            token=None if staff else hold["token"],
            staff=staff,
            twins=twins,
        )

    def quoted(self, hold):
        """The price, or None if the hold has run out."""
        kind = "adult" if hold["kind"] == "standing" else self.rng.choice(["adult", "child"])
        answer = self.on_hold(hold, "quote", {"choices": [{"ticket_type": kind, "count": hold["count"]}]})
        if self.granted(answer, 200, hold, "a quote"):
            hold["total"] = answer.json["total"]
            hold["token"] = answer.json.get("token", hold["token"])
            return True
        return False

    def granted(self, answer, status, hold, what):
        """Whether it is what it must be. No hold is refused but one that ran out."""
        if answer is None:
            return False
        self.same(answer, what)
        if answer.status == status:
            return True
        if answer.reason == "hold_expired" and answer.got_at >= hold["deadline"]:
            with self.record.lock:
                self.record.ended.append((hold["id"], "hold_expired"))
            return False
        self.record.fail(
            f"{what}: {answer.reason}",
            f"{what} of {hold['id']}, held until {hold['expires_at']}, was refused by {answer}",
            answer.body,
        )
        return False

    def same(self, answer, what):
        """Both servers were sent it: they say the same, but for what a later answer knows more."""
        if answer.twin is None:
            return
        self.record.count("sent to both")
        bare = [
            {key: value for key, value in each.json.items() if key not in ("token", "request_id")}
            for each in (answer, answer.twin)
        ]
        granted = [each.status < 300 for each in (answer, answer.twin)]
        if granted[0] == granted[1] and (bare[0] == bare[1] or not granted[0]):
            return
        # A place may have come free between two decisions; but not the other way round.
        yes, no = (answer, answer.twin) if granted[0] else (answer.twin, answer)
        if what == "a hold" and no.reason in ("place_taken", "area_full"):
            with self.record.lock:
                self.record.refused_twins.append((yes.json["id"], revision_in(no.headers.get("X-Revision"))))
            return
        self.record.fail(
            f"{what}: two answers", f"{answer} and {answer.twin} to one request", (bare[0], bare[1])
        )

    # ---- what is done ----

    def at_the_till(self):
        hold = self.hold(self.rng.choice([3, 20, 60]))
        if not hold or not self.quoted(hold) or (self.rng.random() < 0.3 and not self.quoted(hold)):
            return
        buyer = {
            "name": "Buyer " + self.name,
            "email": f"{uuid.UUID(int=self.rng.getrandbits(128)).hex}@example.org",
        }
        answer = self.on_hold(
            hold,
            "orders",
            {"payment": {"method": "cash"}, "buyer": buyer},
            staff=True,
            twins=self.rng.random() < 0.4,
        )
        if self.granted(answer, 201, hold, "a sale at the till"):
            self.bought(hold, answer.json, buyer)

    def online(self):
        hold = self.hold(self.rng.choice([5, 20, 60]))
        if not hold or not self.quoted(hold) or (self.rng.random() < 0.3 and not self.quoted(hold)):
            return
        buyer = {
            "name": "Buyer " + self.name,
            "email": f"{uuid.UUID(int=self.rng.getrandbits(128)).hex}@example.org",
        }
        answer = self.on_hold(hold, "payments", {"buyer": buyer}, twins=self.rng.random() < 0.1)
        if not self.granted(answer, 201, hold, "a payment"):
            return
        payment = answer.json
        if payment["amount"] != hold["total"]:
            self.record.fail(
                "a payment: another price",
                f"{payment['amount']} is asked, {hold['total']} was quoted last",
                payment,
            )
        decision = self.rng.choice(["approve", "approve", "never", "decline", None])
        payment.update(hold=hold["id"], decision=decision, buyer=buyer)
        with self.record.lock:
            self.record.payments[payment["id"]] = payment
        if decision is None:
            return
        told = self.ask("POST", f"/pay/{payment['id']}/decision", {"decision": decision})
        if told is None or told.status != 200:
            self.record.fail("a payment: no decision", f"{told}", payment)
            return
        if decision != "approve":
            return
        until = time.monotonic() + 10
        while time.monotonic() < until and not self.stop.is_set():
            seen = self.ask("GET", "/v1/payments/" + payment["id"], token=payment["token"])
            if seen is None:
                return
            if seen.status != 200:
                self.record.fail("a payment: not found", f"{seen}", payment)
                return
            if seen.json["status"] == "approved":
                order = self.ask(
                    "GET", f"{self.path}/orders/{seen.json['order']['id']}", token=seen.json["order"]["token"]
                )
                if order is None or order.status != 200:
                    self.record.fail(
                        "an order: not found", f"{order} though its payment was shown as approved", payment
                    )
                    return
                return self.bought(hold, order.json, buyer)
            if seen.json["status"] == "refunded":
                return
            time.sleep(0.1)

    def bought(self, hold, order, buyer):
        if order["total"] != hold["total"]:
            self.record.fail(
                "an order: another price",
                f"{order['total']}, and {hold['total']} was quoted last",
                order["id"],
            )
        with self.record.lock:
            self.record.orders[order["id"]] = {
                "hold": hold["id"],
                "total": order["total"],
                "buyer": buyer,
                "payment": order["payment"],
            }
        seen = self.ask("GET", f"{self.path}/orders/{order['id']}", token=order["token"])
        if seen is not None:
            self.see("an order", seen, 200, order)
            if seen.status == 200 and seen.json.get("buyer") != buyer:
                self.record.fail(
                    "an order: another buyer",
                    f"{seen.json.get('buyer')} instead of {buyer}, {seen}",
                    order["id"],
                )
        gone = (
            self.ask("GET", f"{self.path}/holds/{hold['id']}", token=hold["token"])
            if self.sends_revision
            else None
        )
        if gone is not None and gone.reason != "hold_checked_out":
            self.record.fail("a hold: as it was", f"{gone} though it was checked out", hold["id"])
        if self.rng.random() < 0.3:
            self.see(
                "a ticket", self.ask("GET", order["tickets"][0]["svg"], token=order["token"]), 200, order
            )
        if self.rng.random() < 0.2:
            self.listed(order)
        if self.rng.random() < 0.8:
            self.given_back(order)

    def see(self, what, answer, status, about):
        if answer is not None and answer.status != status:
            self.record.fail(f"{what}: not found", f"{answer}, and it was told before", about["id"])

    def listed(self, order):
        answer = self.ask("GET", self.path + "/orders?limit=100&q=" + order["id"], staff=True)
        if answer is not None and order["id"] not in [one["id"] for one in answer.json.get("orders", [])]:
            self.record.fail("orders: one is missing", f"{answer}", order["id"])
        place = order["tickets"][0]["place"]
        answer = self.ask("GET", f"{self.path}/seating?limit=500&place={place}", staff=True)
        if answer is not None and order["id"] not in [
            seat.get("order") for seat in answer.json.get("seats", [])
        ]:
            self.record.fail("the seating: one is missing", f"{place}, {answer}", order["id"])

    def given_back(self, order):
        answer = self.ask(
            "POST", f"{self.path}/orders/{order['id']}/refunds", staff=True, twins=self.rng.random() < 0.1
        )
        if answer is None:
            return
        self.same(answer, "a refund")
        if answer.status != 200:
            return self.record.fail(f"a refund: {answer.reason}", f"{answer}", order["id"])
        with self.record.lock:
            self.record.refunds[order["id"]] = answer.json["amount"]
        seen = self.ask("GET", f"{self.path}/orders/{order['id']}", staff=True)
        if seen is not None and seen.json.get("status") != "refunded":
            self.record.fail(
                "an order: as it was",
                f"{seen.json.get('status')} by {seen}, and it was refunded",
                order["id"],
            )

    def undecided(self):
        """Holds, looks, extends, looks again, lets go, looks again."""
        hold = self.hold(self.rng.choice([2, 5, 30]))
        if not hold:
            return
        self.look_at(hold)
        answer = self.on_hold(hold, "extension", {"ttl_seconds": self.rng.choice([10, 40])})
        if self.granted(answer, 200, hold, "an extension"):
            hold["token"] = answer.json.get("token", hold["token"])
            hold["deadline"], hold["expires_at"] = (
                seconds_of(answer.json["expires_at"]),
                answer.json["expires_at"],
            )
        self.look_at(hold)
        if not self.granted(self.on_hold(hold, "release"), 200, hold, "a release"):
            return
        with self.record.lock:
            self.record.ended.append((hold["id"], "hold_released"))
        if not self.sends_revision:
            return
        seen = self.ask("GET", f"{self.path}/holds/{hold['id']}", token=hold["token"])
        if seen is not None and seen.reason != "hold_released":
            self.record.fail("a hold: as it was", f"{seen} though it was released", hold["id"])

    def look_at(self, hold):
        seen = self.ask("GET", f"{self.path}/holds/{hold['id']}", token=hold["token"])
        if seen is None:
            return
        if seen.status == 200:
            if seen.json["expires_at"] != hold["expires_at"]:
                self.record.fail(
                    "a hold: as it was",
                    f"until {seen.json['expires_at']} by {seen}, and {hold['expires_at']} was told",
                    hold["id"],
                )
        elif seen.reason != "hold_expired" or seen.got_at < hold["deadline"]:
            self.record.fail("a hold: not found", f"{seen}, held until {hold['expires_at']}", hold["id"])

    def look(self):
        told = revision_in(self.revision) if self.sends_revision else None
        answer = self.ask("GET", self.path + "/availability")
        if answer is None or answer.status != 200:
            return
        age = int(answer.headers.get("X-Age-Ms", "0")) / 1000
        if told is not None and answer.json["revision"] < told:
            self.record.fail(
                "availability: as it was",
                f"revision {answer.json['revision']} by {answer}, and {told} was told",
            )
        with self.record.lock:
            self.record.oldest = max(self.record.oldest, age)
            self.record.views.append(
                {**answer.json, "age": age, "sent_at": answer.sent_at, "server": answer.server}
            )
