// The pages in a browser, against the real server.

import { after, before, describe } from "node:test";
import { buyingTests } from "./buying.mjs";
import { Shop } from "./shop.mjs";
import { staffTests } from "./staff.mjs";
import { waitingTests } from "./waiting.mjs";

let shop;
before(async () => {
  shop = await Shop.open();
  await shop.makeEvent("gala");
  await shop.makeEvent("fight", { name: "The last seat" });
  // Time to type in on a busy machine, too.
  await shop.makeEvent("till", { name: "At the till", policy: { hold_lifetime_seconds: 15 } });
  await shop.makeEvent("short", { name: "In a hurry", policy: { hold_lifetime_seconds: 5 } });
});
after(() => shop?.close());

// All at a time: much of each is waiting.
describe("the pages", { concurrency: 3 }, () => {
  describe("for buyers", () => buyingTests(() => shop));
  describe("for buyers who take their time", () => waitingTests(() => shop));
  describe("for the staff", () => staffTests(() => shop));
});
