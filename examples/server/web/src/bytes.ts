// The server counts a text in bytes of UTF-8: a Cyrillic letter has two, and the browser's maxlength would
// count it as one.

import { t } from "./i18n";

export const byteCount = (text: string): number => new TextEncoder().encode(text).length;

/** The input says itself when its text is longer, while it is typed and when its form is sent. */
export function limitBytes(input: HTMLInputElement, most: number): HTMLInputElement {
  const check = (): void => {
    const count = byteCount(input.value.trim());
    input.setCustomValidity(count > most ? t("too_many_bytes", { most, count }) : "");
  };
  input.addEventListener("input", check);
  input.addEventListener("invalid", check);
  check();
  return input;
}
