"""Live changes: what a buyer's page is told while others buy."""

from shop import EventStream, Sale, Server


class LiveTests:
    def streamed(self, sale, last_id=None, port=None):
        stream = EventStream(port or self.server.port, sale.path + "/changes", last_id)
        self.addCleanup(stream.close)
        self.assertEqual(stream.response.headers["Content-Type"], "text/event-stream")
        return stream

    def follow(self, places, event, labels):
        """The places after the event."""
        if event["event"] == "availability":
            return list(event["data"]["places"])
        for index, letter in event["data"]["places"]:
            places[index] = letter
        return places

    def until(self, stream, places, labels, wanted):
        for _ in range(200):
            event = stream.next()
            self.assertIsNotNone(event)
            places = self.follow(places, event, labels)
            seen = dict(zip(labels, places))
            if all(seen[label] == letter for label, letter in wanted.items()):
                return places, event
        self.fail(f"never saw {wanted}")

    def test_changes_come_by_themselves(self):
        sale = Sale(self.server)
        labels = sale.public.get(sale.path + "/places").json["places"]["labels"]
        stream = self.streamed(sale)
        first = stream.next()
        self.assertEqual((first["event"], set(first["data"]["places"])), ("availability", {"f"}))
        hold = sale.held("Stalls-A-1", "Stalls-A-2", areas=[{"area": "Hall-Floor", "quantity": 4}])
        places, event = self.until(
            stream, self.follow([], first, labels), labels, {"Stalls-A-1": "h", "Stalls-A-2": "h"}
        )
        self.assertEqual((event["event"], event["data"]["areas"]), ("changes", [[0, 46, 4, 0]]))
        sale.public.post(f"{sale.path}/holds/{hold['id']}/release", token=hold["token"])
        places, _ = self.until(stream, places, labels, {"Stalls-A-1": "f", "Stalls-A-2": "f"})
        sale.bought("Stalls-A-2")
        places, _ = self.until(stream, places, labels, {"Stalls-A-2": "s"})
        self.assertEqual(dict(zip(labels, places)), sale.states())
        sale.admin.post(sale.path + "/sale-status", {"status": "off_sale"})
        while stream.next()["data"]["sale_status"] != "off_sale":
            pass

    def test_a_deadline_that_passes_is_news(self):
        sale = Sale(self.server)
        labels = sale.public.get(sale.path + "/places").json["places"]["labels"]
        stream = self.streamed(sale)
        first = stream.next()
        sale.held("Stalls-C-7", ttl_seconds=2)
        places, _ = self.until(stream, self.follow([], first, labels), labels, {"Stalls-C-7": "h"})
        self.until(stream, places, labels, {"Stalls-C-7": "f"})

    def test_a_client_goes_on_where_it_was(self):
        sale = Sale(self.server)
        labels = sale.public.get(sale.path + "/places").json["places"]["labels"]
        keeper, stream = self.streamed(sale), self.streamed(sale)
        keeper.next()
        places = self.follow([], stream.next(), labels)
        sale.held("Stalls-A-1")
        places, event = self.until(stream, places, labels, {"Stalls-A-1": "h"})
        stream.close()
        sale.held("Stalls-A-2")
        sale.held("Stalls-A-3")
        self.until(keeper, list("f" * len(places)), labels, {"Stalls-A-3": "h"})
        resumed = self.streamed(sale, event["id"]).next()
        self.assertEqual(resumed["event"], "changes")
        places = self.follow(places, resumed, labels)
        self.assertEqual(dict(zip(labels, places)), sale.states())

    def test_a_client_that_was_away_too_long_starts_anew(self):
        sale = Sale(self.server)
        sale.held("Stalls-A-1")
        for last_id in ("1-5", "999999-1", "nonsense", "1", "-", "99999999999999999999999-1"):
            self.assertEqual(self.streamed(sale, last_id).next()["event"], "availability", last_id)

    def test_ids_mean_the_same_on_another_server(self):
        other = self.another_server()
        sale = Sale(self.server)
        labels = sale.public.get(sale.path + "/places").json["places"]["labels"]
        here, there = self.streamed(sale), self.streamed(sale, port=other.port)
        first = here.next()
        places_there = self.follow([], there.next(), labels)
        sale.held("Stalls-A-1")
        places, event = self.until(here, self.follow([], first, labels), labels, {"Stalls-A-1": "h"})
        places_there, event_there = self.until(there, places_there, labels, {"Stalls-A-1": "h"})
        self.assertEqual(event["id"].split("-")[0], event_there["id"].split("-")[0])
        here.close()
        sale.held("Stalls-A-2")
        self.until(there, places_there, labels, {"Stalls-A-2": "h"})
        resumed = self.streamed(sale, event["id"], other.port).next()
        places = self.follow(places, resumed, labels)
        self.assertEqual(dict(zip(labels, places)), sale.states())

    def another_server(self):
        server = Server(self.storage)
        self.addCleanup(server.kill)
        server.admin_file.write_text(self.server.admin_key + "\n")
        return server.start()
