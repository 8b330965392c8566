"""What the log says at the end, and whether what the servers answered agrees with it. The log is replayed
here by itself, with none of the library's code."""

import datetime
import json
import subprocess


def seconds_of(text):
    """Of the Unix epoch, with its fraction."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Log:
    """The facts of one event, each with what the house was like before and after."""

    def __init__(self, command, store, event):
        read = subprocess.run([command, "log", store, "--event", event], capture_output=True, text=True)
        if read.returncode != 0:
            raise RuntimeError("the log can't be read: " + read.stderr)
        self.facts = [json.loads(line) for line in read.stdout.splitlines()]
        self.turns = {fact["revision"]: seconds_of(fact["turn"]) for fact in self.facts}
        self.requests, self.holds, self.orders, self.order_of, self.ends = {}, {}, {}, {}, {}
        self.refunded = {}
        for fact in self.facts:
            if "request" in fact:
                self.requests.setdefault(fact["request"], []).append(fact)
            kind = fact["fact"]
            if kind == "hold_placed":
                self.holds[fact["request"]] = fact
            elif kind == "order_placed":
                self.orders[fact["request"]] = fact
                self.order_of[fact["hold"]] = fact["request"]
                self.ends[fact["hold"]] = "hold_checked_out"
            elif kind == "hold_released":
                self.ends[fact["hold"]] = "hold_released"
            elif kind == "hold_expired":
                self.ends[fact["hold"]] = "hold_expired"
            elif kind == "tickets_refunded":
                self.refunded.setdefault(fact["order"], []).append(fact)


class House:
    """Places and areas while the log is replayed."""

    def __init__(self, fail):
        self.fail = fail
        self.taken = {}  # by place: (deadline, None for sold; the hold or order)
        self.in_area = {}  # by hold: (deadline, {area: quantity})
        self.sold_in_area = {}
        self.deadline = {}
        self.places = {}
        self.tickets = {}

    def apply(self, fact):
        kind, turn = fact["fact"], seconds_of(fact["turn"])
        if kind == "hold_placed":
            deadline = seconds_of(fact["expires_at"])
            for place in fact["places"]:
                if place in self.taken and (self.taken[place][0] is None or self.taken[place][0] > turn):
                    self.fail(
                        "sold twice",
                        f"{place} was {self.taken[place]} when the log let it be held again",
                        fact,
                    )
                self.taken[place] = (deadline, fact["request"])
            self.in_area[fact["request"]] = {held["area"]: held["quantity"] for held in fact["areas"]}
            self.deadline[fact["request"]] = deadline
            self.places[fact["request"]] = fact["places"]
        elif kind == "hold_extended":
            self.deadline[fact["hold"]] = seconds_of(fact["expires_at"])
            for place in self.places[fact["hold"]]:
                self.taken[place] = (self.deadline[fact["hold"]], fact["hold"])
        elif kind in ("hold_released", "hold_expired"):
            self.end(fact["hold"])
        elif kind == "order_placed":
            hold = fact["hold"]
            if hold not in self.deadline or self.deadline[hold] <= turn:
                self.fail("sold after its hold", f"{hold} was sold at {fact['turn']}", fact)
            places, areas = self.places.get(hold, []), self.in_area.get(hold, {})
            self.end(hold)
            # Tickets are numbered in the order of the places, areas after them.
            self.tickets[fact["request"]] = [
                *places,
                *(area for area, quantity in areas.items() for _ in range(quantity)),
            ]
            for place in places:
                self.taken[place] = (None, fact["request"])
            for area, quantity in areas.items():
                self.sold_in_area[area] = self.sold_in_area.get(area, 0) + quantity
        elif kind == "tickets_refunded":
            for number in fact["tickets"]:
                place = self.tickets[fact["order"]][number - 1]
                if place in self.taken:
                    del self.taken[place]
                else:
                    self.sold_in_area[place] -= 1

    def end(self, hold):
        self.deadline.pop(hold, None)
        self.in_area.pop(hold, None)
        for place in self.places.pop(hold, []):
            if self.taken.get(place, (None, None))[1] == hold:
                del self.taken[place]

    def letter(self, place, moment):
        deadline, owner = self.taken.get(place, (0, None))
        return "f" if owner is None else "s" if deadline is None else "h" if deadline > moment else "f"

    def area(self, area, moment):
        held = sum(areas.get(area, 0) for hold, areas in self.in_area.items() if self.deadline[hold] > moment)
        return held, self.sold_in_area.get(area, 0)


def check_views(log, views, refused, labels, fail):
    """Each availability that was shown is the house at its revision and moment, a state that was, and not
    older than it said. Each place that was said to be taken was, at some point of that revision's turn."""
    house, last = House(fail), log.facts[-1]["revision"]
    facts, shown, told = {}, {}, {}
    for by_revision, ones in ((facts, log.facts), (shown, views), (told, refused)):
        for one in ones:
            by_revision.setdefault(one["revision"], []).append(one)
            if one["revision"] > last:
                fail("of no log", f"of revision {one['revision']}, and the log ends at {last}", one)
    for revision in range(1, last + 1):
        # Decided in a turn that was later than the request; the same turn may have set the place free after
        # that.
        never_taken = [(one, set(one["places"])) for one in told.get(revision, [])]
        for fact in [None, *facts.get(revision, [])]:
            if fact is not None:
                house.apply(fact)
            for one, places in never_taken:
                places -= {place for place in places if house.letter(place, one["sent_at"]) != "f"}
        for one, places in never_taken:
            if places:
                fail("a refusal", f"{sorted(places)} were said to be taken and were free", one)
        for view in shown.get(revision, []):
            check_view(log, house, view, labels, fail)


def check_view(log, house, view, labels, fail):
    moment = seconds_of(view["at"])
    shown = {key: view[key] for key in ("revision", "at", "age", "sent_at", "server")}
    wrong = [
        (label, letter, house.letter(label, moment))
        for label, letter in zip(labels, view["places"])
        if letter != house.letter(label, moment)
    ]
    if wrong:
        fail("availability", f"not what the log says: {wrong[:3]} (label, shown, logged)", shown)
    for area in view["areas"]:
        if (area["held"], area["sold"]) != house.area(area["label"], moment):
            fail(
                "availability",
                f"{area} is {house.area(area['label'], moment)} (held, sold) in the log",
                shown,
            )
    following = log.turns.get(view["revision"] + 1)
    if following is not None and following < moment:
        fail(
            "a state that never was",
            f"shown for {view['at']}, but the next turn was {moment - following:.3f} s before",
            shown,
        )
    # What the age leaves out was committed later; its turn began at most a second before.
    if following is not None and following < view["sent_at"] - view["age"] - 1:
        fail(
            "older than it says",
            f"the next turn was {view['sent_at'] - following:.3f} s before it was asked for",
            shown,
        )
