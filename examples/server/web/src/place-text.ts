// Where a place is, in words of the reader's language.

import { t } from "./i18n";

export interface Placed {
  label: string;
  section?: string | undefined;
  row?: string | undefined;
  seat?: string | undefined;
}

/** "Stalls, row C, seat 11"; a table or booth, and an area, by its name alone. */
export function placeText({ label, section, row, seat }: Placed): string {
  if (!seat) return [section, row].filter(Boolean).join(", ") || label;
  return [section, row && row !== seat && t("row_named", { name: row }), t("seat_named", { name: seat })]
    .filter(Boolean)
    .join(", ");
}
