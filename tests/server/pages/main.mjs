// The pages in a browser, against the real server.

import { after, before, describe } from "node:test";
import { buyingTests } from "./buying.mjs";
import { Shop } from "./shop.mjs";
import { staffTests } from "./staff.mjs";

let shop;
before(async () => {
  shop = await Shop.open();
  await shop.makeEvent("gala");
  await shop.makeEvent("fight", { name: "The last seat" });
  await shop.makeEvent("short", { name: "In a hurry", policy: { hold_lifetime_seconds: 5 } });
});
after(() => shop?.close());

// Both at a time: much of either is waiting.
describe("the pages", { concurrency: 2 }, () => {
  describe("for buyers", () => buyingTests(() => shop));
  describe("for the staff", () => staffTests(() => shop));
});
