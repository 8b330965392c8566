// The language of the page: texts from the dictionary, dates and money by Intl. Texts made by say() follow a
// switch of language at once.

import { dictionary, type Plural } from "./dictionary";
import type { Money } from "./types";

export type Language = "en" | "uk";
export type Key = keyof typeof dictionary;
export type Values = Record<string, string | number>;
/** A text that is made anew when the language changes. */
export type Live = () => string;

const memory = "ticketcore.language";
const locales: Record<Language, string> = { en: "en-GB", uk: "uk-UA" };

function firstLanguage(): Language {
  const kept = localStorage.getItem(memory);
  if (kept === "en" || kept === "uk") return kept;
  const known = navigator.languages
    .map((tag) => tag.slice(0, 2).toLowerCase())
    .find((tag) => tag === "en" || tag === "uk");
  return known === "uk" ? "uk" : "en";
}

let current = firstLanguage();
document.documentElement.lang = current;

const followers: { node: WeakRef<object>; update: (node: never) => void }[] = [];

/** Calls update(node) now and after each switch, for as long as the node lives. */
export function follow<T extends object>(node: T, update: (node: T) => void): void {
  update(node);
  followers.push({ node: new WeakRef(node), update: update as (node: never) => void });
  if (followers.length % 4096 === 0) prune();
}

function prune(): void {
  for (let index = followers.length - 1; index >= 0; --index) {
    if (!followers[index]!.node.deref()) followers.splice(index, 1);
  }
}

export const language = (): Language => current;

export function setLanguage(next: Language): void {
  current = next;
  localStorage.setItem(memory, next);
  document.documentElement.lang = next;
  for (const { node, update } of followers) {
    const alive = node.deref();
    if (alive) update(alive as never);
  }
  prune();
}

/** The text now. "{name}" stands for values.name; numbers are written as the language writes them. */
export function t(key: Key, values: Values = {}): string {
  const text: string | Plural = dictionary[key][current];
  let chosen: string;
  if (typeof text === "string") {
    chosen = text;
  } else {
    const form = new Intl.PluralRules(locales[current]).select(Number(values["count"] ?? 0));
    chosen = (form === "one" ? text.one : form === "few" ? text.few : undefined) ?? text.many;
  }
  return chosen.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? "");
  });
}

/** The same, to follow a switch of language. */
export const say =
  (key: Key, values: Values = {}): Live =>
  () =>
    t(key, values);

export const isKey = (key: string): key is Key => Object.hasOwn(dictionary, key);

export const number = (value: number): string => new Intl.NumberFormat(locales[current]).format(value);

export function money(value: Money): string {
  const whole = /^-?\d+(\.0+)?$/.test(value.amount);
  const digits = whole ? { minimumFractionDigits: 0, maximumFractionDigits: 0 } : {};
  // The amount goes in as text: no double stands between the server's cents and the buyer.
  return new Intl.NumberFormat(locales[current], {
    style: "currency",
    currency: value.currency,
    currencyDisplay: "narrowSymbol",
    ...digits,
  }).format(value.amount as unknown as number);
}

/**
 * An event's time is shown as the clock in its house says: with the event's zone. Any other as the reader's
 * clock says.
 */
/** Milliseconds by which the clocks of the zone are ahead of UTC at that moment. */
function offsetOf(moment: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(moment);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - Math.floor(moment / 1000) * 1000;
}

/**
 * The moment at which the zone's clocks show "2027-01-31T19:30". In the hour that they show twice, the first.
 */
export function momentIn(zone: string, local: string): Date {
  const asUtc = Date.parse(`${local}Z`);
  const guess = asUtc - offsetOf(asUtc - 24 * 3600 * 1000, zone);
  const later = asUtc - offsetOf(guess, zone);
  return new Date(offsetOf(guess, zone) === asUtc - guess ? guess : later);
}

/** Whether the browser knows a zone of that name. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const formatted =
  (options: Intl.DateTimeFormatOptions) =>
  (time: string, zone?: string): string =>
    new Intl.DateTimeFormat(
      locales[current],
      zone === undefined ? options : { ...options, timeZone: zone },
    ).format(new Date(time));

export const dateTime = formatted({
  weekday: "short",
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});
export const shortDateTime = formatted({
  day: "2-digit",
  month: "2-digit",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});
export const clockTime = formatted({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const dayOfMonth = formatted({ day: "numeric" });
/** With its year when that isn't this one. */
export const monthName = (time: string, zone?: string): string =>
  formatted({
    month: "short",
    ...(new Date(time).getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" }),
  })(time, zone);
export const weekdayAndTime = formatted({ weekday: "long", hour: "2-digit", minute: "2-digit" });

function named(stem: string, name: string): string {
  const key = `${stem}_${name}`;
  return isKey(key) ? t(key) : name;
}

/** "adult" in the language when the dictionary knows the type, as the house wrote it otherwise. */
export const ticketType = (name: string): string => named("type", name);
export const paymentMethod = (name: string): string => named("method", name);
