// What the tests stand on: a server with a database of its own, a browser, and a way to ask both.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { CHROMIUM, SERVER, WEB, CHART, OUT } = process.env;
for (const [name, value] of Object.entries({ CHROMIUM, SERVER, WEB, CHART, OUT }))
  if (!value) throw new Error(`${name} isn't set; run.sh does that`);

export const chartFile = CHART;
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const patience = 10_000;

mkdirSync(OUT, { recursive: true });

export class Shop {
  static async open() {
    const shop = new Shop();
    shop.folder = mkdtempSync(join(tmpdir(), "ticketcore-pages-"));
    const keyFile = join(shop.folder, "admin.key");
    shop.process = spawn(
      SERVER,
      [
        "--storage",
        `sqlite:///${join(shop.folder, "shop.db")}`,
        "--port",
        "0",
        "--web",
        WEB,
        "--admin-key-file",
        keyFile,
        "--rate-limit",
        "0",
        "--open-places-per-address",
        "0",
        "--fake-payments",
        "--time-zone",
        "Europe/Kyiv",
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const lines = createInterface({ input: shop.process.stdout });
    shop.address = await new Promise((ready, failed) => {
      lines.on(
        "line",
        (line) => line.startsWith("listening on ") && ready(line.slice("listening on ".length).trim()),
      );
      shop.process.on("exit", (code) =>
        failed(new Error(`the server ended with ${code} before it listened`)),
      );
    });
    shop.adminKey = readFileSync(keyFile, "utf8").trim();
    shop.chart = JSON.parse(readFileSync(CHART, "utf8"));
    shop.browsers = [await shop.launch()];
    return shop;
  }

  async launch(more = []) {
    return chromium.launch({ executablePath: CHROMIUM, args: [...quiet, ...more] });
  }

  async close() {
    for (const browser of this.browsers) await browser.close();
    const ended = new Promise((done) => this.process.on("exit", done));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true });
  }

  async ask(method, path, { body, key, token, status = [200, 201] } = {}) {
    const response = await fetch(this.address + path, {
      method,
      headers: {
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(method === "POST" ? { "Idempotency-Key": randomUUID() } : {}),
        ...(key ? { Authorization: `Bearer ${key}` } : {}),
        ...(token ? { "X-Access-Token": token } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    assert.ok([status].flat().includes(response.status), `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async makeEvent(
    id,
    { name = "Gala night", policy = {}, sale_status = "on_sale", starts_at = "2035-02-14T17:00:00Z" } = {},
  ) {
    const amounts = {
      stalls: 1200,
      "stalls-rear": 800,
      box: 1500,
      "balcony-1": 600,
      "balcony-2": 400,
      gallery: 200,
    };
    const lines = Object.entries(amounts).flatMap(([category, amount]) => [
      { category, ticket_type: "adult", amount: `${amount}.00` },
      { category, ticket_type: "child", amount: `${amount / 2}.00` },
    ]);
    return this.ask("POST", "/v1/events", {
      key: this.adminKey,
      body: {
        id,
        name,
        starts_at,
        seat_map: this.chart,
        prices: { currency: "UAH", lines, fees: { per_ticket: "15.00", tax_basis_points: 2000 } },
        policy,
        sale_status,
      },
    });
  }

  async makeKey(name, ...scopes) {
    return (await this.ask("POST", "/v1/keys", { key: this.adminKey, body: { name, scopes } })).key;
  }

  /** An order without a browser. */
  async sell(event, places, buyer = { name: "Olena Petrenko", email: "olena@example.com" }) {
    const hold = await this.ask("POST", `/v1/events/${event}/holds`, {
      key: this.adminKey,
      body: { places },
    });
    const choices = hold.places.map(({ category }) => ({ ticket_type: "adult", count: 1, category }));
    await this.ask("POST", `/v1/events/${event}/holds/${hold.id}/quote`, {
      token: hold.token,
      body: { choices },
    });
    return this.ask("POST", `/v1/events/${event}/holds/${hold.id}/orders`, {
      key: this.adminKey,
      body: { payment: { method: "card", reference: `terminal-${hold.id}` }, buyer },
    });
  }

  /** When nobody holds the place any more. */
  async gone(event, label) {
    const { places: columns } = await this.ask("GET", `/v1/events/${event}/places`);
    const at = columns.labels.indexOf(label);
    for (;;) {
      const { places } = await this.ask("GET", `/v1/events/${event}/availability`);
      if (places[at] === "f") return;
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  /** A page of a browser of its own: nothing is shared with others. */
  async page(options = {}, browser = this.browsers[0]) {
    const context = await browser.newContext({
      locale: "en-GB",
      timezoneId: "Europe/Kyiv",
      viewport: { width: 1280, height: 860 },
      baseURL: this.address,
      ...options,
    });
    context.setDefaultTimeout(patience);
    if (options.key)
      await context.addInitScript((key) => sessionStorage.setItem("ticketcore.key", key), options.key);
    const page = await context.newPage();
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("console", (message) => {
      // An answer such as 409 is logged as an error, too; it's what the test asked for.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        wrong.push(message.text());
    });
    page.finish = async () => {
      assert.deepEqual(wrong, [], "the page complained");
      await context.close();
    };
    return page;
  }
}

/** Fails for what keeps people out. */
export async function checkAccess(page, name) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, help, nodes }) =>
          `${id}: ${help}: ${nodes
            .map(({ html }) => html)
            .slice(0, 3)
            .join(" ")}`,
      );
  });
  assert.deepEqual(found, [], `${name} keeps people out`);
}

/** Nothing sticks out to the side. */
export async function checkWidth(page, name) {
  const { wide, room } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    room: document.documentElement.clientWidth,
  }));
  assert.ok(wide <= room, `${name} is ${wide} px wide in a window of ${room}`);
}

export async function shoot(page, name, fullPage = true) {
  await page.screenshot({ path: join(OUT, `${name}.png`), fullPage });
}

export async function mapReady(page) {
  await page.waitForFunction(() => document.querySelector("seat-map")?.settled);
}

export async function fillBuyer(page, name = "Olena Petrenko", email = "olena@example.com") {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("E-mail").fill(email);
}

/** Clicks the seat on the map. */
export async function pick(page, label) {
  await mapReady(page);
  const map = page.locator("seat-map");
  const at = await map.evaluate((element, wanted) => element.positionOf(wanted), label);
  assert.ok(at, `${label} is on the map`);
  await map.locator("canvas").click({ position: { x: at.x, y: at.y } });
}
