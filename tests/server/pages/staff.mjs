import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chartFile, checkAccess, checkWidth, mapReady, pick, shoot } from "./shop.mjs";

export function staffTests(shop) {
  test("a key that the server doesn't know, or for something else, opens no counter", async () => {
    const page = await shop().page();
    await page.goto("/box-office");
    await page.getByLabel("API key").fill("tck_nobody_nothing");
    await checkAccess(page, "signing in");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("The server doesn’t know this key.").waitFor();
    await shoot(page, "sign-in");
    await page.getByLabel("API key").fill(await shop().makeKey("North gate", "gate"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("it takes one for: Box office").waitFor();
    await page.getByLabel("API key").fill(await shop().makeKey("Counter 1", "box_office"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Signed in").waitFor();
    assert.equal(
      await page.evaluate(() => Object.values(localStorage).some((value) => value.startsWith("tck_"))),
      false,
      "the key isn't kept beyond the tab",
    );
    await page.finish();
  });

  test("the counter sells for cash, finds the order, refunds a " +
    "ticket, and the place is free again", async () => {
    const page = await shop().page({ key: await shop().makeKey("Counter 2", "box_office") });
    await page.goto("/box-office?event=gala");
    await pick(page, "Stalls-H-9");
    await pick(page, "Stalls-H-10");
    await page.getByRole("button", { name: /^Hold 2 places/ }).click();
    await page.locator(".sum .total", { hasText: "₴2,430" }).waitFor();
    await page.getByText("Buyer and receipt").click();
    await page.getByLabel("Name", { exact: true }).fill("Ihor Kravets");
    await page.getByLabel("E-mail").fill("ihor@example.com");
    await checkAccess(page, "the counter");
    await shoot(page, "box-office-sell");
    await page.getByRole("button", { name: "Paid in cash" }).click();
    await page.locator(".notice.good", { hasText: /Sold: order \d+, ₴2,430/ }).waitFor();
    await page.getByRole("button", { name: "Orders" }).click();
    await page.getByLabel("Find an order").fill("Kravets");
    await page.getByRole("button", { name: "Search" }).click();
    const order = page.locator(".order-card", { hasText: "Ihor Kravets" });
    await page.waitForFunction(() => document.querySelectorAll(".order-card").length === 1);
    await checkAccess(page, "the orders");
    await shoot(page, "box-office-orders");
    await order.getByLabel(/Stalls-H-9/).check();
    page.once("dialog", (dialog) => dialog.accept());
    await order.getByRole("button", { name: "Refund chosen" }).click();
    await order.getByText("Partly refunded").waitFor();
    await order.getByLabel("Note for staff").fill("one is ill");
    await order.getByRole("button", { name: "Save note" }).click();
    await page.getByText("The note is saved.").waitFor();
    await shoot(page, "box-office-refunded");
    await page.getByRole("button", { name: "Search" }).click();
    await page.waitForFunction(() => document.querySelector(".order-note input")?.value === "one is ill");
    const { places } = await shop().ask("GET", "/v1/events/gala/availability");
    const { places: columns } = await shop().ask("GET", "/v1/events/gala/places");
    assert.equal(places[columns.labels.indexOf("Stalls-H-9")], "f");
    assert.equal(places[columns.labels.indexOf("Stalls-H-10")], "s");
    await page.finish();
  });

  test("what the counter holds is still there after a look at the " +
    "orders, with its tickets and its buyer", async () => {
    const page = await shop().page({ key: await shop().makeKey("Counter 5", "box_office") });
    await page.goto("/box-office?event=gala");
    await pick(page, "Stalls-D-5");
    await page.getByRole("button", { name: /^Hold 1 place/ }).click();
    await page.getByLabel("Ticket type for Stalls, row D, seat 5").selectOption("child");
    await page.locator(".sum .total", { hasText: "₴615" }).waitFor();
    await page.getByText("Buyer and receipt").click();
    await page.getByLabel("Name", { exact: true }).fill("Taras");
    for (const look of [() => page.getByRole("button", { name: "Seating" }).click(), () => page.reload()]) {
      await look();
      await page.getByRole("button", { name: "Sell", exact: true }).click();
      await page.locator(".sum .total", { hasText: "₴615" }).waitFor();
      assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Taras");
    }
    // Of another buyer nothing of this one is left.
    await page.getByRole("button", { name: "Let go and choose others" }).click();
    await pick(page, "Stalls-D-5");
    await page.getByRole("button", { name: /^Hold 1 place/ }).click();
    await page.locator(".sum .total", { hasText: "₴1,215" }).waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Box office" }).waitFor();
    assert.deepEqual(
      await page.evaluate(() => Object.keys(sessionStorage).filter((name) => name.includes("till"))),
      [],
    );
    await page.finish();
  });

  test("a sale whose answers were lost is the same sale when the button is pressed again", async () => {
    const page = await shop().page({ key: await shop().makeKey("Counter 6", "box_office") });
    await page.goto("/box-office?event=gala");
    const loseAnswers = async () => {
      await page.route("**/orders", async (route) => {
        if (route.request().method() !== "POST") return route.continue();
        await route.fetch();
        return route.abort();
      });
    };
    const sell = async (place) => {
      await pick(page, place);
      await page.getByRole("button", { name: /^Hold 1 place/ }).click();
      await page.locator(".sum .total").waitFor();
      await loseAnswers();
      await page.getByRole("button", { name: "Paid in cash" }).click();
      await page.locator(".counter .notice.bad", { hasText: "can’t be reached" }).waitFor();
      await page.unroute("**/orders");
    };
    await sell("Stalls-F-9");
    await page.getByRole("button", { name: "Paid in cash" }).click();
    await page.locator(".notice.good", { hasText: /Sold: order \d+, ₴1,215/ }).waitFor();
    // Pressed as something else it is no other sale: the one that there is, and how it was paid.
    await sell("Stalls-F-10");
    await page.getByRole("button", { name: "Paid by card" }).click();
    await page.locator(".notice", { hasText: /Sold already: order \d+, ₴1,215, in cash/ }).waitFor();
    await page.getByRole("link", { name: "Print tickets" }).waitFor();
    await shoot(page, "box-office-sold-already");
    await checkAccess(page, "the counter with what is sold already");
    // And when the page was loaded again before anything was pressed.
    await sell("Stalls-F-11");
    await page.reload();
    await page.locator(".notice", { hasText: /Sold already: order \d+/ }).waitFor();
    await page.finish();
  });

  test("who sits where is seen on the map and in the list", async () => {
    await shop().sell("gala", ["Stalls-I-6"], { name: "Maria Shevchuk", email: "maria@example.com" });
    const page = await shop().page({ key: await shop().makeKey("Counter 3", "box_office") });
    await page.goto("/box-office?event=gala");
    await page.getByRole("button", { name: "Seating" }).click();
    await pick(page, "Stalls-I-6");
    await page.locator(".who", { hasText: "Maria Shevchuk" }).waitFor();
    await page.getByRole("row", { name: /Stalls-I-6 .*Maria Shevchuk/ }).waitFor();
    await checkAccess(page, "the seating");
    await shoot(page, "box-office-seating");
    await page.finish();
  });

  test("the gate lets a ticket in once; the second scan shows when and where it was", async () => {
    const order = await shop().sell("gala", ["Stalls-I-1", "Stalls-I-2"]);
    const page = await shop().page({ key: await shop().makeKey("North gate", "gate") });
    await page.goto("/gate?event=gala");
    const gate = page.getByLabel("Name of this gate");
    await gate.fill("North gate");
    const code = page.getByLabel("Ticket code");
    await code.fill(order.tickets[0].code);
    await page.keyboard.press("Enter");
    await page.locator(".verdict.good", { hasText: "Stalls-I-1" }).waitFor();
    await shoot(page, "gate-good");
    await checkAccess(page, "the gate");
    // As a hand scanner does it: no click in between.
    assert.equal(
      await code.evaluate((element) => element === document.activeElement),
      true,
      "the field has kept the focus",
    );
    await page.keyboard.insertText(order.tickets[0].code);
    await page.keyboard.press("Enter");
    await page.locator(".verdict.bad", { hasText: "Already used" }).waitFor();
    const text = await page.locator(".verdict.bad").textContent();
    assert.match(text, /Stalls-I-1.*Let in .*\d\d:\d\d.*North gate/);
    await shoot(page, "gate-second");
    await checkAccess(page, "the gate with a refusal");
    await page.keyboard.insertText("no ticket at all");
    await page.keyboard.press("Enter");
    await page.locator(".verdict.bad", { hasText: "This is not one of our tickets." }).waitFor();
    await page.finish();
  });

  test('the gate says "not valid" of tickets alone; its own trouble ' +
    'and the server\'s is another colour', async () => {
    const order = await shop().sell("gala", ["Stalls-H-1", "Stalls-H-2"]);
    const made = await shop().ask("POST", "/v1/keys", {
      key: shop().adminKey,
      body: { name: "West gate", scopes: ["gate"] },
    });
    const page = await shop().page({ key: made.key });
    await page.goto("/gate?event=gala");
    const gate = page.getByLabel("Name of this gate");
    const code = page.getByLabel("Ticket code");
    const scan = async (text, tone, words) => {
      await code.fill(text);
      await page.keyboard.press("Enter");
      await page.locator(`.verdict.${tone}`, { hasText: words }).waitFor();
    };
    // 35 letters, 66 bytes: the name is told to be too long while it is typed, and no ticket is blamed for
    // it.
    const long = "Головний вхід, вулиця Володимирська";
    await gate.fill(long);
    await gate.blur();
    assert.equal(
      await gate.evaluate((input) => input.validationMessage),
      "At most 64 bytes; this has 66. A Cyrillic letter takes two.",
    );
    assert.equal(
      await page.evaluate(() => localStorage.getItem("ticketcore.gate")),
      null,
      "a name that can't be used isn't kept",
    );
    await scan(order.tickets[0].code, "again", "At most 64 bytes");
    await shoot(page, "gate-again");
    await checkAccess(page, "the gate in trouble");
    await gate.fill("Головний вхід");
    await scan(order.tickets[0].code, "good", "Stalls-H-1");
    await scan("x".repeat(1500), "bad", "This is not one of our tickets.");
    for (const status of [429, 500, 404, 422]) {
      const reason = {
        429: "rate_limited",
        500: "internal_error",
        404: "event_not_found",
        422: "request_reused",
      }[status];
      const answer = {
        status,
        contentType: "application/problem+json",
        body: JSON.stringify({ status, reason, detail: "so it is" }),
      };
      await page.route("**/scans", (route) => route.fulfill(answer));
      await scan(order.tickets[1].code, "again", "Try again");
      await page.unroute("**/scans");
    }
    await shop().ask("DELETE", `/v1/keys/${made.id}`, { key: shop().adminKey, status: 204 });
    await scan(order.tickets[1].code, "again", "The server doesn’t know this key.");
    await shoot(page, "gate-signed-out");
    assert.equal(await page.locator(".scan-log .bad").count(), 1);
    await page.locator(".verdict").getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("API key").waitFor();
    await page.finish();
  });

  test("the gate's camera reads the code off a ticket by script", async () => {
    const order = await shop().sell("gala", ["Stalls-I-4"]);
    const [ticket] = order.tickets;
    const film = join(shop().folder, "ticket.y4m");
    await filmTicket(shop(), `${ticket.svg}?token=${order.token}`, film);
    const browser = await shop().launch([
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      `--use-file-for-fake-video-capture=${film}`,
    ]);
    shop().browsers.push(browser);
    const page = await shop().page(
      { key: await shop().makeKey("Camera gate", "gate"), permissions: ["camera"] },
      browser,
    );
    // Where the browser has a detector of its own, the script must still be seen to work.
    await page.addInitScript(() => delete globalThis.BarcodeDetector);
    await page.goto("/gate?event=gala");
    await page.getByRole("button", { name: "Camera on or off" }).click();
    await page.locator(".verdict.good", { hasText: "Stalls-I-4" }).waitFor();
    await shoot(page, "gate-camera");
    await page.finish();
  });

  test("a phone is a gate, too", async () => {
    const page = await shop().page({
      key: await shop().makeKey("Phone gate", "gate"),
      viewport: { width: 360, height: 740 },
      deviceScaleFactor: 2,
      hasTouch: true,
      isMobile: true,
    });
    await page.goto("/gate?event=gala");
    await page.getByText("Ready to scan").waitFor();
    await checkWidth(page, "the gate");
    await shoot(page, "phone-gate");
    await page.finish();
  });

  test("the desk makes an event from a chart, prices it, and puts it on sale", async () => {
    const page = await shop().page({ key: shop().adminKey });
    await page.goto("/admin");
    const file = page.getByLabel("Chart of the house");
    await file.setInputFiles({
      name: "broken.json",
      mimeType: "application/json",
      buffer: Buffer.from(
        '{"format": "ticketcore/seat-map", "version": 1, "name": "X", "sections": [{"label": "A", ' +
          '"rows": [{}]}]}',
      ),
    });
    await page.locator(".problem-list li").first().waitFor();
    await shoot(page, "admin-problems");
    await file.setInputFiles(chartFile);
    await page.getByText("The chart “Opera House” is fine").waitFor();
    await mapReady(page);
    await page.getByLabel("Name of the event").fill("Лісова пісня");
    assert.equal(await page.getByLabel("Id in addresses").inputValue(), "lisova-pisnia");
    await page.getByLabel("Starts").fill("2035-05-20T19:00");
    await page.getByLabel("Time zone").fill("Atlantis/Poseidonis");
    assert.match(
      await page.getByLabel("Time zone").evaluate((input) => input.validationMessage),
      /Europe\/Kyiv/,
    );
    await page.getByLabel("Time zone").fill("America/New_York");
    await page.getByLabel("Stalls, Adult", { exact: true }).fill("900");
    await page.getByLabel("Stalls, Child", { exact: true }).fill("450,50");
    await page.getByLabel("Fee per ticket").fill("10");
    await checkAccess(page, "the desk");
    await shoot(page, "admin-new-event");
    await page.getByRole("button", { name: "Create event" }).click();
    await page.getByText("“Лісова пісня” is created.").waitFor();
    await page.getByRole("button", { name: "Put on sale: Лісова пісня" }).click();
    await page.getByRole("button", { name: "Take off sale: Лісова пісня" }).waitFor();
    const event = await shop().ask("GET", "/v1/events/lisova-pisnia");
    assert.equal(event.sale_status, "on_sale");
    // At seven in New York, where clocks are four hours behind UTC in May.
    assert.deepEqual([event.starts_at, event.time_zone], ["2035-05-20T23:00:00Z", "America/New_York"]);
    assert.deepEqual(
      event.prices.map(({ price }) => price.amount),
      ["900.00", "450.50"],
    );
    await page.finish();
  });

  test("what is over is not offered; the next performance comes first, " +
    "and an unknown event is no other one", async () => {
    const day = 24 * 3600 * 1000;
    const at = (days) => new Date(Date.now() + days * day).toISOString();
    await shop().makeEvent("a-old", { name: "Long past", starts_at: at(-40) });
    await shop().makeEvent("b-later", { name: "In a month", starts_at: at(30) });
    await shop().makeEvent("z-next", { name: "Already begun", starts_at: at(-1 / 24) });
    const buyer = await shop().page();
    await buyer.goto("/");
    await buyer.getByRole("link", { name: "Already begun" }).waitFor();
    const names = await buyer.locator(".event-card h2").allTextContents();
    assert.deepEqual(names.slice(0, 2), ["Already begun", "In a month"]);
    assert.equal(names.includes("Long past"), false);
    await buyer.finish();
    const page = await shop().page({ key: await shop().makeKey("Counter and gate", "box_office", "gate") });
    await page.goto("/box-office");
    await mapReady(page);
    const select = page.getByLabel("Event", { exact: true });
    assert.equal(await select.inputValue(), "z-next");
    assert.equal(await select.locator("optgroup").getAttribute("label"), "Over");
    assert.deepEqual(
      await select.locator("optgroup option").evaluateAll((all) => all.map(({ value }) => value)),
      ["a-old"],
    );
    for (const place of ["/box-office", "/gate"]) {
      await page.goto(`${place}?event=nope`);
      await page.getByText("There is no event “nope”").waitFor();
      assert.equal(await select.inputValue(), "");
    }
    await page.getByLabel("Ticket code").fill("anything");
    await page.keyboard.press("Enter");
    await page.locator(".verdict.again", { hasText: "Choose an event" }).waitFor();
    await page.goto("/box-office?event=nope");
    await page.getByRole("button", { name: "Orders" }).click();
    await shoot(page, "box-office-unknown-event");
    await checkAccess(page, "the counter with an unknown event");
    await select.selectOption("a-old");
    await page.getByLabel("Find an order").waitFor();
    assert.equal(await page.getByText("There is no event").count(), 0);
    assert.match(page.url(), /event=a-old/);
    await page.finish();
    const desk = await shop().page({ key: shop().adminKey });
    await desk.goto("/admin");
    await desk.getByRole("row", { name: /Long past.*Over/ }).waitFor();
    await desk.finish();
  });

  test("the desk changes a hall that sells, and says where those sit whose places go", async () => {
    const hall = (rows) => ({
      format: "ticketcore/seat-map",
      version: 1,
      name: `Studio ${rows}`,
      focal_point: { x: 0, y: 0 },
      categories: [{ key: "stalls", name: "Stalls", color: "#1B5E8C" }],
      sections: [
        {
          label: "Stalls",
          rows: [
            {
              labels: rows,
              category: "stalls",
              blocks: [10],
              line: { from: { x: 0, y: 100 }, step: { x: 20, y: 0 }, row_step: { x: 0, y: 25 } },
            },
          ],
        },
      ],
    });
    const body = {
      id: "studio",
      name: "Studio night",
      starts_at: "2035-03-14T17:00:00Z",
      seat_map: hall("A-F"),
      sale_status: "on_sale",
      prices: {
        currency: "UAH",
        lines: [{ category: "stalls", ticket_type: "adult", amount: "300.00" }],
      },
    };
    await shop().ask("POST", "/v1/events", { body, key: shop().adminKey });
    await shop().ask("POST", "/v1/events/studio/holds", { body: { places: ["Stalls-A-3"] } });
    const buyer = await shop().page();
    await buyer.goto("/events/studio");
    await mapReady(buyer);
    await pick(buyer, "Stalls-A-4");
    const page = await shop().page({ key: shop().adminKey });
    await page.goto("/admin");
    await page.getByRole("button", { name: "Change the hall: Studio night" }).click();
    const form = page.locator("form", { hasText: "Change the hall: Studio night" });
    await form.getByRole("button", { name: "Replace the chart" }).click();
    await form.getByText("Choose the new chart first.").waitFor();
    const path = join(shop().folder, "studio.json");
    writeFileSync(path, JSON.stringify(hall("B-G")));
    await form.getByLabel("Chart of the house").setInputFiles(path);
    await form.getByRole("button", { name: "Replace the chart" }).click();
    const instead = form.getByLabel("Instead of Stalls-A-3");
    await instead.waitFor();
    await checkAccess(page, "changing the hall");
    await shoot(page, "admin-change-hall");
    await instead.fill("Stalls-G-3");
    await form.getByRole("button", { name: "Replace the chart" }).click();
    await page.getByText("The hall of “Studio night” is changed: places 60, capacity 60.").waitFor();
    await page.finish();
    // The buyer's page begins anew with the map that there is.
    await buyer.waitForFunction(
      () => document.querySelector("seat-map")?.statusOf?.("Stalls-G-3") === "h",
      null,
      { timeout: 20_000 },
    );
    await pick(buyer, "Stalls-G-4");
    await shoot(buyer, "changed-hall");
    await buyer.finish();
  });

  test("a name is counted in bytes, and a chart as it is sent, " +
    "before the server has to refuse them", async () => {
    const page = await shop().page({ key: shop().adminKey });
    await page.goto("/admin");
    const file = page.getByLabel("Chart of the house");
    const chart = (bytes) => {
      const path = join(shop().folder, `${bytes}.json`);
      writeFileSync(path, `{"x":"${"x".repeat(bytes - 8)}"}`);
      return path;
    };
    const most = 8 * 1024 * 1024 - 64 * 1024;
    await file.setInputFiles(chart(most + 1));
    await page.getByText("The server takes charts of at most 7.9 MB").waitFor();
    // What the page lets pass the server reads: this one is told what is wrong with it.
    await file.setInputFiles(chart(most));
    await page.locator(".problem-list li").first().waitFor();
    await file.setInputFiles(chartFile);
    const name = page.getByLabel("Name of the event");
    await name.fill("Ой на горі два дубки, та й схилилися докупи, а я молода, зажурена");
    await name.evaluate((input) => input.form.requestSubmit());
    assert.match(await name.evaluate((input) => input.validationMessage), /At most 100 bytes; this has 11\d/);
    await shoot(page, "admin-name-too-long");
    await page.finish();
  });

  test("keys are made, shown once, and revoked", async () => {
    const page = await shop().page({ key: shop().adminKey });
    await page.goto("/admin");
    await page.getByLabel("Name", { exact: true }).fill("South gate");
    await page.getByLabel("Gate", { exact: true }).check();
    await page.getByRole("button", { name: "Make key" }).click();
    const key = await page.locator(".new-key").textContent();
    await shop().ask("GET", "/v1/me", { key });
    await shoot(page, "admin");
    page.once("dialog", (dialog) => dialog.accept());
    await page.getByRole("button", { name: "Revoke: South gate" }).click();
    await page.getByRole("row", { name: /South gate/ }).waitFor({ state: "detached" });
    await shop().ask("GET", "/v1/me", { key, status: 401 });
    await page.finish();
  });

  test("in the dark the staff's pages can be read, too", async () => {
    const page = await shop().page({ key: shop().adminKey, colorScheme: "dark" });
    for (const [address, ready] of [
      ["/box-office?event=gala", "Find the best seats"],
      ["/gate?event=gala", "Ready to scan"],
      ["/admin", "Make key"],
    ]) {
      await page.goto(address);
      await page.getByText(ready, { exact: true }).waitFor();
      await checkAccess(page, `${address} in the dark`);
      await shoot(page, `dark-${address.slice(1).replace(/\W.*/, "")}`);
    }
    await page.finish();
  });

  test("developers read the routes and try them", async () => {
    const page = await shop().page();
    await page.goto("/api");
    const route = page.locator("summary", { hasText: "/v1/events/{event}/availability" }).first();
    await route.waitFor();
    await checkAccess(page, "the page for developers");
    await shoot(page, "api", false);
    await route.click();
    const operation = page.locator("details.operation", { has: route });
    await operation.getByLabel(/^event/).fill("gala");
    await operation.getByRole("button", { name: "Send" }).click();
    await operation.locator(".answer", { hasText: "200" }).waitFor();
    await checkAccess(page, "a route tried");
    await shoot(page, "api-tried", false);
    await page.finish();
  });
}

/**
 * A film for a camera that isn't there: the ticket's picture, still, in the raw format that Chromium plays.
 */
async function filmTicket(shop, address, file) {
  const [width, height] = [640, 480];
  const page = await shop.page();
  await page.goto("/");
  const bytes = await page.evaluate(
    async ({ address, width, height }) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const context = canvas.getContext("2d");
      context.fillStyle = "#fff";
      context.fillRect(0, 0, width, height);
      const scale = Math.min(width / image.naturalWidth, height / image.naturalHeight);
      context.drawImage(
        image,
        (width - image.naturalWidth * scale) / 2,
        (height - image.naturalHeight * scale) / 2,
        image.naturalWidth * scale,
        image.naturalHeight * scale,
      );
      const { data } = context.getImageData(0, 0, width, height);
      let text = "";
      for (let at = 0; at < data.length; at += 4)
        text += String.fromCharCode(
          Math.round(16 + (219 / 255) * (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2])),
        );
      return btoa(text);
    },
    { address, width, height },
  );
  await page.finish();
  const frame = Buffer.concat([
    Buffer.from("FRAME\n"),
    Buffer.from(bytes, "base64"),
    Buffer.alloc((width * height) / 2, 128),
  ]);
  writeFileSync(
    file,
    Buffer.concat([
      Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`),
      ...Array(5).fill(frame),
    ]),
  );
}
