import { test } from "node:test";
import { checkAccess, fillBuyer, pick, shoot } from "./shop.mjs";

/** What takes its time, beside the others: here holds last five seconds. */
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

  test("money that comes after the hold ran out is paid back, and the buyer is told", async () => {
    const page = await shop().page();
    await page.goto("/events/short");
    await pick(page, "Stalls-D-9");
    await page.getByRole("button", { name: /^Hold 1 place/ }).click();
    await page.getByRole("link", { name: "To checkout" }).click();
    await page.locator(".sum .total").waitFor();
    await fillBuyer(page);
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByLabel("Seconds").fill("6");
    await page.getByRole("button", { name: "Approve later" }).click();
    await page.getByRole("heading", { name: "Waiting for the payment" }).waitFor();
    await page.getByRole("heading", { name: "The time is up" }).waitFor();
    await page.getByRole("heading", { name: "Your money is on its way back" }).waitFor();
    await page.getByText("All of it, ₴1,215, was returned.").waitFor();
    await page.finish();
  });
}
