// The tab of the counter that says who sits where.

import { get, path } from "./api";
import { field, h, replace } from "./dom";
import { say, shortDateTime, t, ticketType } from "./i18n";
import { busy, NoticeBoard } from "./page";
import { Picker } from "./picker";
import type { EventDetails, SeatingEntry } from "./types";

export async function openSeating(event: EventDetails, place: HTMLElement, key: string): Promise<() => void> {
  const board = new NoticeBoard();
  const about = h(
    "div",
    { class: "card who", "aria-live": "polite" },
    h("p", { class: "muted" }, say("press_a_seat")),
  );
  const body = h("tbody", {});
  const more = h("p", { class: "more" });
  const filter = h("input", { type: "search", maxlength: 100, autocomplete: "off" });
  const button = h("button", { type: "submit", class: "button secondary" }, say("search"));
  const fetchSeats = (parameters: Record<string, string>) =>
    get<{ seats: SeatingEntry[]; next?: string }>(
      `${path`/v1/events/${event.id}/seating`}?${new URLSearchParams(parameters)}`,
      { key },
    );
  const statusText = (entry: SeatingEntry) =>
    t(entry.status === "sold" ? "sold" : entry.status === "held" ? "held" : "ticket_is_in");
  const row = (entry: SeatingEntry) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, entry.place),
      h(
        "td",
        {},
        h("span", { class: `tag ${entry.status}` }, () => statusText(entry)),
      ),
      h("td", {}, () => (entry.ticket_type ? ticketType(entry.ticket_type) : "")),
      h("td", {}, entry.buyer?.name ?? ""),
      h(
        "td",
        { class: "number" },
        entry.number === undefined
          ? entry.until
            ? () => t("until", { at: shortDateTime(entry.until!) })
            : ""
          : String(entry.number),
      ),
    );
  const load = async (cursor?: string): Promise<void> => {
    const page = await fetchSeats({
      limit: "50",
      ...(filter.value.trim() ? { place: filter.value.trim() } : {}),
      ...(cursor ? { cursor } : {}),
    });
    if (!cursor) body.replaceChildren();
    body.append(...page.seats.map(row));
    if (!body.firstChild)
      body.append(h("tr", {}, h("td", { colspan: 5, class: "muted" }, say("nobody_sits"))));
    const { next } = page;
    replace(
      more,
      next &&
        h(
          "button",
          {
            type: "button",
            class: "button quiet",
            on: { click: () => void load(next).catch((error: unknown) => board.problem(error)) },
          },
          say("more_places"),
        ),
    );
  };
  const picker = await Picker.load(event, {
    mode: "look",
    changed: () => undefined,
    lost: () => undefined,
    look: (index) => {
      const label = picker.drawing.places.label[index]!;
      picker.map.setChosen([index]);
      void (async () => {
        try {
          const { seats } = await fetchSeats({ place: label });
          const entry = seats.find((seat) => seat.place === label);
          replace(
            about,
            h("h3", {}, picker.where(index)),
            entry
              ? h(
                  "dl",
                  { class: "facts" },
                  h("dt", {}, say("state")),
                  h("dd", {}, () => statusText(entry)),
                  entry.buyer?.name && [h("dt", {}, say("name")), h("dd", {}, entry.buyer.name)],
                  entry.ticket_type && [
                    h("dt", {}, say("ticket_type")),
                    h("dd", {}, () => ticketType(entry.ticket_type!)),
                  ],
                  entry.number !== undefined && [
                    h("dt", {}, say("order")),
                    h("dd", {}, String(entry.number)),
                  ],
                  entry.until && [
                    h("dt", {}, say("held_until")),
                    h("dd", {}, () => shortDateTime(entry.until!)),
                  ],
                )
              : h("p", { class: "muted" }, say(picker.statusOf(index) === "k" ? "not_for_sale" : "free")),
          );
        } catch (error) {
          replace(about, board.element);
          board.problem(error);
        }
      })();
    },
  });
  replace(
    place,
    h(
      "div",
      { class: "event-body" },
      h("div", { class: "event-main" }, picker.element),
      h("aside", { class: "sale-panel", "aria-label": say("who_sits_here") }, about),
    ),
    h("h2", {}, say("seating_list")),
    h(
      "form",
      {
        class: "search-form",
        role: "search",
        on: { submit: (submitted) => (submitted.preventDefault(), void busy(button, board, () => load())) },
      },
      field(say("find_place"), filter, say("find_place_hint")),
      button,
    ),
    board.element,
    h(
      "div",
      { class: "table-frame" },
      h(
        "table",
        { class: "data" },
        h("caption", { class: "unseen" }, say("seating_list")),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            (["place", "state", "ticket_type", "name", "order"] as const).map((column) =>
              h("th", { scope: "col", class: column === "order" ? "number" : "" }, say(column)),
            ),
          ),
        ),
        body,
      ),
    ),
    more,
  );
  await load();
  return () => picker.close();
}
