// What the API hands out, as the pages read it. The server's /openapi.json is the whole of it.

import type { SentDrawing } from "./drawing";

export interface Money {
  amount: string;
  currency: string;
}

export type SaleStatus = "on_sale" | "off_sale";

export interface EventSummary {
  id: string;
  name: string;
  venue: string;
  starts_at: string;
  time_zone: string;
  sale_status: SaleStatus;
  currency: string;
  from_price?: Money;
  free: number;
  capacity: number;
}

export interface Category {
  key: string;
  label: string;
  color?: string;
}

export interface EventDetails extends EventSummary {
  /** Which map /places shows. */
  seat_map: string;
  ticket_types: string[];
  prices: { category: string; ticket_type: string; price: Money }[];
  fees: { per_ticket?: Money; per_order?: Money; tax_basis_points?: number };
  policy: { places_per_hold?: number; hold_lifetime_seconds?: number };
  categories: (Category & { accessible?: boolean })[];
  counts: { free: number; held: number; sold: number; killed: number };
}

export interface Point {
  x: number;
  y: number;
}

/** The chart as it is drawn: columns in the order of the places' indices. */
export interface Drawing {
  id: string;
  name: string;
  floors: string[];
  categories: Category[];
  sections: { label: string; floor?: number; entrance?: string; outline?: Point[] }[];
  rows: { label: string; section: number }[];
  places: {
    label: string[];
    seat: string[];
    row: number[];
    x: number[];
    y: number[];
    category: number[];
    kind: string;
    accessible: number[];
    companion: number[];
    restricted_view: number[];
  };
  areas: { label: string; category: number; capacity: number; center: Point; outline?: Point[] }[];
  shapes: { kind: "stage" | "outline" | "text"; label: string; outline: Point[] }[];
}

export interface AreaCounts {
  label: string;
  free: number;
  held: number;
  sold: number;
}

export interface Availability {
  /** Which map it is of. */
  seat_map: string;
  revision: number;
  at: string;
  sale_status: SaleStatus;
  places: string;
  areas: AreaCounts[];
}

export interface Changes {
  revision: number;
  at: string;
  sale_status?: SaleStatus;
  places?: [number, string][];
  areas?: [number, number, number, number][];
}

export interface HeldPlace {
  label: string;
  section: string;
  row: string;
  seat: string;
  category: string;
}

export interface Hold {
  id: string;
  token: string;
  event: string;
  places: HeldPlace[];
  areas: { area: string; quantity: number; category: string }[];
  expires_at: string;
  /** When this tab got it, by the server's clock: what the countdown's bar is a part of. */
  began?: number;
}

/** A ticket type for each place, and how many of which for each area: those that aren't of its first type. */
export interface ChosenTickets {
  types: string[];
  areas: [string, number][][];
}

export interface TicketChoice {
  ticket_type: string;
  count: number;
  category: string;
}

export interface Quote {
  lines: { category: string; ticket_type: string; count: number; unit_price: Money; amount: Money }[];
  ticket_fees: Money;
  order_fee: Money;
  total: Money;
  tax: Money;
}

export interface Payment {
  id: string;
  token: string;
  status: "pending" | "approved" | "declined" | "expired" | "refunded";
  amount: Money;
  url?: string;
  expires_at?: string;
  event?: string;
  order?: { event: string; id: string; number?: number; token: string };
}

export interface Ticket {
  id: string;
  code?: string;
  place: string;
  section?: string;
  row?: string;
  seat?: string;
  category: string;
  ticket_type: string;
  price: Money;
  status: "valid" | "refunded" | "admitted";
  admitted_at?: string;
  gate?: string;
  svg: string;
}

export interface Order {
  id: string;
  number: number;
  token: string;
  event: string;
  placed_at: string;
  status: "paid" | "partly_refunded" | "refunded";
  buyer?: { name?: string; email?: string };
  tickets: Ticket[];
  ticket_fees: Money;
  order_fee: Money;
  total: Money;
  tax: Money;
  refunded: Money;
  payment?: { method: string; reference?: string };
  /** Only where staff list orders. */
  note?: string;
}

export interface SeatingEntry {
  place: string;
  ticket_type?: string;
  status: "sold" | "held" | "admitted";
  order?: string;
  number?: number;
  quantity?: number;
  buyer?: { name?: string };
  until?: string;
}

export interface ScanAnswer {
  ticket: string;
  place: string;
  ticket_type?: string;
  at: string;
}

export interface ApiKey {
  id: string;
  name: string;
  scopes: string[];
  events: string[];
  created_at: string;
  expires_at?: string;
  key?: string;
}

export interface ChartReport {
  name: string;
  places: number;
  capacity: number;
  areas: { label: string; category: string; capacity: number }[];
  categories: { key: string; label: string; color?: string; places: number }[];
  problems: ({ pointer?: string; message?: string } | string)[];
  drawing?: SentDrawing;
}
