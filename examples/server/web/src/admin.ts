// "/admin": events and their sale, a new event from a chart, API keys.

import { call, get, path, post } from "./api";
import { limitBytes } from "./bytes";
import { allEvents, isOver } from "./calendar";
import { problemList, readChart, showChartProblem } from "./chart-file";
import { readDrawing } from "./drawing";
import { field, freshId, h, replace } from "./dom";
import { isTimeZone, momentIn, number, say, shortDateTime, t } from "./i18n";
import { announce, busy, failPage, notice, NoticeBoard, openPage } from "./page";
import { labelBytes, PriceTable } from "./price-table";
import { replaceMapForm } from "./replace-map";
import { SeatMapElement } from "./seat-map";
import { signIn } from "./staff";
import type { ApiKey, ChartReport, EventSummary } from "./types";

const main = openPage("admin", say("administration"), "staff-page");
let key = "";
function eventsSection(): { element: HTMLElement; load: () => Promise<void> } {
  const board = new NoticeBoard();
  const body = h("tbody", {});
  const changing = h("div", {});
  const over = (): HTMLElement => h("span", { class: "tag" }, say("is_over"));
  const row = (event: EventSummary): HTMLElement => {
    const on = event.sale_status === "on_sale";
    const button = h(
      "button",
      {
        type: "button",
        class: `button small ${on ? "quiet" : "secondary"}`,
        "aria-label": () => `${t(on ? "take_off_sale" : "put_on_sale")}: ${event.name}`,
        on: {
          click: () =>
            void busy(button, board, async () => {
              await post(path`/v1/events/${event.id}/sale-status`, {
                body: { status: on ? "off_sale" : "on_sale" },
                key,
              });
              announce(t(on ? "now_off_sale" : "now_on_sale", { name: event.name }));
              await load();
            }),
        },
      },
      say(on ? "take_off_sale" : "put_on_sale"),
    );
    const change = h(
      "button",
      {
        type: "button",
        class: "button small quiet",
        "aria-label": () => `${t("replace_map")}: ${event.name}`,
        on: { click: () => replace(changing, replaceMapForm(event, key, load)) },
      },
      say("replace_map"),
    );
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("a", { href: path`/events/${event.id}` }, event.name),
        h("small", { class: "muted" }, event.id),
      ),
      h("td", {}, () => shortDateTime(event.starts_at, event.time_zone), isOver(event) && [" ", over()]),
      h("td", { class: "number" }, () => `${number(event.free)} / ${number(event.capacity)}`),
      h("td", {}, h("span", { class: `tag ${on ? "good" : ""}` }, say(on ? "on_sale" : "off_sale"))),
      h("td", { class: "number" }, h("div", { class: "button-row" }, change, button)),
    );
  };
  const load = async (): Promise<void> => {
    const events = await allEvents();
    replace(
      body,
      events.length
        ? events.map(row)
        : h("tr", {}, h("td", { colspan: 5, class: "muted" }, say("no_events_yet"))),
    );
  };
  const element = h(
    "section",
    {},
    h("h2", {}, say("events")),
    board.element,
    h(
      "div",
      { class: "table-frame" },
      h(
        "table",
        { class: "data" },
        h("caption", { class: "unseen" }, say("events")),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, say("event")),
            h("th", { scope: "col" }, say("starts_at")),
            h("th", { scope: "col", class: "number" }, say("free_of_all")),
            h("th", { scope: "col" }, say("state")),
            h("td", {}),
          ),
        ),
        body,
      ),
    ),
    changing,
  );
  return { element, load };
}

/** "Gala night 2027" -> "gala-night-2027"; Ukrainian letters by the rules for names in passports. */
function slug(name: string): string {
  const letters: Record<string, string> = {
    а: "a",
    б: "b",
    в: "v",
    г: "h",
    ґ: "g",
    д: "d",
    е: "e",
    є: "ie",
    ж: "zh",
    з: "z",
    и: "y",
    і: "i",
    ї: "i",
    й: "i",
    к: "k",
    л: "l",
    м: "m",
    н: "n",
    о: "o",
    п: "p",
    р: "r",
    с: "s",
    т: "t",
    у: "u",
    ф: "f",
    х: "kh",
    ц: "ts",
    ч: "ch",
    ш: "sh",
    щ: "shch",
    ь: "",
    ю: "iu",
    я: "ia",
  };
  return Array.from(name.toLowerCase(), (letter) => letters[letter] ?? letter)
    .join("")
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
}

function newEventForm(chart: unknown, report: ChartReport, made: () => Promise<void>): HTMLElement {
  const board = new NoticeBoard();
  const prices = new PriceTable(report);
  const name = limitBytes(h("input", { type: "text", required: true, autocomplete: "off" }), labelBytes);
  const id = h("input", {
    type: "text",
    required: true,
    maxlength: 64,
    pattern: "[A-Za-z0-9][A-Za-z0-9_.\\-]*",
    autocomplete: "off",
    spellcheck: "false",
  });
  let ownId = false;
  name.addEventListener("input", () => {
    if (!ownId) id.value = slug(name.value);
  });
  id.addEventListener("input", () => (ownId = id.value !== ""));
  const venue = limitBytes(h("input", { type: "text", autocomplete: "off", value: report.name }), labelBytes);
  const starts = h("input", { type: "datetime-local", required: true });
  const zones = h(
    "datalist",
    { id: freshId("zones") },
    ...Intl.supportedValuesOf("timeZone").map((name) => h("option", { value: name })),
  );
  const zone = h("input", {
    type: "text",
    required: true,
    maxlength: 64,
    list: zones.id,
    autocomplete: "off",
    spellcheck: "false",
    value: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  const checkZone = (): void => zone.setCustomValidity(isTimeZone(zone.value) ? "" : t("no_such_time_zone"));
  zone.addEventListener("input", checkZone);
  const currency = h("input", {
    type: "text",
    required: true,
    maxlength: 3,
    pattern: "[A-Z]{3}",
    value: "UAH",
    autocomplete: "off",
    spellcheck: "false",
  });
  const amount = () =>
    h("input", {
      type: "text",
      inputmode: "decimal",
      pattern: "\\d{1,9}([.,]\\d{1,3})?",
      maxlength: 13,
      autocomplete: "off",
    });
  const perTicket = amount();
  const perOrder = amount();
  const tax = h("input", { type: "number", min: 0, max: 100, step: "0.01", value: 0 });
  const lifetime = h("input", { type: "number", min: 1, max: 1440, value: 20, required: true });
  const most = h("input", { type: "number", min: 1, max: 1000, value: 10, required: true });
  const onSale = h("input", { type: "checkbox", id: freshId("on-sale") });
  const button = h("button", { type: "submit", class: "button primary" }, say("create_event"));
  const decimal = (input: HTMLInputElement) => input.value.trim().replace(",", ".");
  const create = async (): Promise<void> => {
    const lines = prices.lines();
    if (!lines.length) throw new Error(t("no_prices_yet"));
    const body = {
      id: id.value,
      name: name.value.trim(),
      ...(venue.value.trim() ? { venue: venue.value.trim() } : {}),
      starts_at: momentIn(zone.value, starts.value).toISOString(),
      time_zone: zone.value,
      seat_map: chart,
      prices: {
        currency: currency.value,
        lines,
        fees: {
          ...(decimal(perTicket) ? { per_ticket: decimal(perTicket) } : {}),
          ...(decimal(perOrder) ? { per_order: decimal(perOrder) } : {}),
          tax_basis_points: Math.round(Number(tax.value) * 100),
        },
      },
      policy: { places_per_hold: Number(most.value), hold_lifetime_seconds: Number(lifetime.value) * 60 },
      sale_status: onSale.checked ? "on_sale" : "off_sale",
    };
    const event = await post<EventSummary>("/v1/events", { body, key });
    form.replaceWith(
      notice(
        "good",
        say("event_created", { name: event.name }),
        h("a", { class: "button secondary", href: path`/events/${event.id}` }, say("look_at_it")),
      ),
    );
    await made();
  };
  const form = h(
    "form",
    {
      class: "card new-event",
      on: { submit: (submitted) => (submitted.preventDefault(), void busy(button, board, create)) },
    },
    h("h3", {}, say("about_the_event")),
    h(
      "div",
      { class: "form-row" },
      field(say("event_name"), name),
      field(say("event_id"), id, say("event_id_hint")),
    ),
    h(
      "div",
      { class: "form-row" },
      field(say("venue"), venue),
      field(say("starts_at"), starts),
      field(say("time_zone"), zone, say("time_zone_hint")),
      zones,
    ),
    h("h3", {}, say("prices")),
    h(
      "div",
      { class: "form-row" },
      field(say("currency"), currency),
      field(say("fee_each_ticket"), perTicket),
      field(say("fee_each_order"), perOrder),
      field(say("tax_percent"), tax),
    ),
    prices.element,
    h("h3", {}, say("sale")),
    h("div", { class: "form-row" }, field(say("hold_minutes"), lifetime), field(say("most_places"), most)),
    h("div", { class: "check" }, onSale, h("label", { for: onSale.id }, say("on_sale_at_once"))),
    board.element,
    button,
  );
  return form;
}

function newEventSection(made: () => Promise<void>): HTMLElement {
  const board = new NoticeBoard();
  const result = h("div", { class: "chart-result" });
  const file = h("input", {
    type: "file",
    accept: ".json,application/json",
    on: { change: () => void read() },
  });
  const read = async (): Promise<void> => {
    const chosen = file.files?.[0];
    board.clear();
    result.replaceChildren();
    if (!chosen) return;
    let chart: unknown;
    try {
      chart = await readChart(chosen);
      replace(result, h("p", { class: "muted", role: "status" }, say("checking_chart")));
      const report = await post<ChartReport>("/v1/charts", { body: chart, key });
      showChart(chart, report);
    } catch (error) {
      result.replaceChildren();
      showChartProblem(board, error);
    }
  };
  const showChart = (chart: unknown, report: ChartReport): void => {
    const problems = report.problems.map((problem) =>
      typeof problem === "string" ? { message: problem } : problem,
    );
    const map = document.createElement("seat-map") as SeatMapElement;
    replace(
      result,
      notice(
        "good",
        say("chart_is_fine", {
          name: report.name || "–",
          places: report.places,
          areas: report.areas.length,
          capacity: report.capacity,
        }),
      ),
      problems.length > 0 &&
        notice("note", say("chart_has_problems", { count: problems.length }), problemList(problems)),
      report.drawing && h("div", { class: "picker-stage preview" }, map),
      newEventForm(chart, report, made),
    );
    if (!report.drawing) return;
    const drawing = readDrawing(report.drawing);
    map.show(drawing, {
      canChoose: () => false,
      choose: () => undefined,
      chooseArea: () => undefined,
      describe: (index) =>
        [drawing.places.label[index], drawing.categories[drawing.places.category[index]!]?.label]
          .filter(Boolean)
          .join(" · "),
    });
  };
  return h(
    "section",
    {},
    h("h2", {}, say("new_event")),
    h("div", { class: "card upload" }, field(say("chart_file"), file, say("chart_file_hint"))),
    board.element,
    result,
  );
}

function keysSection(): { element: HTMLElement; load: () => Promise<void> } {
  const board = new NoticeBoard();
  const body = h("tbody", {});
  const name = limitBytes(h("input", { type: "text", required: true, autocomplete: "off" }), labelBytes);
  const scopes = (["seller", "box_office", "gate", "admin"] as const).map((scope) => ({
    scope,
    box: h("input", { type: "checkbox", id: freshId("scope") }),
  }));
  const events = h("input", { type: "text", maxlength: 2000, autocomplete: "off", spellcheck: "false" });
  const expires = h("input", { type: "datetime-local" });
  const button = h("button", { type: "submit", class: "button secondary" }, say("make_key"));
  const row = (one: ApiKey): HTMLElement => {
    const erase = h(
      "button",
      {
        type: "button",
        class: "button small danger",
        "aria-label": () => `${t("revoke")}: ${one.name}`,
        on: {
          click: () =>
            void busy(erase, board, async () => {
              if (!confirm(t("really_revoke", { name: one.name }))) return;
              await call("DELETE", path`/v1/keys/${one.id}`, { key });
              await load();
            }),
        },
      },
      say("revoke"),
    );
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, one.name, h("small", { class: "muted" }, one.id)),
      h("td", {}, one.scopes.join(", ")),
      h("td", {}, () => one.events.join(", ") || t("for_all_events")),
      h("td", {}, () => shortDateTime(one.created_at)),
      h("td", {}, () => (one.expires_at ? shortDateTime(one.expires_at) : "–")),
      h("td", { class: "number" }, erase),
    );
  };
  const load = async (): Promise<void> => {
    const answer = await get<{ keys: ApiKey[] }>("/v1/keys", { key });
    replace(body, answer.keys.map(row));
  };
  const make = async (): Promise<void> => {
    const chosen = scopes.filter(({ box }) => box.checked).map(({ scope }) => scope);
    if (!chosen.length) throw new Error(t("choose_scope"));
    const made = await post<ApiKey>("/v1/keys", {
      body: {
        name: name.value.trim(),
        scopes: chosen,
        events: events.value.split(/[\s,]+/).filter(Boolean),
        ...(expires.value ? { expires_at: new Date(expires.value).toISOString() } : {}),
      },
      key,
    });
    await load();
    name.value = "";
    board.show(
      "good",
      say("key_made"),
      h("output", { class: "new-key", "aria-label": say("api_key") }, made.key ?? ""),
    );
  };
  const element = h(
    "section",
    {},
    h("h2", {}, say("api_keys")),
    h(
      "div",
      { class: "table-frame" },
      h(
        "table",
        { class: "data" },
        h("caption", { class: "unseen" }, say("api_keys")),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, say("name")),
            h("th", { scope: "col" }, say("may")),
            h("th", { scope: "col" }, say("key_events")),
            h("th", { scope: "col" }, say("made_at")),
            h("th", { scope: "col" }, say("key_expires")),
            h("td", {}),
          ),
        ),
        body,
      ),
    ),
    h(
      "form",
      {
        class: "card key-form",
        on: { submit: (submitted) => (submitted.preventDefault(), void busy(button, board, make)) },
      },
      h("h3", {}, say("new_key")),
      field(say("name"), name, say("key_name_hint")),
      h(
        "fieldset",
        {},
        h("legend", {}, say("may")),
        scopes.map(({ scope, box }) =>
          h("div", { class: "check" }, box, h("label", { for: box.id }, say(`scope_${scope}`))),
        ),
      ),
      h(
        "div",
        { class: "form-row" },
        field(say("key_events"), events, say("key_events_hint")),
        field(say("key_expires"), expires, say("key_expires_hint")),
      ),
      button,
    ),
    board.element,
  );
  return { element, load };
}

try {
  const staff = await signIn(main, say("administration"), "admin");
  key = staff.key;
  const events = eventsSection();
  const keys = keysSection();
  replace(
    main,
    h("div", { class: "staff-head" }, h("h1", {}, say("administration")), staff.bar),
    events.element,
    newEventSection(events.load),
    keys.element,
  );
  await Promise.all([events.load(), keys.load()]);
} catch (error) {
  failPage(main, error);
}
