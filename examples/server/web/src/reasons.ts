// What the pages say for each reason of a refusal, in both languages side by side.

import type { Entry } from "./dictionary";

export const reasons = {
  reason_network: {
    en: "The server can’t be reached. Check the connection and try again.",
    uk: "Сервер недосяжний. Перевірте зв’язок і спробуйте ще раз.",
  },
  reason_place_taken: { en: "Already taken: {places}.", uk: "Уже зайнято: {places}." },
  reason_area_full: {
    en: "There are not so many places left in this area.",
    uk: "Стільки вільних місць у цій зоні вже немає.",
  },
  reason_not_enough_adjoining: {
    en: "So many seats together are not free: at most {available} together. Try fewer, or another category.",
    uk: "Стільки місць поруч немає: щонайбільше {available} разом. Спробуйте менше або іншу категорію.",
  },
  reason_places_in_use: {
    en: "The new seat map lacks places that are held or sold.",
    uk: "На новій схемі немає місць, які притримано або продано.",
  },
  reason_event_off_sale: {
    en: "Tickets for this event are not on sale at the moment.",
    uk: "Квитки на цю подію зараз не продаються.",
  },
  reason_event_not_found: { en: "There is no such event.", uk: "Такої події немає." },
  reason_order_not_found: {
    en: "There is no such order, or its address is incomplete.",
    uk: "Такого замовлення немає, або адреса неповна.",
  },
  reason_hold_not_found: { en: "These places are no longer held.", uk: "Ці місця вже не притримано." },
  reason_hold_expired: {
    en: "The time is up; the places are free again.",
    uk: "Час вийшов; місця знову вільні.",
  },
  reason_hold_released: { en: "These places were let go.", uk: "Ці місця відпущено." },
  reason_hold_checked_out: { en: "These places are bought already.", uk: "Ці місця вже куплено." },
  reason_too_many_places: {
    en: "So many places at once are not possible; at most {limit}.",
    uk: "Стільки місць за раз не можна; щонайбільше {limit}.",
  },
  reason_ticket_refunded: { en: "The ticket was refunded.", uk: "Квиток повернено." },
  reason_ticket_not_found: {
    en: "There is no such ticket for this event.",
    uk: "Такого квитка на цю подію немає.",
  },
  reason_code_invalid: { en: "This is not one of our tickets.", uk: "Це не наш квиток." },
  reason_code_for_other_event: { en: "The ticket is for another event.", uk: "Квиток на іншу подію." },
  reason_holder_limit: {
    en: "You hold as many places as one buyer may. Let some go, or pay for them first.",
    uk: "У вас уже стільки місць, скільки можна одному покупцеві. Відпустіть частину або спершу сплатіть.",
  },
  reason_open_places_limit: {
    en:
      "As many places are held from your connection as may be. Let some go, pay for them, or try again in" +
      " a few minutes.",
    uk:
      "З вашого з’єднання вже притримано стільки місць, скільки можна. Відпустіть частину, сплатіть або " +
      "спробуйте за кілька хвилин.",
  },
  reason_payments_undecided: {
    en:
      "Several payments of these seats are not finished. Finish one of them, or wait until the seats are " +
      "free again.",
    uk: "За ці місця вже розпочато кілька оплат. Завершіть одну з них або зачекайте, доки місця звільняться.",
  },
  reason_payments_off: {
    en: "No payments are taken online. The box office sells tickets.",
    uk: "Онлайн-оплату не приймаємо. Квитки продає каса.",
  },
  reason_provider_unavailable: {
    en: "The payment service does not answer. Try again in a moment.",
    uk: "Платіжна служба не відповідає. Спробуйте за хвильку.",
  },
  reason_event_busy: {
    en: "There is a rush. Wait a moment and try again.",
    uk: "Зараз наплив. Зачекайте хвильку й спробуйте ще раз.",
  },
  reason_hold_lifetime_reached: {
    en: "The time can’t be extended any more.",
    uk: "Час більше не продовжити.",
  },
  reason_place_unknown: {
    en: "There is no such place in this house: {places}.",
    uk: "Такого місця в залі немає: {places}.",
  },
  reason_no_price: {
    en: "These places have no price for this ticket type.",
    uk: "Для цих місць немає ціни на такий вид квитка.",
  },
  reason_payment_not_found: { en: "There is no such payment.", uk: "Такого платежу немає." },
  reason_event_exists: {
    en: "There is an event with this id already.",
    uk: "Подія з таким ім’ям в адресах уже є.",
  },
  reason_unauthorized: { en: "The server doesn’t know this key.", uk: "Сервер не знає цього ключа." },
  reason_forbidden: { en: "This key may not do that.", uk: "Цей ключ такого не дозволяє." },
  reason_rate_limited: {
    en: "Too many requests. Wait a moment and try again.",
    uk: "Забагато запитів. Зачекайте хвильку й спробуйте ще раз.",
  },
  reason_storage_unavailable: {
    en: "The box office is resting for a moment. Try again soon.",
    uk: "Каса на мить відпочиває. Спробуйте невдовзі.",
  },
  reason_overloaded: {
    en: "There is a rush. Wait a moment and try again.",
    uk: "Зараз наплив. Зачекайте хвильку й спробуйте ще раз.",
  },
} satisfies Record<string, Entry>;
