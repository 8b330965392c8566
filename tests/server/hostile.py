"""What comes from outside is not to be trusted: malformed, too large, guessed, forged, or from somewhere
else."""

import http.client
import json
import pathlib
import socket
import tempfile

from shop import CHART, PRICES, Sale, Server, new_key


class HostileTests:
    def problem(self, answer, status, reason):
        self.assertEqual((answer.status, answer.json["reason"]), (status, reason), answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        return answer.json

    def test_malformed_json(self):
        sale = Sale(self.server)
        for text in (
            b"{",
            b"[1,",
            b"{}{}",
            b'{"a":1,}',
            b"\xff\xfe",
            b'{"cart":"\xc3"}',
            b"NaN",
            b"[" * 100 + b"]" * 100,
            b'{"ttl_seconds":01}',
        ):
            self.problem(sale.public("POST", sale.path + "/holds", raw=text), 400, "malformed_json")
        for text in (b"null", b"7", b"[]", b'"text"'):
            self.problem(sale.public("POST", sale.path + "/holds", raw=text), 422, "invalid_request")

    def test_what_is_wrong_is_pointed_to(self):
        sale = Sale(self.server)
        answer = sale.hold(
            places=[1, "", "x" * 5000],
            ttl_seconds="long",
            carts="x",
            areas=[{"area": "Hall-Floor", "quantity": -1, "colour": 7}],
        )
        pointers = {error["pointer"] for error in self.problem(answer, 422, "invalid_request")["errors"]}
        self.assertEqual(
            pointers,
            {
                "/places/0",
                "/places/1",
                "/places/2",
                "/ttl_seconds",
                "/carts",
                "/areas/0/quantity",
                "/areas/0/colour",
            },
        )
        for body in ({}, {"places": [], "areas": []}, {"places": ["Stalls-A-1"], "best": {"count": 1}}):
            self.problem(sale.public.post(sale.path + "/holds", body), 422, "invalid_request")
        for body, pointer in (
            ({"best": {"count": 0}}, "/best/count"),
            ({"best": {"count": 1e99}}, "/best/count"),
            ({"best": {"count": 1.5}}, "/best/count"),
            ({"best": {"count": 2, "together": "maybe"}}, "/best/together"),
            ({"best": {"count": True}}, "/best/count"),
            ({"places": ["Stalls-A-1"], "cart": "a\nb"}, "/cart"),
            ({"places": ["Stalls-A-1"], "cart": "a\x9b31mb"}, "/cart"),
            ({"places": ["x"], "ttl_seconds": 2**63}, "/ttl_seconds"),
        ):
            errors = self.problem(sale.public.post(sale.path + "/holds", body), 422, "invalid_request")[
                "errors"
            ]
            self.assertIn(pointer, [error["pointer"] for error in errors], body)
        self.problem(sale.hold("Stalls-A-1", "Stalls-A-1"), 422, "invalid_request")

    def test_a_member_that_stands_twice(self):
        sale = Sale(self.server)

        def hold(text):
            return sale.public("POST", sale.path + "/holds", raw=text)

        for text, pointers in (
            (b'{"best":{"count":1},"best":{"count":2}}', ["/best"]),
            (b'{"best":{"count":1,"count":1}}', ["/best/count"]),
            (b'{"best":{"count":1,"co\\u0075nt":2}}', ["/best/count"]),
            (
                b'{"areas":[7,{"a":{"a":[]}},{"x":{"a":[1,{}]},"area":"A","area":"B","x":1,"area":"C"}]}',
                ["/areas/2/area", "/areas/2/x"],
            ),
            (b'{"a/b":1,"a/b":null,"":2,"":3}', ["/", "/a~1b"]),
        ):
            problem = self.problem(hold(text), 422, "invalid_request")
            twice = [error["pointer"] for error in problem["errors"] if error["message"] == "stands twice"]
            self.assertEqual(twice, pointers, text)
            self.assertEqual(problem["detail"], pointers[0] + " stands twice")
        # The same name in another object is another member.
        problem = self.problem(
            hold(b'{"best":{"count":0},"areas":[{"area":"A"},{"area":"A"}]}'), 422, "invalid_request"
        )
        self.assertNotIn("stands twice", [error["message"] for error in problem["errors"]])
        many = (
            b'{"places":["Stalls-A-1"]'
            + b"".join(b',"a%d":0' % (number % 5000) for number in range(6000))
            + b"}"
        )
        self.assertEqual(len(self.problem(hold(many), 422, "invalid_request")["errors"]), 50)
        self.assertEqual(hold(b'{"places":["Stalls-A-1"]}').status, 201)

    def test_a_text_that_is_too_long_says_how_long_it_is(self):
        sale = Sale(self.server)
        event = {
            "id": "x-" + new_key(),
            "starts_at": "2027-01-31T19:30:00Z",
            "seat_map": CHART,
            "prices": PRICES,
        }
        answer = sale.admin.post("/v1/events", {**event, "name": "ж" * 60})
        says = "must be a text of 1 to 100 bytes without control characters; this has 120 bytes"
        self.assertEqual(
            self.problem(answer, 422, "invalid_request")["errors"], [{"pointer": "/name", "message": says}]
        )

    def test_an_event_that_makes_no_sense(self):
        sale = Sale(self.server)
        good = {
            "id": "x-" + new_key(),
            "starts_at": "2027-01-31T19:30:00Z",
            "seat_map": CHART,
            "prices": PRICES,
        }
        chart = json.loads(json.dumps(CHART))
        chart["sections"][0]["rows"][0]["category"] = "nowhere"
        prices = json.loads(json.dumps(PRICES))
        prices["lines"][0]["amount"] = "-1.00"
        for change, pointer in (
            ({"id": "../etc"}, "/id"),
            ({"starts_at": "tomorrow"}, "/starts_at"),
            ({"time_zone": "../etc/passwd"}, "/time_zone"),
            ({"time_zone": "Europe/Atlantis"}, "/time_zone"),
            ({"seat_map": chart}, "/seat_map"),
            ({"prices": prices}, "/prices"),
            ({"prices": {**PRICES, "currency": "XYZ"}}, "/prices"),
            ({"policy": {"places_per_hold": 0}}, "/policy/places_per_hold"),
            ({"is_admin": True}, "/is_admin"),
        ):
            problem = self.problem(sale.admin.post("/v1/events", {**good, **change}), 422, "invalid_request")
            self.assertTrue(any(error["pointer"].startswith(pointer) for error in problem["errors"]), problem)

    def test_bodies_past_the_limit(self):
        sale = Sale(self.server)
        self.problem(
            sale.public("POST", sale.path + "/holds", raw=b'{"cart":"' + b"x" * 70_000 + b'"}'),
            413,
            "body_too_large",
        )
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as raw:
            raw.sendall(
                b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 999999999\r\n\r\n"
            )
            self.assertTrue(raw.recv(1000).startswith(b"HTTP/1.1 413"))

    def test_headers_that_must_be_there(self):
        sale = Sale(self.server)
        body = {"places": ["Stalls-A-1"]}
        self.problem(
            sale.public.post(sale.path + "/holds", body, idempotency=""), 400, "idempotency_key_missing"
        )
        for key in ("short", "x" * 129, "a key with spaces in it"):
            self.problem(
                sale.public.post(sale.path + "/holds", body, idempotency=key), 400, "idempotency_key_missing"
            )
        self.problem(
            sale.public.post(sale.path + "/holds", body, headers={"Content-Type": "text/plain"}),
            415,
            "unsupported_media_type",
        )
        self.problem(
            sale.public.post(
                sale.path + "/holds", body, headers={"Content-Type": "application/x-www-form-urlencoded"}
            ),
            415,
            "unsupported_media_type",
        )

    def test_methods_and_addresses_that_are_not(self):
        sale = Sale(self.server)
        wrong = sale.public("DELETE", sale.path + "/holds")
        self.problem(wrong, 405, "method_not_allowed")
        self.assertEqual(wrong.headers["Allow"], "POST, OPTIONS")
        self.assertEqual(sale.public("PUT", "/v1/keys").headers["Allow"], "GET, HEAD, POST, OPTIONS")
        for path in (
            "/v1",
            "/v1/",
            "/v1/event",
            sale.path + "/",
            sale.path + "/holds/x/y/z",
            "/nothing",
            "/etc/passwd",
            "/assets/..%2f..%2fetc%2fpasswd",
        ):
            self.assertEqual(sale.public.get(path).status, 404, path)
        self.assertIn(sale.public.get("/..%2f..%2fetc/passwd").status, (400, 404))
        head = sale.public("HEAD", sale.path + "/availability")
        self.assertEqual((head.status, head.body), (200, b""))

    def test_keys_and_scopes(self):
        sale = Sale(self.server)
        order = sale.bought("Stalls-A-1")
        staff = {scope: sale.staff(scope) for scope in ("seller", "box_office", "gate")}
        orders, keys = sale.path + "/orders", "/v1/keys"
        scan = sale.path + "/scans"
        for client, path, method, status in (
            (sale.public, orders, "GET", 401),
            (staff["seller"], orders, "GET", 403),
            (staff["gate"], orders, "GET", 403),
            (staff["box_office"], orders, "GET", 200),
            (sale.admin, orders, "GET", 200),
            (staff["box_office"], keys, "GET", 403),
            (sale.admin, keys, "GET", 200),
            (sale.public, scan, "POST", 401),
            (staff["box_office"], scan, "POST", 403),
            (staff["gate"], scan, "POST", 422),
            (staff["seller"], sale.path + "/seating", "GET", 403),
            (staff["gate"], "/v1/events", "POST", 403),
            (staff["seller"], f"{orders}/{order['id']}/refunds", "POST", 403),
            (staff["box_office"], sale.path + "/sale-status", "POST", 403),
            (sale.public, "/v1/charts", "POST", 401),
        ):
            self.assertEqual(
                client(method, path, {} if method == "POST" else None).status, status, (path, method)
            )
        self.assertEqual(sale.public.get("/v1/me").json, {"scopes": ["public"]})
        self.assertEqual(staff["gate"].get("/v1/me").json["scopes"], ["public", "gate"])

    def test_keys_that_are_none(self):
        good = self.server.admin_key
        head, secret = (
            good.rsplit("_", 1)
            if "_" not in good.split("_", 2)[2]
            else (good[: good.index("_", 4)], good.split("_", 2)[2])
        )
        wrong = "A" if secret[0] != "A" else "B"
        for key in (
            head + "_" + wrong + secret[1:],
            good[:-1],
            good + "A",
            "tck__" + secret,
            "tck_aaaaaaaaaaaa_" + secret,
            "x",
            "tck_../../x_" + secret,
        ):
            answer = self.server.client(key).get("/v1/keys")
            self.problem(answer, 401, "unauthorized")
            self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
        basic = self.server.client().get("/v1/keys", headers={"Authorization": "Basic YTpi"})
        self.problem(basic, 401, "unauthorized")

    def test_tokens_open_one_thing_only(self):
        sale, other = Sale(self.server), Sale(self.server)
        one, two = sale.held("Stalls-A-1"), sale.held("Stalls-A-2")
        elsewhere = other.held("Stalls-A-1")
        path = f"{sale.path}/holds/{one['id']}"
        for token in (
            None,
            "",
            two["token"],
            elsewhere["token"],
            one["token"][:-1],
            one["token"] + "A",
            "A" * 22,
        ):
            self.problem(sale.public.get(path, token=token), 404, "hold_not_found")
            self.problem(sale.public.post(path + "/release", token=token), 404, "hold_not_found")
        # In a link it does for reading, not for changing.
        self.assertEqual(sale.public.get(f"{path}?token={one['token']}").status, 200)
        self.problem(sale.public.post(f"{path}/release?token={one['token']}"), 404, "hold_not_found")
        order = sale.bought("Stalls-B-1")
        for token in (None, one["token"], "A" * 22):
            self.problem(
                sale.public.get(f"{sale.path}/orders/{order['id']}", token=token), 404, "order_not_found"
            )
            self.assertEqual(sale.public.get(order["tickets"][0]["svg"], token=token).status, 404)
        self.problem(
            sale.public.get(f"{other.path}/orders/{order['id']}", token=order["token"]),
            404,
            "order_not_found",
        )
        seller = sale.staff("seller")
        self.problem(seller.get(f"{sale.path}/orders/{order['id']}"), 404, "order_not_found")
        self.problem(seller.get(path), 404, "hold_not_found")
        own = sale.hold("Stalls-B-5", client=seller).json
        self.assertEqual(seller.get(f"{sale.path}/holds/{own['id']}").status, 200)
        self.problem(sale.staff("seller").get(f"{sale.path}/holds/{own['id']}"), 404, "hold_not_found")

    def test_nothing_can_be_enumerated(self):
        sale = Sale(self.server)
        hold = sale.held("Stalls-A-1")
        order = sale.bought("Stalls-A-2")
        for there, path, token in (
            (hold["id"], sale.path + "/holds/", hold["token"]),
            (order["id"], sale.path + "/orders/", order["token"]),
            (order["payment"]["reference"], "/v1/payments/", order["token"]),
        ):
            wrong = [
                sale.public.get(path + name, token=token[:-1] + ("A" if token[-1] != "A" else "Q"))
                for name in (there, new_key())
            ]
            bodies = [{**answer.json, "request_id": ""} for answer in wrong]
            self.assertEqual((wrong[0].status, bodies[0]), (404, bodies[1]))
            self.assertEqual(wrong[1].status, 404)

    def test_other_origins(self):
        server = Server(
            "memory:", "--cors", "https://theatre.example", "--cors", "https://other.example"
        ).start()
        try:
            client = server.client()
            allowed = client.get("/v1/events", headers={"Origin": "https://theatre.example"})
            self.assertEqual(allowed.headers["Access-Control-Allow-Origin"], "https://theatre.example")
            self.assertIn("Origin", allowed.headers["Vary"])
            self.assertIsNone(allowed.headers["Access-Control-Allow-Credentials"])
            before = client(
                "OPTIONS",
                "/v1/events/x/holds",
                headers={"Origin": "https://theatre.example", "Access-Control-Request-Method": "POST"},
            )
            self.assertEqual(before.status, 204)
            self.assertIn("POST", before.headers["Access-Control-Allow-Methods"])
            self.assertIn("Idempotency-Key", before.headers["Access-Control-Allow-Headers"])
            for origin in ("https://evil.example", "https://theatre.example.evil.example", "null"):
                self.assertIsNone(
                    client.get("/v1/events", headers={"Origin": origin}).headers[
                        "Access-Control-Allow-Origin"
                    ]
                )
        finally:
            server.kill()

    def test_headers_of_every_answer(self):
        sale = Sale(self.server)
        for path in (
            "/v1/events",
            sale.path + "/availability",
            "/nothing",
            "/v1/keys",
            "/problems/place_taken",
            "/healthz",
            "/openapi.json",
        ):
            headers = sale.public.get(path).headers
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff", path)
            self.assertEqual(headers["Referrer-Policy"], "no-referrer", path)
            self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"], path)
            self.assertNotIn("unsafe", headers["Content-Security-Policy"], path)
            self.assertIsNone(headers["Set-Cookie"])
            self.assertIsNone(headers["Access-Control-Allow-Origin"])

    def test_a_share_for_each_client(self):
        # One request a second and five at once: a test would have to take half a minute to be given all that
        # it asks for here.
        server = Server("memory:", "--rate-limit", "1", "--trusted-proxy", "127.0.0.1").start()

        def status_of(*forwarded, key=None):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.putrequest("GET", "/v1/keys" if key else "/v1/events")
            for addresses in forwarded:
                connection.putheader("X-Forwarded-For", addresses)
            if key:
                connection.putheader("Authorization", "Bearer " + key)
            connection.endheaders()
            status = connection.getresponse().status
            connection.close()
            return status

        try:
            client = server.client()
            headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
            answers = [client.get("/v1/events", headers=headers) for _ in range(40)]
            limited = [answer for answer in answers if answer.status == 429]
            self.assertTrue(limited)
            self.assertEqual([answer.status for answer in answers[:5]], [200] * 5)
            self.problem(limited[0], 429, "rate_limited")
            self.assertGreaterEqual(int(limited[0].headers["Retry-After"]), 1)
            # Made up in front of the last address, it is no other client, in one header or in two; another
            # last address is.
            for forged in (("192.0.2.{}, 198.51.100.7",), ("192.0.2.{}", "198.51.100.7")):
                self.assertIn(
                    429, [status_of(*(part.format(number) for part in forged)) for number in range(30)]
                )
            self.assertEqual(status_of("198.51.100.8"), 200)
            self.assertEqual(client.get("/healthz", headers=headers).status, 200)
            guesses = [status_of("198.51.100.9", key="tck_aaaaaaaaaaaa_" + "x" * 43) for _ in range(30)]
            self.assertEqual(guesses[0], 401)
            self.assertIn(429, guesses)
        finally:
            server.kill()

    def test_requests_that_are_no_http(self):
        for text in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
            (
                b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
                b"\r\n0\r\n\r\n"
            ),
        ):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as raw:
                raw.sendall(text)
                first = raw.recv(1000)
                self.assertTrue(
                    first == b"" or first.startswith(b"HTTP/1.1 4") or first.startswith(b"HTTP/1.1 5"), first
                )
        for path in ("/v1/events/a%00", "/v1/events/a%1B", "/v1/events/a%C2%9B"):
            self.problem(self.server.client().get(path), 400, "invalid_request")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.request("GET", "/healthz")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()

    def test_pages_and_nothing_else_of_the_disk(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name) / "web"
            (folder / "assets").mkdir(parents=True)
            (folder / "index.html").write_text("<title>Events</title>")
            (folder / "event.html").write_text("<title>Event</title>")
            (folder / "order.html").write_text("<title>Order</title>")
            (folder / "assets" / "page-1a2b.js").write_text("1;")
            (folder / "notes.key").write_text("secret")
            (folder / ".hidden.html").write_text("secret")
            (pathlib.Path(name) / "outside.html").write_text("secret")
            (folder / "link.html").symlink_to(pathlib.Path(name) / "outside.html")
            server = Server("memory:", "--web", str(folder)).start()
            try:
                client = server.client()
                for path, title in (
                    ("/", "Events"),
                    ("/index.html", "Events"),
                    ("/events/gala", "Event"),
                    ("/orders/gala/x?token=y", "Order"),
                ):
                    page = client.get(path)
                    self.assertEqual(
                        (page.status, page.headers["Content-Type"]), (200, "text/html; charset=utf-8"), path
                    )
                    self.assertIn(f"<title>{title}<", page.body.decode())
                    self.assertIn("camera=(self)", page.headers["Permissions-Policy"])
                    self.assertNotIn("unsafe", page.headers["Content-Security-Policy"])
                    self.assertEqual(
                        client.get(path, headers={"If-None-Match": page.headers["ETag"]}).status, 304
                    )
                self.assertIn("immutable", client.get("/assets/page-1a2b.js").headers["Cache-Control"])
                for path in (
                    "/notes.key",
                    "/.hidden.html",
                    "/link.html",
                    "/../outside.html",
                    "/assets/../../outside.html",
                    "/%2e%2e/outside.html",
                    "/assets/..%2f..%2foutside.html",
                    "//outside.html",
                    "/checkout",
                    "/assets",
                    "/assets/",
                ):
                    answer = client.get(path)
                    self.assertIn(answer.status, (400, 404), path)
                    self.assertNotIn(b"secret", answer.body)
                self.assertEqual(client("POST", "/", {}).status, 404)
            finally:
                server.kill()
