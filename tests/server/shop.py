"""A real ticketcore_server to test, and a small client for it. The standard library is all it needs."""

import contextlib
import http.client
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import weakref

import description

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "docs"))

CHART = {
    "format": "ticketcore/seat-map",
    "version": 1,
    "name": "Little House",
    "focal_point": {"x": 0, "y": 0},
    "categories": [
        {"key": "stalls", "name": "Stalls", "color": "#1B5E8C"},
        {"key": "standing", "name": "Standing", "color": "#7A6C9D"},
    ],
    "sections": [
        {
            "label": "Stalls",
            "rows": [
                {
                    "labels": "A-J",
                    "category": "stalls",
                    "aisle": 1,
                    "blocks": [10, 10],
                    "line": {
                        "from": {"x": 0, "y": 100},
                        "step": {"x": 20, "y": 0},
                        "row_step": {"x": 0, "y": 25},
                    },
                }
            ],
        },
        {
            "label": "Hall",
            "category": "standing",
            "areas": [{"label": "Floor", "capacity": 50, "center": {"x": 100, "y": 500}}],
        },
    ],
}
PRICES = {
    "currency": "UAH",
    "lines": [
        {"category": "stalls", "ticket_type": "adult", "amount": "1200.00"},
        {"category": "stalls", "ticket_type": "child", "amount": "600.00"},
        {"category": "standing", "ticket_type": "adult", "amount": "300.00"},
    ],
    "fees": {"per_ticket": "15.00", "per_order": "5.00", "tax_basis_points": 2000},
}
BUYER = {"name": "Олена Шевченко", "email": "olena.shevchenko@example.org"}


def new_key():
    return str(uuid.uuid4())


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """One connection, kept alive, and the API key that goes with its requests."""

    def __init__(self, port, key=None):
        self.port = port
        self.key = key
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def __call__(self, method, path, body=None, *, token=None, idempotency=None, headers=None, raw=None):
        sent = dict(headers or {})
        if self.key:
            sent.setdefault("Authorization", "Bearer " + self.key)
        if token:
            sent["X-Access-Token"] = token
        if method == "POST":
            sent.setdefault("Content-Type", "application/json")
            if idempotency != "":
                sent.setdefault("Idempotency-Key", idempotency or new_key())
        content = raw if raw is not None else None if body is None else json.dumps(body).encode()
        try:
            self.connection.request(method, path, content, sent)
            response = self.connection.getresponse()
            answer = Answer(response, response.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        description.check(method, path, answer.status, answer.headers["Content-Type"], answer.body)
        return answer

    def __del__(self):
        self.connection.close()

    def get(self, path, **options):
        return self("GET", path, **options)

    def post(self, path, body=None, **options):
        return self("POST", path, {} if body is None else body, **options)


def without_token(answer):
    """What it says, without the token: a later one knows of a later revision."""
    return {key: value for key, value in answer.json.items() if key != "token"}


class Server:
    """Its folder is the caller's; without one it has its own, which is gone with it, however the test
    ends."""

    program = None

    def __init__(self, storage, *options, folder=None, fake_payments=True):
        self.storage = storage
        # Tests ask more, and hold more, than one client may; those of the limits say so.
        self.options = [
            "--rate-limit",
            "0",
            "--open-places-per-address",
            "0",
            "--open-places-per-key",
            "0",
            *options,
        ] + ["--fake-payments"] * fake_payments
        if folder is None:
            folder = tempfile.mkdtemp(prefix="ticketcore-server-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.folder = pathlib.Path(folder)
        self.admin_file = self.folder / "admin.key"
        self.secret_file = self.folder / "notices.key"
        if not self.secret_file.exists():
            self.secret_file.write_text("a secret of the pretended provider\n")
        self.process = None

    def start(self):
        with open(self.folder / "output.txt", "ab") as output:
            self._start(output)
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on http"):
            self.process.wait(10)
            self.process.stdout.close()
            raise RuntimeError("the server did not start: " + line + (self.folder / "output.txt").read_text())
        self.port = int(line.rsplit(":", 1)[1])
        self.admin_key = self.admin_file.read_text().strip()
        return self

    def _start(self, output):
        self.process = subprocess.Popen(
            [
                self.program,
                "--storage",
                self.storage,
                "--port",
                "0",
                "--threads",
                "2",
                "--time-zone",
                "Europe/Kyiv",
                "--admin-key-file",
                str(self.admin_file),
                "--payment-secret",
                str(self.secret_file),
                "--access-log",
                str(self.folder / "access.log"),
                *self.options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
        )

    def client(self, key=None):
        return Client(self.port, key)

    @property
    def admin(self):
        return self.client(self.admin_key)

    def kill(self):
        """May be said again, and of a server that never started."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.process.stdout.close()

    def stop(self):
        """What the server exits with after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(ValueError):
            self.process.stdout.read()
        status = self.process.wait(20)
        self.process.stdout.close()
        return status

    def written(self):
        """All that it has written to logs and standard output."""
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log")) + (
            self.folder / "output.txt"
        ).read_text(errors="replace")


class Sale:
    """An event of its own on a server, and a buyer's way through it."""

    def __init__(self, server, **more):
        self.server = server
        self.admin = server.admin
        self.public = server.client()
        self.id = "evening-" + uuid.uuid4().hex[:12]
        self.path = "/v1/events/" + self.id
        created = self.admin.post(
            "/v1/events",
            {
                "id": self.id,
                "name": "An evening",
                "starts_at": "2027-01-31T19:30:00+02:00",
                "seat_map": CHART,
                "prices": PRICES,
                **more,
            },
        )
        assert created.status == 201, created.body
        self.created = created.json

    def staff(self, *scopes):
        made = self.admin.post("/v1/keys", {"name": "-".join(scopes), "scopes": list(scopes)})
        assert made.status == 201, made.body
        return self.server.client(made.json["key"])

    def hold(self, *places, client=None, **more):
        body = {"places": list(places), **more} if places else more
        return (client or self.public).post(self.path + "/holds", body)

    def held(self, *places, **more):
        answer = self.hold(*places, **more)
        assert answer.status == 201, answer.body
        return answer.json

    def quote(self, hold, adults, client=None):
        answer = (client or self.public).post(
            f"{self.path}/holds/{hold['id']}/quote",
            {"choices": [{"ticket_type": "adult", "count": adults}]},
            token=hold["token"],
        )
        assert answer.status == 200, answer.body
        return answer.json

    def pay(self, hold, **options):
        return self.public.post(
            f"{self.path}/holds/{hold['id']}/payments", {"buyer": BUYER}, token=hold["token"], **options
        )

    def decide(self, payment, decision, **more):
        answer = self.public.post(
            f"/pay/{payment['id']}/decision", {"decision": decision, **more}, idempotency=""
        )
        assert answer.status == 200, answer.body

    def settled(self, payment, seconds=10):
        """The payment, once its notice or a sweep has brought what was decided."""
        return eventually(
            lambda: (seen := self.payment(payment))["status"] not in ("pending", "expired") and seen, seconds
        )

    def payment(self, payment):
        answer = self.public.get("/v1/payments/" + payment["id"], token=payment["token"])
        assert answer.status == 200, answer.body
        return answer.json

    def bought(self, *places):
        """An order paid online."""
        hold = self.held(*places)
        self.quote(hold, len(places))
        payment = self.pay(hold).json
        self.decide(payment, "approve")
        paid = self.settled(payment)
        assert paid and paid["status"] == "approved", paid
        return self.public.get(f"{self.path}/orders/{paid['order']['id']}", token=paid["order"]["token"]).json

    def states(self):
        """What each place is: a letter by label."""
        labels = self.public.get(self.path + "/places").json["places"]["labels"]
        return dict(zip(labels, self.public.get(self.path + "/availability").json["places"]))


def eventually(probe, seconds=10):
    """The first true answer; the last one when time is up."""
    end = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.05)


class EventStream:
    """Reads server-sent events one by one."""

    def __init__(self, port, path, last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.connection.request(
            "GET",
            path,
            headers={"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})},
        )
        self.response = self.connection.getresponse()

    def next(self):
        event = {}
        while True:
            line = self.response.readline().decode()
            if line == "":
                return None
            line = line.rstrip("\n")
            if line == "" and event:
                event["data"] = json.loads(event["data"])
                return event
            if line and not line.startswith(":"):
                name, value = line.split(": ", 1)
                event[name] = value

    def close(self):
        self.response.close()
        self.connection.close()
