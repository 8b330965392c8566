#!/usr/bin/env python3
"""Copies the library's sources with bugs planted in them, each behind a switch that the simulator's own test
throws.

plant_bugs.py SOURCE_DIR OUTPUT_DIR

Every bug is a piece of the source as it stands, which must be there exactly once, and what stands there
instead while the bug's number is in ticketcore_planted. The library itself knows nothing of this: where its
text changes, this fails until the bug is planted anew.
"""

import pathlib
import sys

# Name, file, what is right, what is wrong. Statements end in ';' and are chosen by "if", expressions by "?:".
BUGS = [
    ("expiry is skipped", "src/engine/desk.cpp",
     "at_.state.holds().any_due(now)",
     "false"),
    ("expiry comes a moment late", "include/ticketcore/base/detail/deadline_queue.hpp",
     "heap_.front().deadline <= now",
     "heap_.front().deadline < now"),
    ("answers leave before they are durable", "src/engine/desk.cpp",
     "turn.commit(appends);",
     "try { turn.commit(appends); } catch (const StorageError&) {}"),
    ("an unknown outcome is taken for success", "src/engine/desk.cpp",
     "turn.commit(appends);",
     "try { turn.commit(appends); } catch (const CommitOutcomeUnknown&) {}"),
    ("what a failed turn decided stays", "src/engine/desk.cpp",
     "if (standing_ != Standing::current) catch_up();",
     "if (at_.revision == 0) catch_up();"),
    ("a refresh builds on a failed turn", "src/engine/desk.cpp",
     "if (standing_ == Standing::unread) load();",
     "if (at_.revision == 0) load();"),
    ("what others committed is ignored", "src/engine/desk.cpp",
     "for (const Entry& entry : turn->unseen(stream_)) apply_entry(entry);",
     "for (const Entry& entry : turn->unseen(stream_)) at_.revision = entry.revision;"),
    ("a repeated request is decided again", "include/ticketcore/sale/detail/decide_body.hpp",
     "state.requests().find(command.request, hash)",
     "static_cast<const RememberedRequest*>(nullptr)"),
    ("a used id answers another command", "include/ticketcore/sale/detail/decide_body.hpp",
     "request->digest != digest_of(command.body)",
     "false"),
    ("a repeat gets its entry's first answer", "src/engine/desk.cpp",
     "at->second == candidate.request",
     "!candidate.request.is_zero()"),
    ("time goes by a clock that runs back", "src/engine/desk.cpp",
     "std::max(store, at_.state.time())",
     "store"),
    ("a held place is held again", "include/ticketcore/sale/detail/decide_body.hpp",
     "code != place_code::free",
     "code == place_code::sold"),
    ("an area takes one too many", "include/ticketcore/sale/detail/decide_body.hpp",
     "wanted.quantity > state.areas().free(wanted.area)",
     "wanted.quantity > state.areas().free(wanted.area) + 1"),
    ("a hold is extended for ever", "include/ticketcore/sale/detail/decide_body.hpp",
     "std::min(ceil_to_seconds(now) + command.ttl, end)",
     "(ceil_to_seconds(now) + command.ttl)"),
    ("a holder gets one hold too many", "include/ticketcore/sale/detail/decide_body.hpp",
     "open >= policy.holds_per_holder",
     "open > policy.holds_per_holder"),
    ("a hold is sold while the event is off sale", "include/ticketcore/sale/detail/decide_body.hpp",
     "state.sale_status() != SaleStatus::on_sale",
     "false"),
    ("a void ticket is let in", "include/ticketcore/sale/detail/decide_body.hpp",
     "if (ticket.refunded()) return refusals::RefundedTicket{number, where(ticket)};",
     ";"),
    ("the answers of a batch are mixed up", "src/engine/event_desk.cpp",
     "std::move(answers[index])",
     "std::move(answers[answers.size() - 1 - index])"),
    ("commands that gather during a turn wait for ever", "src/engine/event_desk.cpp",
     "if (nothing_waits() || std::exchange(scheduled_, true)) return;",
     "if (nothing_waits() || std::exchange(scheduled_, true) || !queue_.empty()) return;"),
    ("availability shows what was", "include/ticketcore/engine/availability.hpp",
     "next->chunks_[chunk] == last_->chunks_[chunk]",
     "false"),
    ("a snapshot forgets a request", "include/ticketcore/sale/state/requests.hpp",
     "remembered_.push_back(request);",
     "if (left > 1) remembered_.push_back(request);"),
    ("a sold place goes with the old map", "include/ticketcore/sale/detail/decide_replace_map.hpp",
     "merged.is_retired({place}) && place_code::is_owned(codes[place]) && !moves[place]",
     "false"),
    ("an exchange leaves the place with its old owner", "include/ticketcore/sale/state/places.hpp",
     "set(from, place_code::free, nobody);",
     ";"),
    ("an exchanged ticket names its old place", "include/ticketcore/sale/state/orders.hpp",
     "tickets_[ticket].where = to.value;",
     ";"),
    ("a place that is gone stays free", "include/ticketcore/sale/state/places.hpp",
     "is_retired ? place_code::retired : place_code::free",
     "place_code::free"),
    ("a smaller area keeps its room", "include/ticketcore/sale/state/areas.hpp",
     "state.capacity = map.areas()[area].capacity;",
     "state.capacity = std::max(state.capacity, map.areas()[area].capacity);"),
    ("an order is shown that is not durable", "src/engine/event_desk.cpp",
     "if (!desk.current()) desk.catch_up();",
     ";"),
    ("a reader is shown what is half read", "include/ticketcore/engine/detail/desk.hpp",
     "standing_ == Standing::current",
     "standing_ != Standing::unread"),
    ("a turn doesn't say which history it knows", "src/engine/desk.cpp",
     "std::optional(at_.checksum)",
     "std::optional<std::uint32_t>()"),
    ("what a host knew is forgotten when it reads the log anew", "src/engine/desk.cpp",
     "at_.revision > known_",
     "false"),
    ("a damaged snapshot is believed", "src/log/snapshot.cpp",
     "in.fixed<std::uint32_t>() != crc32c(bytes.subspan(snapshot_header_size))",
     "in.fixed<std::uint32_t>() == 0"),
]


def switched(right, wrongs):
    """The right text, and before it each wrong one under its number."""
    if right.endswith(";"):
        return (
            "".join(f"if (::ticketcore_planted == {number}) {{ {wrong} }} else " for number, wrong in wrongs)
            + f"{{ {right} }}"
        )
    return (
        "("
        + "".join(f"::ticketcore_planted == {number} ? ({wrong}) : " for number, wrong in wrongs)
        + f"({right}))"
    )


def plant(texts):
    places = {}
    for number, (name, file, right, wrong) in enumerate(BUGS, start=1):
        if texts[file].count(right) != 1:
            sys.exit(f'the bug "{name}" can\'t be planted: {file} must hold exactly once:\n  {right}')
        places.setdefault((file, right), []).append((number, wrong))
    for (file, right), wrongs in places.items():
        texts[file] = texts[file].replace(right, switched(right, wrongs))


def main():
    source, output = map(pathlib.Path, sys.argv[1:])
    files = [
        path
        for folder in ("include", "src")
        for path in sorted((source / folder).rglob("*"))
        if path.suffix in (".hpp", ".cpp")
    ]
    texts = {path.relative_to(source).as_posix(): path.read_text() for path in files}
    plant(texts)
    names = ", ".join(f'"{bug[0]}"' for bug in BUGS)
    texts["planted.hpp"] = (
        "#pragma once\ninline int ticketcore_planted = 0;\n"
        f"inline constexpr const char* ticketcore_planted_names[] = {{{names}}};\n"
    )
    for name, text in texts.items():
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # What has not changed is left alone, and so is not compiled again.
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


main()
