import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAccess, fillBuyer, pick, shoot } from "./shop.mjs";

/** What takes its time, beside the others: in "short" a hold lasts five seconds. */
export function waitingTests(shop) {
  test("a hold runs out before the buyer's eyes, and the same seats can be held again", async () => {
    const page = await shop().page();
    await page.goto("/events/short");
    await pick(page, "Stalls-D-4");
    await page.getByRole("button", { name: /^Hold 1 place/ }).click();
    await page.locator(".countdown-clock", { hasText: /^0:0[0-5]$/ }).waitFor();
    await page.getByText("The time is up").waitFor();
    await shoot(page, "event-expired");
    await checkAccess(page, "the page after a hold ran out");
    await page.getByRole("button", { name: "Try to hold the same again" }).click();
    await page.getByText("Yours for", { exact: true }).waitFor();
    // And on the checkout.
    await page.getByRole("link", { name: "To checkout" }).click();
    await page.getByRole("heading", { name: "The time is up" }).waitFor();
    await page.getByRole("link", { name: "Choose again" }).click();
    await page.getByText("Nothing chosen yet").waitFor();
    await page.finish();
  });

  test("time runs out at the counter: the till is told so, and holds " +
    "again with what was typed of the buyer", async () => {
    const page = await shop().page({ key: await shop().makeKey("Slow counter", "box_office") });
    await page.goto("/box-office?event=till");
    await pick(page, "Stalls-C-5");
    await page.getByRole("button", { name: /^Hold 1 place/ }).click();
    await page.getByLabel("Ticket type for Stalls, row C, seat 5").selectOption("child");
    await page.getByText("Buyer and receipt").click();
    await page.getByLabel("Name", { exact: true }).fill("Taras");
    await page.getByText("Nothing is sold: hold them again").waitFor({ timeout: 30_000 });
    await shoot(page, "box-office-time-is-up");
    await page.getByRole("button", { name: "Try to hold the same again" }).click();
    await page.locator(".sum .total", { hasText: "₴615" }).waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Taras");
    // While the cashier looks elsewhere, too.
    await page.getByRole("button", { name: "Orders" }).click();
    await page.getByLabel("Find an order").waitFor();
    await shop().gone("till", "Stalls-C-5");
    await page.getByRole("button", { name: "Sell", exact: true }).click();
    await page.getByText("Nothing is sold: hold them again").waitFor({ timeout: 30_000 });
    await page.finish();
  });

  test("money that comes when the hold has ended is paid back, and the buyer is told", async () => {
    const page = await shop().page();
    await page.goto("/events/fight");
    await pick(page, "Stalls-D-9");
    await page.getByRole("button", { name: /^Hold 1 place/ }).click();
    await page.getByRole("link", { name: "To checkout" }).click();
    await page.locator(".sum .total").waitFor();
    await fillBuyer(page);
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByLabel("Seconds").fill("2");
    const hold = await page.evaluate(() => JSON.parse(sessionStorage.getItem("ticketcore.hold.fight")));
    await shop().ask("POST", `/v1/events/fight/holds/${hold.id}/release`, { token: hold.token, body: {} });
    await page.getByRole("button", { name: "Approve later" }).click();
    await page.getByRole("heading", { name: "Your money is on its way back" }).waitFor();
    await page.getByText("All of it, ₴1,215, was returned.").waitFor();
    await page.finish();
  });

  test("without the live feed the server's refusal says which seat is " +
    "gone; the feed is taken up again", async () => {
    const page = await shop().page();
    await page.route("**/changes", (route) => route.abort());
    await page.goto("/events/fight");
    await page.getByText("Connection lost").waitFor();
    await pick(page, "Stalls-B-7");
    await pick(page, "Stalls-B-8");
    await shop().sell("fight", ["Stalls-B-8"]);
    await page.getByRole("button", { name: /^Hold 2 places/ }).click();
    await page.getByText("Somebody was faster: Stalls, row B, seat 8").waitFor();
    // The other one is still chosen, and can be held.
    await page.getByRole("button", { name: /^Hold 1 place/ }).click();
    await page.getByText("Yours for", { exact: true }).waitFor();
    // Back again, the page sees what it missed.
    await page.unroute("**/changes");
    await page.getByText("Connection lost").waitFor({ state: "detached" });
    await page.waitForFunction(() => document.querySelector("seat-map").statusOf("Stalls-B-8") === "s");
    await page.finish();
  });
}
