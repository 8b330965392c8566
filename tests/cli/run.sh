#!/usr/bin/env bash
# The command and the demo as a user has them: run.sh TICKETCORE DEMO ODD_EVENT SOURCE_DIR
set -euo pipefail
ticketcore=$1 demo=$2 odd_event=$3 source_dir=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*"; exit 1; }
expect() { # STATUS PATTERN COMMAND...
  local status=$1 pattern=$2 got=0
  shift 2
  "$@" >out.txt 2>&1 || got=$?
  [ "$got" -eq "$status" ] || { cat out.txt; fail "$* ended with $got instead of $status"; }
  grep -q -- "$pattern" out.txt || { cat out.txt; fail "$* did not say: $pattern"; }
}

expect 0 'tickets verify with the public key' "$demo" "$source_dir/examples/venues/opera_house.json"
expect 0 'gala-2027 .* 1358 ' "$ticketcore" events out/demo.db
expect 0 'nothing is wrong' "$ticketcore" check out/demo.db
expect 0 '"fact":"order_placed"' "$ticketcore" log out/demo.db --event gala-2027
json_lines='import json, sys; [json.loads(line) for line in sys.stdin]'
"$ticketcore" log out/demo.db | python3 -c "$json_lines" || fail "log is not JSON lines"
"$ticketcore" log out/demo.db | head -1 >/dev/null || true
"$ticketcore" manifest out/demo.db --event gala-2027 | python3 -c '
import csv, sys
rows = list(csv.DictReader(sys.stdin))
assert len(rows) == 1279, len(rows)
assert all(row["status"] == "sold" for row in rows)' || fail "the manifest does not list every place as sold"
"$ticketcore" seating out/demo.db --event gala-2027 | python3 -c '
import csv, sys
rows = list(csv.DictReader(sys.stdin))
assert len(rows) == 1358, len(rows)
assert rows[0]["place"] == "-".join(rows[0][name] for name in ("section", "row", "seat")), rows[0]
assert all(row["ticket"] and row["order"] and row["status"] in ("sold", "admitted") for row in rows)
assert all(bool(row["gate"]) == (row["status"] == "admitted") for row in rows)' ||
  fail "the seating list does not have everybody"
for picture in out/*.svg; do xmllint --noout "$picture" || fail "$picture is not XML"; done
# Whichever buyer came first may have returned a ticket, which is not drawn: take the first that is there.
ticket_pictures=(out/ticket-*.svg)
rsvg-convert -d 150 -p 150 "${ticket_pictures[0]}" -o ticket.png
zbarimg -q --raw ticket.png 2>/dev/null | grep -q '^TC1:' || fail "a reader can't read the ticket's code"

"$odd_event" odd.db || fail "the odd event can't be sold"
expect 0 'Odd' "$ticketcore" events odd.db
"$ticketcore" log odd.db | python3 -c "$json_lines" || fail "odd texts are not JSON"
"$ticketcore" manifest odd.db --event odd | python3 -c '
import csv, sys
[row] = csv.DictReader(sys.stdin)
assert None not in row, row
assert (row["x"], row["y"]) == ("12345.678", "-1234567.891"), row
assert (row["category"], row["ticket_type"]) == ("a, \"b\"", "member, \"gold\""), row
assert row["price"] == "1200", row' ||
  fail "odd texts or far coordinates are not CSV"

expect 0 'replays to the same state' "$ticketcore" archive out/demo.db gala.archive --event gala-2027 --remove
expect 0 'nothing is wrong' "$ticketcore" check gala.archive
"$ticketcore" events out/demo.db | grep -q gala && fail "the archived event is still there"
expect 3 'it is there already' "$ticketcore" archive gala.archive gala.archive --event gala-2027
expect 0 'entries are back' "$ticketcore" restore sqlite:///out/demo.db gala.archive
expect 3 'nothing was put over it' "$ticketcore" restore out/demo.db gala.archive
sqlite3 out/demo.db "insert into vault
  values('person-1', '{\"name\": \"Olha Kovalenko\"}'), ('person-2', 'gala-2027')"
expect 0 'no trace is left' "$ticketcore" erase out/demo.db person-1
expect 0 'the vault has no record' "$ticketcore" erase out/demo.db person-1
expect 1 'TRACE in entry 1 of event/gala-2027' "$ticketcore" erase out/demo.db person-2
expect 2 "needs a person's id" "$ticketcore" erase out/demo.db
expect 3 'a SQLite URL has three slashes' "$ticketcore" events sqlite://demo.db

expect 2 'seating needs --event' "$ticketcore" seating out/demo.db
expect 2 'there is no command "sell"' "$ticketcore" sell out/demo.db
expect 2 'there is no event "x"' "$ticketcore" check out/demo.db --event x
expect 2 'takes a whole number' "$ticketcore" log out/demo.db --from one
expect 3 'none.db' "$ticketcore" check none.db
echo "a text file" >text.db
expect 3 'text.db' "$ticketcore" check text.db
sqlite3 other.db 'create table t(x)'
sum=$(sha256sum other.db)
expect 3 'other.db' "$ticketcore" check other.db
[ "$sum" = "$(sha256sum other.db)" ] && [ ! -e other.db-wal ] || fail "a foreign file was touched"
sqlite3 out/demo.db "update entries set bytes = zeroblob(50) where key & 1099511627775 = 20"
expect 1 'entry 20 of event/gala-2027 is damaged' "$ticketcore" check out/demo.db

# Another chart in the place of the event's.
"$odd_event" hall.db || fail "the odd event can't be sold"
cat >bigger.json <<'CHART'
{"format": "ticketcore/seat-map", "version": 1, "name": "Bigger",
 "categories": [{"key": "a", "name": "A", "color": "#1F77B4"}],
 "sections": [{"label": "Hall", "rows": [{"label": "A", "seats": [
   {"label": "1", "x": 0, "y": 0, "category": "a"}, {"label": "2", "x": 1, "y": 0, "category": "a"}]}]}]}
CHART
seat=$("$ticketcore" manifest hall.db --event odd |
  python3 -c 'import csv, sys; print(list(csv.DictReader(sys.stdin))[0]["label"])')
expect 2 'needs --event ID' "$ticketcore" replace-map hall.db bigger.json
expect 2 "takes FROM=TO" "$ticketcore" replace-map hall.db bigger.json --event odd --exchange "$seat"
expect 3 'none.json' "$ticketcore" replace-map hall.db none.json --event odd
expect 1 'has no room for what is held or sold' "$ticketcore" replace-map hall.db bigger.json --event odd
grep -qF -- "$seat" out.txt || fail "replace-map does not name what would go"
expect 0 'room for 2; retired: 1, exchanged: 1' \
  "$ticketcore" replace-map hall.db bigger.json --event odd --exchange "$seat=Hall-A-2"
expect 0 'nothing is wrong' "$ticketcore" check hall.db
"$ticketcore" log hall.db | tail -1 | grep -q '"to":"Hall-A-2"' || fail "the log does not tell the exchange"
"$ticketcore" manifest hall.db --event odd | python3 -c '
import csv, sys
shown = [(row["label"], row["status"]) for row in csv.DictReader(sys.stdin)]
assert shown == [("Hall-A-1", "free"), ("Hall-A-2", "sold")], shown' ||
  fail "the manifest does not show the new chart"

# One event that can't be shown is named, and does not hide those after it.
"$odd_event" two.db || fail "the odd event can't be sold"
expect 0 'entries are back' "$ticketcore" restore two.db gala.archive
expect 0 'gala-2027' "$ticketcore" events two.db
sqlite3 two.db "update entries set bytes = zeroblob(50) where key & 1099511627775 = 20"
expect 1 "gala-2027 can't be shown: entry 20 of event/gala-2027 is damaged" "$ticketcore" events two.db
grep -q '^odd .* Odd ' out.txt || fail "the event after a damaged one is not shown"

# An operator's word for the store's clock is a turn of the event that changes nothing else.
"$odd_event" clock.db || fail "the odd event can't be sold"
expect 2 'needs --event ID' "$ticketcore" confirm-time clock.db
expect 2 'there is no event "x"' "$ticketcore" confirm-time clock.db --event x
before=$("$ticketcore" log clock.db | wc -l)
expect 0 "odd: turns go on from $(date -u +%Y-%m-%d)" "$ticketcore" confirm-time clock.db --event odd
"$ticketcore" log clock.db | tail -n +$((before + 1)) | python3 -c '
import json, sys
[line] = map(json.loads, sys.stdin)
assert (line["fact"], line["sale"]) == ("sale_status_changed", "on_sale"), line' ||
  fail "the operator's word is not in the log, or changed something"
expect 0 'nothing is wrong' "$ticketcore" check clock.db
echo "command and demo: as they should be"
