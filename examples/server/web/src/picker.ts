// Choosing places of an event, on the map or in the list, with the live feed behind both. Used by the shop
// and by the box office.

import { get, path } from "./api";
import { Chart } from "./chart";
import { readDrawing, type SentDrawing } from "./drawing";
import { field, freshId, h, option, replace } from "./dom";
import { Feed } from "./feed";
import { money, say, t, ticketType, type Key } from "./i18n";
import { SeatList } from "./seat-list";
import { SeatMapElement } from "./seat-map";
import type { Changes, Drawing, EventDetails, Money } from "./types";

export interface PickerOptions {
  /** "look": pressing a place tells about it, whatever its status. */
  mode: "choose" | "look";
  changed: () => void;
  /** Chosen places that somebody else has just taken. */
  lost: (labels: string[]) => void;
  look?: (index: number) => void;
}

export class Picker {
  readonly element: HTMLElement;
  readonly map = document.createElement("seat-map") as SeatMapElement;
  readonly chart: Chart;
  readonly chosen = new Set<number>();
  readonly quantities: number[];
  readonly areaFree: number[];
  private readonly list: SeatList;
  private status: string[];
  private readonly byLabel = new Map<string, number>();
  private readonly feed: Feed;
  private readonly link = h("p", { class: "link-state", role: "status" });
  private readonly swatches: HTMLElement[] = [];
  private locked = false;
  private pending = false;
  private limit: number;

  static async load(event: EventDetails, options: PickerOptions): Promise<Picker> {
    return new Picker(
      event,
      readDrawing(await get<SentDrawing>(`${path`/v1/events/${event.id}/places`}?map=${event.seat_map}`)),
      options,
    );
  }

  private constructor(
    readonly event: EventDetails,
    readonly drawing: Drawing,
    private readonly options: PickerOptions,
  ) {
    this.chart = new Chart(drawing);
    this.status = Array.from({ length: this.chart.count }, () => "f");
    this.quantities = drawing.areas.map(() => 0);
    this.areaFree = drawing.areas.map(({ capacity }) => capacity);
    this.limit = event.policy.places_per_hold ?? 50;
    drawing.places.label.forEach((label, index) => this.byLabel.set(label, index));
    const shared = {
      canChoose: (index: number) => this.canChoose(index),
      choose: (index: number) => this.toggle(index),
      describe: (index: number) => this.describe(index),
    };
    this.list = new SeatList(this.chart, {
      ...shared,
      status: (index) => this.status[index]!,
      isChosen: (index) => this.chosen.has(index),
    });
    this.element = this.layOut();
    this.map.show(drawing, { ...shared, chooseArea: (area) => this.addToArea(area) });
    // The map has its colours from the page's style: it says when they are known, or others.
    this.map.addEventListener("dressed", () =>
      this.swatches.forEach((swatch, index) => (swatch.style.backgroundColor = this.map.colorOf(index))),
    );
    this.feed = new Feed(event.id, {
      full: ({ seat_map, places, areas }) => {
        if (seat_map !== this.drawing.id) return this.beginAnew();
        sessionStorage.removeItem("begun-anew");
        this.status = Array.from(places);
        areas.forEach(({ free }, index) => (this.areaFree[index] = free));
        this.map.setStatuses(places, areas);
        this.list.update();
        this.dropLost();
        this.options.changed();
      },
      changes: (changes) => this.apply(changes),
      connected: (alive) => {
        replace(this.link, alive ? null : say("connection_lost"));
      },
    });
  }

  close(): void {
    this.feed.close();
  }

  /**
   * The hall is another one than is drawn here: the page is loaded anew, and what is held is kept. Not all
   * pages in one moment, and none while the server is asked for a hold; each time later, should the servers
   * not agree for a while.
   */
  private beginAnew(): void {
    this.feed.close();
    const times = Number(sessionStorage.getItem("begun-anew") ?? 0);
    sessionStorage.setItem("begun-anew", String(times + 1));
    replace(this.link, say("hall_changes"));
    const go = (): void => {
      if (this.pending) setTimeout(go, 200);
      else location.reload();
    };
    setTimeout(go, (500 + Math.random() * 2_500) * 2 ** Math.min(times, 5));
  }

  private layOut(): HTMLElement {
    const floors = this.drawing.floors;
    const listId = freshId("seat-list");
    const tabs: [Key, HTMLElement][] = [
      ["on_the_map", this.map],
      ["as_list", this.list.element],
    ];
    this.list.element.id = listId;
    this.list.element.hidden = true;
    const buttons = tabs.map(([key, part]) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(part === this.map),
          on: {
            click: () => {
              for (const [, other] of tabs) other.hidden = other !== part;
              buttons.forEach((button, index) =>
                button.setAttribute("aria-pressed", String(tabs[index]![1] === part)),
              );
              floorField?.toggleAttribute("hidden", part !== this.map);
            },
          },
        },
        say(key),
      ),
    );
    const floorSelect = h(
      "select",
      { on: { change: () => this.map.setFloor(Number(floorSelect.value)) } },
      option("-1", say("all_floors")),
      floors.map((name, index) => option(String(index), name)),
    );
    const floorField = floors.length > 1 ? field(say("floor"), floorSelect) : null;
    return h(
      "section",
      { class: "picker", "aria-label": say("choose_seats") },
      h(
        "div",
        { class: "picker-tools" },
        h("div", { class: "segmented", role: "group", "aria-label": say("way_of_choosing") }, buttons),
        floorField,
        this.link,
      ),
      this.legend(),
      h("div", { class: "picker-stage" }, this.map, this.list.element),
      h("p", { class: "hint map-help" }, say("map_help")),
    );
  }

  private legend(): HTMLElement {
    const items = this.drawing.categories.map((category) => {
      const prices = this.pricesOf(category.key);
      const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
      this.swatches.push(swatch);
      return h(
        "li",
        {},
        swatch,
        h("span", {}, category.label || category.key),
        h("b", {}, () => range(prices)),
      );
    });
    return h(
      "ul",
      { class: "legend", "aria-label": say("prices") },
      items,
      h("li", {}, h("span", { class: "swatch taken", "aria-hidden": "true" }), say("taken")),
      h("li", {}, h("span", { class: "swatch held", "aria-hidden": "true" }), say("held_by_others")),
    );
  }

  pricesOf(category: string): { ticket_type: string; price: Money }[] {
    return this.event.prices.filter((price) => price.category === category);
  }

  indexOf(label: string): number {
    return this.byLabel.get(label) ?? -1;
  }
  statusOf(index: number): string {
    return this.status[index] ?? "k";
  }

  categoryOf(index: number): { key: string; label: string } {
    return this.drawing.categories[this.drawing.places.category[index]!]!;
  }

  /** "Stalls, row C, seat 11". */
  where(index: number): string {
    const { places, rows, sections } = this.drawing;
    const row = rows[places.row[index]!]!;
    const section = sections[row.section]?.label ?? "";
    const kind = places.kind[index] ?? "s";
    const seat = places.seat[index] ?? "";
    const parts = [section];
    if (kind !== "s")
      parts.push(t(kind === "t" ? "table_named" : "booth_named", { name: row.label || seat }));
    else {
      if (row.label) parts.push(t("row_named", { name: row.label }));
      if (seat) parts.push(t("seat_named", { name: seat }));
    }
    return parts.filter(Boolean).join(", ");
  }

  describe(index: number): string {
    const category = this.categoryOf(index);
    const words = [this.where(index), category.label || category.key];
    const status = this.status[index]!;
    if (this.chosen.has(index)) words.push(t("chosen"));
    if (status === "f" || this.chosen.has(index)) words.push(range(this.pricesOf(category.key)));
    else words.push(t(status === "h" ? "held_by_others" : "taken"));
    if (this.flags.accessible.has(index)) words.push(t("wheelchair_place"));
    if (this.flags.companion.has(index)) words.push(t("companion_seat"));
    if (this.flags.restricted.has(index)) words.push(t("restricted_view"));
    return words.filter(Boolean).join(" · ");
  }

  private get flags(): { accessible: Set<number>; companion: Set<number>; restricted: Set<number> } {
    const { accessible, companion, restricted_view } = this.drawing.places;
    return (this.flagSets ??= {
      accessible: new Set(accessible),
      companion: new Set(companion),
      restricted: new Set(restricted_view),
    });
  }
  private flagSets: { accessible: Set<number>; companion: Set<number>; restricted: Set<number> } | undefined;

  private canChoose(index: number): boolean {
    if (this.options.mode === "look") return true;
    if (this.locked || this.pending) return false;
    return (
      this.chosen.has(index) ||
      (this.status[index] === "f" &&
        this.pricesOf(this.categoryOf(index).key).length > 0 &&
        this.count < this.limit)
    );
  }

  get count(): number {
    return this.chosen.size + this.quantities.reduce((sum, quantity) => sum + quantity, 0);
  }

  toggle(index: number): void {
    if (this.options.mode === "look") return this.options.look?.(index);
    if (!this.chosen.delete(index)) this.chosen.add(index);
    this.show();
    this.options.changed();
  }

  private addToArea(area: number): void {
    if (this.options.mode === "look" || this.locked || this.pending) return;
    this.setQuantity(area, this.quantities[area]! + 1);
    this.options.changed();
  }

  /** Within what is free and what one hold may name. */
  setQuantity(area: number, quantity: number): void {
    const others = this.count - this.quantities[area]!;
    this.quantities[area] = Math.max(0, Math.min(quantity, this.areaFree[area]!, this.limit - others));
  }

  clear(): void {
    this.chosen.clear();
    this.quantities.fill(0);
    this.show();
    this.options.changed();
  }

  choose(labels: string[]): void {
    for (const label of labels) {
      const index = this.indexOf(label);
      if (index >= 0) this.chosen.add(index);
    }
    this.show();
  }

  /** While places are held nothing can be chosen; what is held is shown as chosen. */
  lock(labels: string[]): void {
    this.locked = true;
    this.chosen.clear();
    this.choose(labels);
  }
  unlock(): void {
    this.locked = false;
    this.chosen.clear();
    this.show();
  }

  /** While a request for a hold is on its way, a place that turns held is most likely our own. */
  async asking<T>(work: () => Promise<T>): Promise<T> {
    this.pending = true;
    try {
      return await work();
    } finally {
      this.pending = false;
      this.list.update();
    }
  }

  private show(): void {
    this.map.setChosen(this.chosen);
    this.list.update();
  }

  private apply(changes: Changes): void {
    const places = changes.places ?? [];
    const areas = (changes.areas ?? []).map(([area, free]): [number, number] => [area, free]);
    for (const [index, status] of places) this.status[index] = status;
    for (const [area, free] of areas) this.areaFree[area] = free;
    this.map.changeStatuses(places, areas);
    this.list.update(places.map(([index]) => index));
    this.dropLost();
    this.options.changed();
  }

  /** Lets go of chosen places that are no longer free. */
  dropLost(): void {
    if (this.locked || this.pending || this.options.mode === "look") return;
    const gone = [...this.chosen].filter((index) => this.status[index] !== "f");
    if (!gone.length) return;
    for (const index of gone) this.chosen.delete(index);
    this.show();
    this.options.lost(gone.map((index) => this.where(index)));
  }
}

/** "₴400–1,200", or one price. */
export function range(prices: readonly { price: Money }[]): string {
  const sorted = prices.map(({ price }) => price).sort((a, b) => Number(a.amount) - Number(b.amount));
  const least = sorted[0];
  const most = sorted.at(-1);
  if (!least || !most) return "";
  return Number(least.amount) === Number(most.amount) ? money(least) : `${money(least)} – ${money(most)}`;
}

export function priceList(event: EventDetails): HTMLElement {
  const names = event.ticket_types;
  return h(
    "div",
    { class: "table-frame" },
    h(
      "table",
      { class: "data" },
      h("caption", { class: "unseen" }, say("prices")),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, say("category")),
          names.map((name) => h("th", { scope: "col", class: "number" }, () => ticketType(name))),
        ),
      ),
      h(
        "tbody",
        {},
        event.categories.map((category) => {
          const cells = names.map(
            (name) =>
              event.prices.find((price) => price.category === category.key && price.ticket_type === name)
                ?.price,
          );
          return (
            cells.some(Boolean) &&
            h(
              "tr",
              {},
              h("th", { scope: "row" }, category.label || category.key),
              cells.map((price) => h("td", { class: "number" }, () => (price ? money(price) : "–"))),
            )
          );
        }),
      ),
    ),
  );
}
