// Another hall for an event that may be selling: a chart in the place of its own, and where those sit then
// whose places are gone.

import { get, newRequestId, path, post, Problem } from "./api";
import { readChart, showChartProblem } from "./chart-file";
import type { SentDrawing } from "./drawing";
import { field, h, replace } from "./dom";
import { number, say, t } from "./i18n";
import { busy, notice, NoticeBoard } from "./page";
import type { EventSummary } from "./types";

type Replaced = { places: number; capacity: number };

export function replaceMapForm(event: EventSummary, key: string, done: () => Promise<void>): HTMLElement {
  const board = new NoticeBoard();
  const file = h("input", { type: "file", accept: ".json,application/json" });
  const asked = h("div", { class: "exchanges" });
  let targets = new Map<string, HTMLInputElement>();
  let areas: string[] = [];
  // Asked again with the same body it is the same request: its answer may have been lost.
  let sent = { body: "", request: "" };
  const ask = async (labels: string[]): Promise<void> => {
    const drawing = await get<SentDrawing>(path`/v1/events/${event.id}/places`, { key });
    const isArea = new Set(drawing.areas.map(({ label }) => label));
    areas = labels.filter((label) => isArea.has(label));
    // What is gone from the list, as a hold that has ended, is not asked for any more.
    targets = new Map(
      labels
        .filter((label) => !isArea.has(label))
        .map((place) => [
          place,
          targets.get(place) ?? h("input", { type: "text", maxlength: 400, autocomplete: "off" }),
        ]),
    );
    replace(
      asked,
      areas.length > 0 && h("p", {}, say("areas_in_use", { areas: areas.join(", ") })),
      targets.size > 0 && h("p", {}, say("exchange_these")),
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
    const text = JSON.stringify(body);
    if (sent.body !== text) sent = { body: text, request: newRequestId() };
    try {
      const address = path`/v1/events/${event.id}/seat-map`;
      const replaced = await post<Replaced>(address, { body, key, request: sent.request });
      const counts = { places: number(replaced.places), capacity: number(replaced.capacity) };
      form.replaceWith(notice("good", say("map_replaced", { name: event.name, ...counts })));
      await done();
    } catch (error) {
      showChartProblem(board, error);
      if (error instanceof Problem && error.reason === "places_in_use") await ask(error.body.places ?? []);
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
      on: { submit: (wanted) => (wanted.preventDefault(), void busy(button, board, send)) },
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
