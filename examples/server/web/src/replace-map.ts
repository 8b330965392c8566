// Another hall for an event that may be selling: a chart in the place of its own, and where those sit then
// whose places are gone.

import { newRequestId, path, post, Problem } from "./api";
import { readChart, showChartProblem } from "./chart-file";
import { field, h, replace } from "./dom";
import { number, say, t } from "./i18n";
import { announce, busy, NoticeBoard } from "./page";
import type { EventSummary } from "./types";

type Replaced = { places: number; capacity: number };

export function replaceMapForm(event: EventSummary, key: string, done: () => Promise<void>): HTMLElement {
  const board = new NoticeBoard();
  const file = h("input", { type: "file", accept: ".json,application/json" });
  const asked = h("div", { class: "exchanges" });
  const targets = new Map<string, HTMLInputElement>();
  const ask = (places: string[]): void => {
    for (const place of places)
      if (!targets.has(place))
        targets.set(place, h("input", { type: "text", maxlength: 400, autocomplete: "off" }));
    replace(
      asked,
      h("p", {}, say("exchange_these")),
      [...targets].map(([place, input]) => field(say("instead_of", { place }), input)),
    );
  };
  const send = async (): Promise<void> => {
    const chosen = file.files?.[0];
    if (!chosen) throw new Error(t("choose_chart_first"));
    const exchanges = [...targets]
      .map(([from, input]) => ({ from, to: input.value.trim() }))
      .filter(({ to }) => to);
    const body = { seat_map: await readChart(chosen), exchanges };
    try {
      const replaced = await post<Replaced>(path`/v1/events/${event.id}/seat-map`, {
        body,
        key,
        request: newRequestId(),
      });
      const counts = { places: number(replaced.places), capacity: number(replaced.capacity) };
      announce(t("map_replaced", { name: event.name, ...counts }));
      form.remove();
      await done();
    } catch (error) {
      showChartProblem(board, error);
      if (error instanceof Problem && error.reason === "places_in_use") ask(error.body.places ?? []);
    }
  };
  // Another chart lacks other places.
  file.addEventListener("change", () => {
    targets.clear();
    asked.replaceChildren();
    board.clear();
  });
  const button = h("button", { type: "submit", class: "button danger" }, say("replace_map_now"));
  const form = h(
    "form",
    {
      class: "card upload",
      on: { submit: (sent) => (sent.preventDefault(), void busy(button, board, send)) },
    },
    h("h3", {}, say("replace_map"), ": ", event.name),
    h("p", { class: "muted" }, say("replace_map_lead")),
    field(say("chart_file"), file),
    asked,
    board.element,
    button,
  );
  return form;
}
