// Which type of ticket each held place gets, and what that costs, line by line. Used at the checkout and at
// the counter.

import { path, post } from "./api";
import { h, option, replace } from "./dom";
import { money, number, say, t, ticketType } from "./i18n";
import type { NoticeBoard } from "./page";
import { placeText } from "./place-text";
import type { ChosenTickets, EventDetails, Hold, Quote, TicketChoice } from "./types";

export class TicketsChoice {
  readonly element = h("div", { class: "tickets-choice" });
  readonly quoteElement = h("div", { class: "quote", "aria-live": "polite" });
  quote: Quote | null = null;
  private readonly types: string[];
  private readonly areaTypes: Map<string, number>[];
  private round = 0;
  private latest: Promise<void> = Promise.resolve();

  constructor(
    private readonly event: EventDetails,
    private readonly hold: Hold,
    private readonly board: NoticeBoard,
    private readonly key?: string,
    before?: ChosenTickets,
    private readonly chosen: (tickets: ChosenTickets) => void = () => undefined,
  ) {
    this.types = hold.places.map(
      ({ category }, index) => before?.types[index] ?? this.typesOf(category)[0] ?? "",
    );
    this.areaTypes = hold.areas.map((_, index) => new Map(before?.areas[index]));
    replace(
      this.element,
      h(
        "ul",
        { class: "ticket-lines" },
        hold.places.map((_, index) => this.placeLine(index)),
        hold.areas.map((_, index) => this.areaLine(index)),
      ),
    );
    this.ask();
  }

  private typesOf(category: string): string[] {
    return this.event.ticket_types.filter((type) =>
      this.event.prices.some((price) => price.category === category && price.ticket_type === type),
    );
  }

  private priceText(category: string, type: string): string {
    const price = this.event.prices.find(
      (one) => one.category === category && one.ticket_type === type,
    )?.price;
    return price ? `${ticketType(type)} · ${money(price)}` : ticketType(type);
  }

  private categoryName(key: string): string {
    return this.event.categories.find((category) => category.key === key)?.label || key;
  }

  private placeLine(index: number): HTMLElement {
    const place = this.hold.places[index]!;
    const select = h(
      "select",
      {
        "aria-label": () => t("ticket_type_for", { name: placeText(place) }),
        on: {
          change: () => {
            this.types[index] = select.value;
            this.ask();
          },
        },
      },
      this.typesOf(place.category).map((type) =>
        option(type, () => this.priceText(place.category, type), type === this.types[index]),
      ),
    );
    return h(
      "li",
      {},
      h(
        "div",
        {},
        h("b", {}, () => placeText(place)),
        h("span", { class: "muted" }, this.categoryName(place.category)),
      ),
      select,
    );
  }

  private areaLine(index: number): HTMLElement {
    const { area, quantity, category } = this.hold.areas[index]!;
    const [, ...others] = this.typesOf(category);
    const chosen = this.areaTypes[index]!;
    const inputs = others.map((type) => {
      const input = h("input", {
        type: "number",
        min: 0,
        max: quantity,
        value: chosen.get(type) ?? 0,
        inputmode: "numeric",
        "aria-label": () => `${area}: ${ticketType(type)}`,
        on: {
          change: () => {
            const rest =
              quantity - [...chosen].reduce((sum, [other, count]) => sum + (other === type ? 0 : count), 0);
            const count = Math.max(0, Math.min(rest, Math.floor(Number(input.value)) || 0));
            input.value = String(count);
            chosen.set(type, count);
            this.ask();
          },
        },
      });
      return h(
        "label",
        { class: "of-which" },
        h("span", {}, () => t("of_which", { type: this.priceText(category, type) })),
        input,
      );
    });
    return h(
      "li",
      {},
      h(
        "div",
        {},
        h("b", {}, () => `${area} × ${number(quantity)}`),
        h("span", { class: "muted" }, this.categoryName(category)),
      ),
      h("div", { class: "of-which-list" }, inputs),
    );
  }

  /** In the hold's order, runs of the same type together. */
  private choices(): TicketChoice[] {
    const choices: TicketChoice[] = [];
    const add = (ticket_type: string, category: string, count: number) => {
      const last = choices.at(-1);
      if (count === 0) return;
      if (last?.ticket_type === ticket_type && last.category === category) last.count += count;
      else choices.push({ ticket_type, category, count });
    };
    this.hold.places.forEach(({ category }, index) => add(this.types[index]!, category, 1));
    this.hold.areas.forEach(({ category, quantity }, index) => {
      const others = [...this.areaTypes[index]!];
      add(
        this.typesOf(category)[0] ?? "",
        category,
        quantity - others.reduce((sum, [, count]) => sum + count, 0),
      );
      for (const [type, count] of others) add(type, category, count);
    });
    return choices;
  }

  private ask(): void {
    this.chosen({ types: this.types, areas: this.areaTypes.map((types) => [...types]) });
    const round = ++this.round;
    this.quote = null;
    this.quoteElement.setAttribute("aria-busy", "true");
    // One after another: the hold's price is the one of the quote that came last.
    this.latest = this.latest.then(async () => {
      if (round !== this.round) return;
      try {
        const quote = await post<Quote>(path`/v1/events/${this.hold.event}/holds/${this.hold.id}/quote`, {
          body: { choices: this.choices() },
          token: this.hold.token,
          key: this.key,
        });
        if (round !== this.round) return;
        this.quote = quote;
        this.draw(quote);
      } catch (error) {
        if (round === this.round) this.board.problem(error);
      } finally {
        if (round === this.round) this.quoteElement.removeAttribute("aria-busy");
      }
    });
  }

  /** The quote that stands once the last change is answered; null when there is none. */
  async settled(): Promise<Quote | null> {
    await this.latest;
    return this.quote;
  }

  private draw(quote: Quote): void {
    replace(
      this.quoteElement,
      quoteTable(quote, (category) => this.categoryName(category)),
    );
  }
}

const some = (amount: string): boolean => Number(amount) !== 0;

export function quoteTable(quote: Quote, categoryName: (key: string) => string): HTMLElement {
  const line = (name: () => string, amount: () => string, className = "") =>
    h("tr", { class: className }, h("th", { scope: "row" }, name), h("td", { class: "number" }, amount));
  return h(
    "table",
    { class: "sum" },
    h("caption", { class: "unseen" }, say("what_it_costs")),
    h(
      "tbody",
      {},
      quote.lines.map(({ category, ticket_type, count, unit_price, amount }) =>
        line(
          () =>
            `${number(count)} × ${ticketType(ticket_type)}, ${categoryName(category)}` +
            (count > 1 ? ` (${money(unit_price)})` : ""),
          () => money(amount),
        ),
      ),
      some(quote.ticket_fees.amount) &&
        line(
          () => t("ticket_fees"),
          () => money(quote.ticket_fees),
        ),
      some(quote.order_fee.amount) &&
        line(
          () => t("order_fee"),
          () => money(quote.order_fee),
        ),
    ),
    h(
      "tfoot",
      {},
      line(
        () => t("total"),
        () => money(quote.total),
        "total",
      ),
      some(quote.tax.amount) &&
        line(
          () => t("tax_included"),
          () => money(quote.tax),
          "tax",
        ),
    ),
  );
}
