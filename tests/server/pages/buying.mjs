import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAccess, checkWidth, fillBuyer, mapReady, pick, shoot } from "./shop.mjs";

export function buyingTests(shop) {
  test("two seats picked on the map are bought, one of them for a " +
    "child, and the tickets have their codes", async () => {
    const page = await shop().page();
    await page.goto("/");
    await page.getByRole("link", { name: "Gala night", exact: true }).waitFor();
    await checkAccess(page, "the list of events");
    await shoot(page, "events");
    await page.getByRole("link", { name: "Gala night", exact: true }).click();
    await mapReady(page);
    await checkAccess(page, "the event's page");
    await shoot(page, "event");
    await pick(page, "Stalls-C-11");
    await page.getByText("Stalls, row C, seat 11", { exact: true }).waitFor();
    await pick(page, "Stalls-C-12");
    await page.getByRole("button", { name: /^Hold 2 places/ }).click();
    await page.getByText("Yours for", { exact: true }).waitFor();
    await mapReady(page);
    await checkAccess(page, "the event's page with a hold");
    await shoot(page, "event-held");
    await page.getByRole("link", { name: "To checkout" }).click();
    await page.getByLabel("Ticket type for Stalls, row C, seat 12").selectOption("child");
    await page.locator(".sum .total", { hasText: "₴1,830" }).waitFor();
    await fillBuyer(page);
    await checkAccess(page, "the checkout");
    await shoot(page, "checkout");
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
    await checkAccess(page, "the provider's page");
    await shoot(page, "provider");
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.waitForURL(/\/orders\/gala\/[^?]+\?token=/);
    await page.getByRole("heading", { name: /^Order \d+/ }).waitFor();
    const images = page.locator("img.ticket-image");
    assert.equal(await images.count(), 2);
    await page.waitForFunction(() =>
      [...document.querySelectorAll("img.ticket-image")].every(
        (image) => image.complete && image.naturalWidth > 0,
      ),
    );
    await checkAccess(page, "the order");
    await checkWidth(page, "the order");
    await shoot(page, "order");
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".site-header").isVisible(), false, "the header isn't printed");
    assert.equal(await images.first().isVisible(), true, "the codes are printed");
    await shoot(page, "order-print");
    await page.finish();
  });

  test("four seats side by side are found by the house and bought", async () => {
    const page = await shop().page();
    await page.goto("/events/gala");
    await page.getByLabel("How many").fill("4");
    await page.getByLabel("Category").selectOption("balcony-1");
    await page.getByRole("button", { name: "Find the best seats" }).click();
    await page.getByText("Yours for", { exact: true }).waitFor();
    const places = await page.locator(".holding .basket-list b").allTextContents();
    assert.equal(places.length, 4);
    const seats = places.map((text) => /^First balcony, row (\w+), seat (\d+)$/.exec(text));
    assert.equal(new Set(seats.map((seat) => seat[1])).size, 1, `one row: ${places}`);
    const numbers = seats.map((seat) => Number(seat[2])).sort((a, b) => a - b);
    assert.equal(numbers[3] - numbers[0], 3, `side by side: ${places}`);
    await page.getByRole("link", { name: "To checkout" }).click();
    await page.locator(".sum .total", { hasText: "₴2,460" }).waitFor();
    await fillBuyer(page);
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByRole("heading", { name: /^Order \d+/ }).waitFor();
    assert.equal(await page.locator("li.ticket").count(), 4);
    await page.finish();
  });

  test("a wheelchair place and standing room are found, too", async () => {
    const page = await shop().page();
    await page.goto("/events/gala");
    await page.getByLabel("How many").fill("1");
    await page.getByLabel("In a wheelchair").fill("1");
    await page.getByRole("button", { name: "Find the best seats" }).click();
    await page.locator(".holding", { hasText: "Stalls, row W" }).waitFor();
    await page.getByRole("button", { name: "Let go and choose others" }).click();
    const more = page.getByRole("button", { name: /^One more for/ }).first();
    await more.click();
    await more.click();
    await page.getByRole("button", { name: /^Hold 2 places/ }).click();
    await page.getByText("Yours for", { exact: true }).waitFor();
    await page.locator(".holding .basket-list", { hasText: "× 2" }).waitFor();
    await page.getByRole("link", { name: "To checkout" }).click();
    await page.getByLabel(/Child$/).fill("1");
    await page.getByLabel(/Child$/).blur();
    await page.locator(".sum .total", { hasText: "₴330" }).waitFor();
    await page.finish();
  });

  test("two browsers want one seat: one gets it, the other is told at once", async () => {
    const [first, second] = await Promise.all([shop().page(), shop().page()]);
    await Promise.all([first.goto("/events/fight"), second.goto("/events/fight")]);
    for (const page of [first, second]) {
      await pick(page, "Stalls-A-5");
      await page.getByText("Stalls, row A, seat 5", { exact: true }).waitFor();
    }
    // Pressed without waiting for the button to be ready: the slower one may have been told already, and then
    // pressing does nothing.
    await Promise.all(
      [first, second].map((page) =>
        page.locator(".chosen-card > .button").evaluate((button) => button.click()),
      ),
    );
    const held = (page) =>
      page
        .getByText("Yours for", { exact: true })
        .waitFor()
        .then(() => "held");
    const told = (page) =>
      page
        .getByText("Somebody was faster")
        .waitFor()
        .then(() => "told");
    const outcomes = await Promise.all([first, second].map((page) => Promise.race([held(page), told(page)])));
    assert.deepEqual([...outcomes].sort(), ["held", "told"]);
    await shoot(outcomes[0] === "told" ? first : second, "event-taken");
    // The one that waits sees the seat come free again.
    const [winner, loser] = outcomes[0] === "held" ? [first, second] : [second, first];
    await winner.getByRole("button", { name: "Let go and choose others" }).click();
    await loser.waitForFunction(async () => {
      const map = document.querySelector("seat-map");
      return map.statusOf("Stalls-A-5") === "f";
    });
    await first.finish();
    await second.finish();
  });

  test("who asks for more together than there are is told how many there are", async () => {
    const page = await shop().page();
    await page.goto("/events/gala");
    const ask = async (count, wheelchairs, words) => {
      await page.getByLabel("How many").fill(count);
      await page.getByLabel("In a wheelchair").fill(wheelchairs);
      await page.getByRole("button", { name: "Find the best seats" }).click();
      await page.locator(".notice.bad", { hasText: words }).waitFor();
    };
    await page.getByLabel("Category").selectOption("box");
    const best = { count: 40, categories: ["box"] };
    const { available } = await shop().ask("POST", "/v1/events/gala/holds", { body: { best }, status: 409 });
    await ask("40", "0", `at most ${available} together`);
    await shoot(page, "event-not-together");
    await ask("40", "20", "places for wheelchairs among them (20)");
    await page.finish();
  });

  test("a seat chosen but not yet held falls out of the basket when another takes it", async () => {
    const page = await shop().page();
    await page.goto("/events/fight");
    await pick(page, "Stalls-B-3");
    await page.getByText("Stalls, row B, seat 3", { exact: true }).waitFor();
    await shop().sell("fight", ["Stalls-B-3"]);
    await page.getByText("Somebody was faster: Stalls, row B, seat 3").waitFor();
    await page.getByText("Nothing chosen yet").waitFor();
    await page.finish();
  });

  test("a declined card costs nothing, and the next one is taken for the same seats", async () => {
    const page = await shop().page();
    await page.goto("/events/gala");
    await pick(page, "Stalls-E-7");
    await page.getByRole("button", { name: /^Hold 1 place/ }).click();
    await page.getByRole("link", { name: "To checkout" }).click();
    await page.locator(".sum .total").waitFor();
    await fillBuyer(page, "Taras Bondar", "taras@example.com");
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByRole("button", { name: "Decline" }).click();
    await page.getByText("The bank declined the payment").waitFor();
    await shoot(page, "checkout-declined");
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Taras Bondar");
    await page.locator(".sum .total").waitFor();
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByRole("heading", { name: /^Order \d+/ }).waitFor();
    await page.finish();
  });

  test('a buyer who has paid and comes back to the checkout by its address gets the order, never "nothing ' +
    'was charged"', async () => {
    const page = await shop().page();
    await page.goto("/events/gala");
    await pick(page, "Stalls-G-5");
    await page.getByRole("button", { name: /^Hold 1 place/ }).click();
    await page.getByRole("link", { name: "To checkout" }).click();
    await page.locator(".sum .total").waitFor();
    const checkout = page.url();
    await fillBuyer(page);
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
    const kept = await page.evaluate(() => ({ ...sessionStorage }));
    const [, payment] = /\/pay\/([^?]+)/.exec(page.url());
    await shop().ask("POST", `/pay/${payment}/decision`, { body: { decision: "approve" } });
    await page.goto(checkout);
    await page.getByRole("heading", { name: /^Order \d+/ }).waitFor();
    // And again, when this tab has let go of the hold.
    await page.goto(checkout);
    await page.getByRole("heading", { name: /^Order \d+/ }).waitFor();
    // Who knows the hold and not its payment is told that the places are bought.
    const other = await shop().page();
    await other.goto("/");
    await other.evaluate((all) => {
      for (const [name, value] of Object.entries(all))
        if (!name.startsWith("ticketcore.payment.")) sessionStorage.setItem(name, value);
    }, kept);
    await other.goto(checkout);
    await other.getByRole("heading", { name: "These places are bought" }).waitFor();
    await checkAccess(other, "the checkout of what is bought");
    await shoot(other, "checkout-bought");
    // And who knows neither isn't told what nobody can know.
    const stranger = await shop().page();
    await stranger.goto(checkout);
    await stranger.getByRole("heading", { name: "These places are not held here" }).waitFor();
    await shoot(stranger, "checkout-stranger");
    for (const one of [page, other, stranger]) {
      assert.doesNotMatch(await one.locator("main").innerText(), /nothing was charged/i);
      await one.finish();
    }
  });

  test("everything up to the hold works by keyboard alone, in the list", async () => {
    const page = await shop().page();
    await page.goto("/events/gala");
    await page.getByRole("button", { name: "List" }).focus();
    await page.keyboard.press("Enter");
    const section = page.locator("summary", { hasText: "Stalls" }).first();
    await section.focus();
    await page.keyboard.press("Enter");
    const seat = page.getByRole("button", { name: /^Stalls, row J, seat 1 ·/ });
    await seat.waitFor();
    await shoot(page, "event-list", false);
    await checkAccess(page, "the list of seats");
    await seat.focus();
    await page.keyboard.press("Space");
    assert.equal(await seat.getAttribute("aria-pressed"), "true");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Stalls, row J, seat 2", { exact: true }).waitFor();
    const taken = page.getByRole("button", { name: /^Stalls, row C, seat 11 · .*Taken/ });
    assert.equal(await taken.getAttribute("aria-disabled"), "true");
    await page.getByRole("button", { name: /^Hold 2 places/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("Yours for", { exact: true }).waitFor();
    await page.finish();
  });

  test("the map itself is walked by arrows and chosen from by Enter", async () => {
    const page = await shop().page();
    await page.goto("/events/gala");
    await mapReady(page);
    await page.locator("seat-map canvas").focus();
    await page.keyboard.press("ArrowDown");
    const voice = page.locator("seat-map .unseen");
    await page.waitForFunction(() => document.querySelector("seat-map .unseen").textContent !== "");
    const before = await voice.textContent();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(
      (text) => document.querySelector("seat-map .unseen").textContent !== text,
      before,
    );
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /^Hold 1 place/ }).waitFor();
    await page.finish();
  });

  test("the pages speak Ukrainian to a Ukrainian browser, switch at once, and remember", async () => {
    const page = await shop().page({ locale: "uk-UA" });
    await page.goto("/events/gala");
    await page.getByRole("heading", { name: "Найкращі місця" }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "uk");
    await pick(page, "Stalls-F-3");
    await page.getByText("Stalls, ряд F, місце 3", { exact: true }).waitFor();
    await page.getByRole("button", { name: /^Притримати 1 місце/ }).waitFor();
    await shoot(page, "event-uk");
    await checkAccess(page, "the event's page in Ukrainian");
    await page.getByRole("button", { name: "EN – English" }).click();
    await page.getByRole("heading", { name: "Best available" }).waitFor();
    await page.getByText("Stalls, row F, seat 3", { exact: true }).waitFor();
    await page.getByRole("button", { name: /^Hold 1 place/ }).waitFor();
    await page.goto("/");
    await page.getByRole("heading", { name: "What’s on" }).waitFor();
    await page.finish();
  });

  test("a phone of 360 px shows all of it, and buys by finger", async () => {
    const page = await shop().page({
      viewport: { width: 360, height: 740 },
      deviceScaleFactor: 2,
      hasTouch: true,
      isMobile: true,
    });
    await page.goto("/");
    await page.getByRole("link", { name: "Gala night", exact: true }).waitFor();
    await checkWidth(page, "the list of events");
    await shoot(page, "phone-events");
    await page.goto("/events/gala");
    await mapReady(page);
    await checkWidth(page, "the event's page");
    await shoot(page, "phone-event");
    // The first touch of a seat too small to hit comes nearer, the next one chooses.
    const map = page.locator("seat-map");
    const touch = async () => {
      await mapReady(page);
      const at = await map.evaluate((element) => element.positionOf("Stalls-G-15"));
      await map.locator("canvas").tap({ position: { x: at.x, y: at.y } });
    };
    await touch();
    await mapReady(page);
    assert.ok(
      (await map.evaluate((element) => element.positionOf("Stalls-G-15"))).radius >= 8,
      "the touch came nearer",
    );
    await touch();
    await page.getByRole("button", { name: /^Hold 1 place/ }).waitFor();
    await shoot(page, "phone-event-chosen", false);
    await page.getByRole("button", { name: /^Hold 1 place/ }).tap();
    await page.getByText("Yours for", { exact: true }).waitFor();
    await shoot(page, "phone-event-held", false);
    await page.getByRole("link", { name: "To checkout" }).tap();
    await page.locator(".sum .total").waitFor();
    await checkWidth(page, "the checkout");
    await checkAccess(page, "the checkout on a phone");
    await shoot(page, "phone-checkout");
    await fillBuyer(page);
    await page.getByRole("button", { name: "Pay" }).tap();
    await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
    await checkWidth(page, "the provider's page");
    await shoot(page, "phone-provider");
    await page.getByRole("button", { name: "Approve", exact: true }).tap();
    await page.getByRole("heading", { name: /^Order \d+/ }).waitFor();
    await page.waitForFunction(() =>
      [...document.querySelectorAll("img.ticket-image")].every(
        (image) => image.complete && image.naturalWidth > 0,
      ),
    );
    await checkWidth(page, "the order");
    await shoot(page, "phone-order");
    await page.finish();
  });

  test("in the dark all can be read, too", async () => {
    const page = await shop().page({ colorScheme: "dark" });
    for (const [address, name] of [
      ["/", "events"],
      ["/events/gala", "event"],
    ]) {
      await page.goto(address);
      await page.getByRole("heading", { level: 1 }).waitFor();
      if (name === "event") await mapReady(page);
      await checkAccess(page, `${name} in the dark`);
      await shoot(page, `dark-${name}`);
    }
    await page.finish();
  });

  test("an address that leads nowhere says so", async () => {
    const page = await shop().page();
    await page.goto("/events/nowhere");
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    await page.goto("/orders/gala/0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000?token=AAAA");
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    await page.finish();
  });
}
