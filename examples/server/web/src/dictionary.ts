// Every text of the pages, in both languages side by side. A missing language, or a key that nobody wrote,
// doesn't compile.

import { reasons } from "./reasons";

/** Forms by Intl.PluralRules for values.count; what has no form of its own takes `many`. */
export interface Plural {
  one?: string;
  few?: string;
  many: string;
}

export type Entry = { en: string | Plural; uk: string | Plural };

export const dictionary = {
  ...reasons,

  shop_name: { en: "Ticket office", uk: "Квиткова каса" },
  shop_lead: {
    en: "Pick your seats on the plan of the house. What you choose is kept for you while you pay.",
    uk: "Оберіть місця на плані зали. Обране чекає на вас, поки ви платите.",
  },
  shop_footer: {
    en: "A sample shop. No real money changes hands here.",
    uk: "Взірець крамниці. Справжніх грошей тут ніхто не бере.",
  },
  skip_to_content: { en: "Skip to content", uk: "Перейти до змісту" },
  language: { en: "Language", uk: "Мова" },
  staff: { en: "Staff", uk: "Працівникам" },
  staff_and_developers: { en: "Staff and developers", uk: "Працівникам і розробникам" },
  loading: { en: "Loading…", uk: "Завантаження…" },
  something_wrong: { en: "Something went wrong", uk: "Щось пішло не так" },
  not_here: { en: "There is nothing here", uk: "Тут нічого немає" },
  to_all_events: { en: "See all events", uk: "Усі події" },

  events: { en: "Events", uk: "Події" },
  event: { en: "Event", uk: "Подія" },
  all_events: { en: "All events", uk: "Усі події" },
  whats_on: { en: "What’s on", uk: "Афіша" },
  no_events: {
    en: "Nothing is on sale yet. Come back soon.",
    uk: "Поки що нічого немає в продажу. Зазирніть пізніше.",
  },
  no_events_yet: { en: "There are no events yet.", uk: "Подій ще немає." },
  choose_event: { en: "Choose an event", uk: "Оберіть подію" },
  event_unknown: {
    en: "There is no event “{name}”. Choose the right one.",
    uk: "Події «{name}» немає. Оберіть потрібну.",
  },
  events_over: { en: "Over", uk: "Минулі" },
  is_over: { en: "Over", uk: "Минула" },
  more_events: { en: "More events", uk: "Ще події" },
  from: { en: "from", uk: "від" },
  from_price: { en: "from {price}", uk: "від {price}" },
  sold_out: { en: "Sold out", uk: "Усе продано" },
  few_left: {
    en: { one: "Last {count} place", many: "Last {count} places" },
    uk: { one: "Останнє {count} місце", few: "Останні {count} місця", many: "Останні {count} місць" },
  },
  free_places: {
    en: { one: "{count} place free", many: "{count} places free" },
    uk: { one: "{count} вільне місце", few: "{count} вільні місця", many: "{count} вільних місць" },
  },
  free_of: { en: "{count} of {all} free", uk: "вільно {count} з {all}" },
  not_on_sale: { en: "Not on sale", uk: "Не в продажу" },
  not_on_sale_now: {
    en: "Tickets for this event are not on sale at the moment.",
    uk: "Квитки на цю подію зараз не продаються.",
  },

  choose_seats: { en: "Choose seats", uk: "Вибір місць" },
  way_of_choosing: { en: "Way of choosing", uk: "Спосіб вибору" },
  on_the_map: { en: "Map", uk: "План" },
  as_list: { en: "List", uk: "Список" },
  all_floors: { en: "All floors", uk: "Усі поверхи" },
  floor: { en: "Floor", uk: "Поверх" },
  prices: { en: "Prices", uk: "Ціни" },
  all_prices: { en: "All prices", uk: "Усі ціни" },
  category: { en: "Category", uk: "Категорія" },
  any_category: { en: "Any", uk: "Будь-яка" },
  taken: { en: "Taken", uk: "Зайнято" },
  held_by_others: { en: "Being bought", uk: "Саме купують" },
  chosen: { en: "Chosen", uk: "Обрано" },
  free: { en: "Free", uk: "Вільно" },
  row: { en: "Row", uk: "Ряд" },
  seats: { en: "Seats", uk: "Місця" },
  row_named: { en: "row {name}", uk: "ряд {name}" },
  seat_named: { en: "seat {name}", uk: "місце {name}" },
  table_named: { en: "table {name}", uk: "стіл {name}" },
  booth_named: { en: "booth {name}", uk: "ложа {name}" },
  wheelchair_place: { en: "Wheelchair place", uk: "Місце для візка" },
  companion_seat: { en: "Companion seat", uk: "Місце супроводу" },
  restricted_view: { en: "Restricted view", uk: "Обмежений огляд" },
  seat_map: {
    en: "Plan of the house. Arrow keys walk from seat to seat, Enter chooses.",
    uk: "План зали. Стрілки ведуть від місця до місця, Enter обирає.",
  },
  map_help: {
    en:
      "Drag to move, scroll or pinch to zoom. By keyboard: arrows walk from seat to seat, Enter chooses, " +
      "+ and − zoom, 0 shows all.",
    uk:
      "Тягніть, щоб пересунути; колесо чи два пальці змінюють масштаб. З клавіатури: стрілки ведуть від " +
      "місця до місця, Enter обирає, + і − змінюють масштаб, 0 показує все.",
  },
  zoom_in: { en: "Zoom in", uk: "Збільшити" },
  zoom_out: { en: "Zoom out", uk: "Зменшити" },
  show_all: { en: "Show all", uk: "Показати все" },
  connection_lost: {
    en: "Connection lost. The plan may be out of date; reconnecting…",
    uk: "Зв’язок утрачено. План може бути застарілим; поновлюємо…",
  },

  your_choice: { en: "Your choice", uk: "Ваш вибір" },
  best_available: { en: "Best available", uk: "Найкращі місця" },
  how_many: { en: "How many", uk: "Скільки" },
  for_wheelchairs: { en: "In a wheelchair", uk: "З них на візку" },
  find_best: { en: "Find the best seats", uk: "Знайти найкращі місця" },
  standing: { en: "Standing", uk: "Стоячі місця" },
  tickets_for: { en: "Tickets for {name}", uk: "Квитки: {name}" },
  one_more: { en: "One more for {name}", uk: "На один більше: {name}" },
  one_less: { en: "One less for {name}", uk: "На один менше: {name}" },
  nothing_chosen: {
    en: "Nothing chosen yet. Press a seat on the plan.",
    uk: "Ще нічого не обрано. Натисніть місце на плані.",
  },
  together: { en: "Together", uk: "Разом" },
  choose_first: { en: "Choose places first", uk: "Спершу оберіть місця" },
  hold_places: {
    en: { one: "Hold {count} place", many: "Hold {count} places" },
    uk: {
      one: "Притримати {count} місце",
      few: "Притримати {count} місця",
      many: "Притримати {count} місць",
    },
  },
  remove_place: { en: "Remove {name}", uk: "Прибрати: {name}" },
  just_taken: {
    en: {
      one: "Somebody was faster: {places} has just been taken. Please choose another.",
      many: "Somebody was faster: {places} have just been taken. Please choose others.",
    },
    uk: {
      one: "Хтось був швидший: {places} — щойно зайнято. Оберіть інше місце.",
      many: "Хтось був швидший: {places} — щойно зайнято. Оберіть інші місця.",
    },
  },
  held_for_you: { en: "Held for you", uk: "Притримано для вас" },
  held_now: {
    en: { one: "{count} place is held for you.", many: "{count} places are held for you." },
    uk: {
      one: "Для вас притримано {count} місце.",
      few: "Для вас притримано {count} місця.",
      many: "Для вас притримано {count} місць.",
    },
  },
  seats_are_yours_for: { en: "Yours for", uk: "Ваші ще" },
  time_left: {
    en: { one: "{count} second left", many: "{count} seconds left" },
    uk: { one: "Лишилася {count} секунда", few: "Лишилося {count} секунди", many: "Лишилося {count} секунд" },
  },
  to_checkout: { en: "To checkout", uk: "До оплати" },
  choose_others: { en: "Let go and choose others", uk: "Відпустити й обрати інші" },
  released: { en: "The places are free again.", uk: "Місця знову вільні." },
  time_is_up: {
    en: "The time is up, and your places are free for others again. Nothing was charged.",
    uk: "Час вийшов, і місця знову вільні для інших. Грошей не знято.",
  },
  time_is_up_till: {
    en:
      "The time is up, and the places are free for others again. Nothing is sold: hold them again before " +
      "you take the money.",
    uk:
      "Час вийшов, і місця знову вільні для інших. Нічого не продано: притримайте їх знову, перш ніж " +
      "брати гроші.",
  },
  time_is_up_title: { en: "The time is up", uk: "Час вийшов" },
  time_is_up_checkout: {
    en: "The places were not paid in time and are free for others again. Nothing was charged.",
    uk: "Місця не оплачено вчасно, і вони знову вільні для інших. Грошей не знято.",
  },
  bought_already_title: { en: "These places are bought", uk: "Ці місця куплено" },
  bought_already: {
    en:
      "They were paid for, and are an order now. Its page opened where the payment was made; the box " +
      "office finds it by your name or e-mail.",
    uk:
      "Їх оплачено, тепер вони — замовлення. Його сторінка відкрилася там, де ви платили; каса знайде " +
      "його за ім’ям або поштою.",
  },
  not_held_here_title: { en: "These places are not held here", uk: "Тут цих місць не притримано" },
  not_held_here: {
    en: "They were let go, their time was up, or they are held in another tab or browser: go on there.",
    uk: "Їх відпущено, час вийшов, або їх притримано в іншій вкладці чи іншому браузері: продовжуйте там.",
  },
  hold_again: { en: "Try to hold the same again", uk: "Спробувати притримати ті самі" },
  choose_again: { en: "Choose again", uk: "Обрати знову" },
  fee_per_ticket: { en: "{price} service fee per ticket", uk: "{price} збору за квиток" },
  fee_per_order: { en: "{price} per order", uk: "{price} за замовлення" },

  checkout: { en: "Checkout", uk: "Оплата" },
  back_to_seats: { en: "Back to the seats", uk: "Назад до місць" },
  your_tickets: { en: "Your tickets", uk: "Ваші квитки" },
  your_details: { en: "Your details", uk: "Ваші дані" },
  details_hint: {
    en: "The tickets open on the next page; the name stands on the order.",
    uk: "Квитки відкриються на наступній сторінці; ім’я стоятиме в замовленні.",
  },
  name: { en: "Name", uk: "Ім’я" },
  email: { en: "E-mail", uk: "Ел. пошта" },
  email_hint: { en: "The box office finds your order by it.", uk: "За нею каса знайде ваше замовлення." },
  what_it_costs: { en: "Summary", uk: "До сплати" },
  ticket_type: { en: "Ticket type", uk: "Вид квитка" },
  ticket_type_for: { en: "Ticket type for {name}", uk: "Вид квитка: {name}" },
  of_which: { en: "of which {type}", uk: "з них {type}" },
  ticket_fees: { en: "Service fees", uk: "Збори за квитки" },
  order_fee: { en: "Order fee", uk: "Збір за замовлення" },
  total: { en: "Total", uk: "Разом" },
  tax_included: { en: "of which tax", uk: "з них податок" },
  pay: { en: "Pay", uk: "Сплатити" },
  pay_hint: {
    en: "You pay on the provider’s page; your card number never reaches us.",
    uk: "Оплата — на сторінці платіжної служби; номер картки до нас не потрапляє.",
  },
  no_price_yet: { en: "There is no price yet. Please try again.", uk: "Ціни ще немає. Спробуйте ще раз." },
  payment_declined: {
    en:
      "The bank declined the payment. Nothing was charged, and your places are still held: you can try " +
      "again.",
    uk: "Банк відхилив платіж. Грошей не знято, місця ще ваші: спробуйте ще раз.",
  },
  waiting_for_payment: { en: "Waiting for the payment", uk: "Чекаємо на платіж" },
  waiting_hint: {
    en: "The bank has not answered yet. This page goes on by itself as soon as it does.",
    uk: "Банк ще не відповів. Щойно відповість, сторінка піде далі сама.",
  },
  payment_refunded_title: { en: "Your money is on its way back", uk: "Ваші гроші повертаються" },
  payment_refunded: {
    en: "The payment came after the places were free for others again. All of it, {price}, was returned.",
    uk: "Платіж надійшов, коли місця вже знову були вільні для інших. Усю суму, {price}, повернено.",
  },
  payment_expired: {
    en:
      "The payment was not made in time, and the places are free for others again. Should the bank still " +
      "take it, all of it is returned.",
    uk:
      "Платіж не зроблено вчасно, і місця знову вільні для інших. Якщо банк таки зніме гроші, уся сума " +
      "повернеться.",
  },

  your_order: { en: "Your order", uk: "Ваше замовлення" },
  order: { en: "Order", uk: "Замовлення" },
  order_number: { en: "Order {number}", uk: "Замовлення {number}" },
  order_paid: { en: "Paid", uk: "Сплачено" },
  order_refunded: { en: "Refunded", uk: "Повернено" },
  order_partly_refunded: { en: "Partly refunded", uk: "Частково повернено" },
  keep_this_address: {
    en: "Keep this page’s address: whoever has it has the tickets.",
    uk: "Збережіть адресу цієї сторінки: хто її має, той має квитки.",
  },
  print_tickets: { en: "Print tickets", uk: "Друкувати квитки" },
  tickets_count: {
    en: { one: "{count} ticket", many: "{count} tickets" },
    uk: { one: "{count} квиток", few: "{count} квитки", many: "{count} квитків" },
  },
  ticket_image: { en: "Ticket with QR code for {place}", uk: "Квиток із QR-кодом: {place}" },
  ticket_refunded: { en: "Refunded", uk: "Повернено" },
  ticket_admitted: { en: "Let in {at}, {where}", uk: "Пройшли {at}, {where}" },
  ticket_is_in: { en: "Let in", uk: "Пройшли" },
  receipt: { en: "Receipt", uk: "Чек" },
  refunded_sum: { en: "Refunded", uk: "Повернено" },
  placed_at: { en: "Bought {at}", uk: "Куплено {at}" },
  paid_by: { en: "paid {method}", uk: "сплачено {method}" },

  sign_in: { en: "Sign in", uk: "Увійти" },
  sign_out: { en: "Sign out", uk: "Вийти" },
  signed_in: { en: "Signed in", uk: "Ви ввійшли" },
  signed_in_as: { en: "Signed in: {name}", uk: "Ви ввійшли: {name}" },
  sign_in_hint: {
    en: "Your API key stays in this tab and is forgotten when you close it.",
    uk: "Ключ API лишається в цій вкладці й зникає, коли її закрито.",
  },
  api_key: { en: "API key", uk: "Ключ API" },
  api_keys: { en: "API keys", uk: "Ключі API" },
  key_not_enough: {
    en: "This key doesn’t open this page; it takes one for: {scope}.",
    uk: "Цей ключ не відчиняє цю сторінку; потрібен такий: {scope}.",
  },
  scope_seller: { en: "Seller", uk: "Продавець" },
  scope_box_office: { en: "Box office", uk: "Каса" },
  scope_gate: { en: "Gate", uk: "Вхід" },
  scope_admin: { en: "Administration", uk: "Керування" },

  box_office: { en: "Box office", uk: "Каса" },
  what_to_do: { en: "What to do", uk: "Що робити" },
  sell: { en: "Sell", uk: "Продаж" },
  orders: { en: "Orders", uk: "Замовлення" },
  seating: { en: "Seating", uk: "Розсадка" },
  paid_cash: { en: "Paid in cash", uk: "Готівкою" },
  paid_card: { en: "Paid by card", uk: "Карткою" },
  buyer_and_receipt: { en: "Buyer and receipt (optional)", uk: "Покупець і чек (необов’язково)" },
  payment_reference: { en: "Receipt number", uk: "Номер чека" },
  sold_now: { en: "Sold: order {number}, {price}.", uk: "Продано: замовлення {number}, {price}." },
  sold_before: {
    en: "Sold already: order {number}, {price}, {method}.",
    uk: "Уже продано: замовлення {number}, {price}, {method}.",
  },
  find_order: { en: "Find an order", uk: "Знайти замовлення" },
  find_order_hint: {
    en: "Order number, name, e-mail, place or receipt.",
    uk: "Номер, ім’я, пошта, місце або чек.",
  },
  search: { en: "Search", uk: "Шукати" },
  no_orders_found: { en: "No orders found.", uk: "Замовлень не знайдено." },
  more_orders: { en: "More orders", uk: "Ще замовлення" },
  open_order: { en: "Open order", uk: "Відкрити замовлення" },
  choose_tickets_first: { en: "Tick the tickets first.", uk: "Спершу позначте квитки." },
  note: { en: "Note for staff", uk: "Нотатка для персоналу" },
  note_hint: {
    en: "Buyers do not see it. It can’t be erased later: write nothing personal.",
    uk: "Покупці її не бачать. Стерти її потім не можна: не пишіть нічого особистого.",
  },
  save_note: { en: "Save note", uk: "Зберегти нотатку" },
  note_saved: { en: "The note is saved.", uk: "Нотатку збережено." },
  refund_chosen: { en: "Refund chosen", uk: "Повернути позначені" },
  refund_all: { en: "Refund all", uk: "Повернути всі" },
  really_refund: {
    en: {
      one: "Refund {count} ticket? The place goes back on sale.",
      many: "Refund {count} tickets? The places go back on sale.",
    },
    uk: {
      one: "Повернути {count} квиток? Місце знову піде в продаж.",
      few: "Повернути {count} квитки? Місця знову підуть у продаж.",
      many: "Повернути {count} квитків? Місця знову підуть у продаж.",
    },
  },
  refunded_now: { en: "Refunded {price}.", uk: "Повернено {price}." },
  press_a_seat: {
    en: "Press a seat to see who sits there.",
    uk: "Натисніть місце, щоб побачити, хто там сидить.",
  },
  who_sits_here: { en: "Who sits here", uk: "Хто тут сидить" },
  seating_list: { en: "Who sits where", uk: "Хто де сидить" },
  find_place: { en: "Find a place", uk: "Знайти місце" },
  find_place_hint: { en: "As on the ticket, such as Stalls C-11.", uk: "Як на квитку, як-от Stalls C-11." },
  place: { en: "Place", uk: "Місце" },
  state: { en: "State", uk: "Стан" },
  sold: { en: "Sold", uk: "Продано" },
  held: { en: "Held", uk: "Притримано" },
  held_until: { en: "Held until", uk: "Притримано до" },
  until: { en: "until {at}", uk: "до {at}" },
  not_for_sale: { en: "Not for sale", uk: "Не продається" },
  nobody_sits: { en: "Nobody sits here yet.", uk: "Тут ще ніхто не сидить." },
  more_places: { en: "More places", uk: "Ще місця" },

  gate: { en: "Gate", uk: "Вхід" },
  gate_name: { en: "Name of this gate", uk: "Назва цього входу" },
  main_entrance: { en: "Main entrance", uk: "Головний вхід" },
  sound: { en: "Sound", uk: "Звук" },
  ready_to_scan: { en: "Ready to scan", uk: "Можна сканувати" },
  ticket_code: { en: "Ticket code", uk: "Код квитка" },
  scanner_hint: { en: "A hand scanner types into this field.", uk: "Ручний сканер пише в це поле." },
  check_ticket: { en: "Check", uk: "Перевірити" },
  let_in: { en: "Welcome", uk: "Прошу" },
  already_in: { en: "Already used", uk: "Уже використано" },
  already_in_since: { en: "Let in {at}, {where}", uk: "Пройшли {at}, {where}" },
  not_let_in: { en: "Not valid", uk: "Недійсний" },
  not_checked: { en: "Not checked", uk: "Не перевірено" },
  try_again: { en: "Try again", uk: "Ще раз" },
  last_scans: { en: "Last scans", uk: "Останні перевірки" },
  camera: { en: "Camera", uk: "Камера" },
  use_camera: { en: "Camera on or off", uk: "Увімкнути чи вимкнути камеру" },
  camera_picture: { en: "Picture of the camera", uk: "Зображення з камери" },
  no_camera: {
    en: "The camera can’t be used. Allow it in the browser, or use a hand scanner.",
    uk: "Камера недоступна. Дозвольте її в браузері або скористайтеся ручним сканером.",
  },

  administration: { en: "Administration", uk: "Керування" },
  starts_at: { en: "Starts", uk: "Початок" },
  time_zone: { en: "Time zone", uk: "Часовий пояс" },
  time_zone_hint: {
    en: "The place's own, such as Europe/Kyiv: tickets tell the time in it",
    uk: "Пояс місця події, наприклад Europe/Kyiv: у ньому час стоїть на квитках",
  },
  no_such_time_zone: {
    en: "There is no such time zone. It is called like Europe/Kyiv",
    uk: "Такого часового поясу немає. Його назва — як-от Europe/Kyiv",
  },
  free_of_all: { en: "Free / all", uk: "Вільно / усього" },
  on_sale: { en: "On sale", uk: "У продажу" },
  off_sale: { en: "Off sale", uk: "Не в продажу" },
  put_on_sale: { en: "Put on sale", uk: "У продаж" },
  take_off_sale: { en: "Take off sale", uk: "Зняти з продажу" },
  now_on_sale: { en: "{name} is on sale.", uk: "{name}: у продажу." },
  now_off_sale: { en: "{name} is off sale.", uk: "{name}: не в продажу." },
  new_event: { en: "New event", uk: "Нова подія" },
  chart_file: { en: "Chart of the house", uk: "План зали" },
  chart_file_hint: {
    en: "A JSON file of ours or of seats.io. It is checked first, and nothing is kept.",
    uk: "Файл JSON, наш або seats.io. Спершу його перевіримо; нічого не зберігається.",
  },
  chart_too_large: {
    en: "The server takes charts of at most {most} MB; this one has {size} MB.",
    uk: "Сервер приймає плани щонайбільше на {most} МБ; у цьому {size} МБ.",
  },
  chart_not_json: { en: "The file isn’t JSON.", uk: "Файл не у форматі JSON." },
  checking_chart: { en: "Checking the chart…", uk: "Перевіряємо план…" },
  chart_is_fine: {
    en: "The chart “{name}” is fine: places {places}, standing areas {areas}, capacity {capacity}.",
    uk: "План «{name}» гаразд: місць {places}, стоячих зон {areas}, місткість {capacity}.",
  },
  chart_has_problems: {
    en: { one: "The chart has {count} problem:", many: "The chart has {count} problems:" },
    uk: { one: "У плані {count} вада:", few: "У плані {count} вади:", many: "У плані {count} вад:" },
  },
  hall_changes: {
    en: "The hall has just been changed. One moment, please.",
    uk: "Залу щойно змінили. Хвильку, будь ласка.",
  },
  replace_map: { en: "Change the hall", uk: "Змінити залу" },
  replace_map_lead: {
    en:
      "Places with the same name stay what they are, sold and held ones too. Places that the new chart " +
      "lacks must be free, or be exchanged for others.",
    uk:
      "Місця з тією самою назвою лишаються, якими є, також продані й притримані. Місця, яких на новому " +
      "плані немає, мають бути вільні, або їх обмінюють на інші.",
  },
  replace_map_now: { en: "Replace the chart", uk: "Замінити план" },
  map_replaced: {
    en: "The hall of “{name}” is changed: places {places}, capacity {capacity}.",
    uk: "Залу події «{name}» змінено: місць {places}, місткість {capacity}.",
  },
  choose_chart_first: { en: "Choose the new chart first.", uk: "Спершу оберіть новий план." },
  exchange_these: {
    en:
      "These places are held or sold, and the new chart lacks them. Say for each where its buyer sits " +
      "then.",
    uk:
      "Ці місця притримано або продано, а на новому плані їх немає. Вкажіть для кожного, де покупець " +
      "сидітиме.",
  },
  areas_in_use: {
    en: "More is held and sold there than the new chart has room for: {areas}.",
    uk: "Там притримано й продано більше, ніж уміщає новий план: {areas}.",
  },
  instead_of: { en: "Instead of {place}", uk: "Замість {place}" },
  about_the_event: { en: "About the event", uk: "Про подію" },
  event_name: { en: "Name of the event", uk: "Назва події" },
  event_id: { en: "Id in addresses", uk: "Ім’я в адресах" },
  event_id_hint: {
    en: "Letters, digits and hyphens; can’t be changed later.",
    uk: "Літери, цифри й дефіси; потім не змінити.",
  },
  venue: { en: "Venue", uk: "Заклад" },
  currency: { en: "Currency", uk: "Валюта" },
  fee_each_ticket: { en: "Fee per ticket", uk: "Збір за квиток" },
  fee_each_order: { en: "Fee per order", uk: "Збір за замовлення" },
  tax_percent: { en: "Tax, %", uk: "Податок, %" },
  places_count: {
    en: { one: "{count} place", many: "{count} places" },
    uk: { one: "{count} місце", few: "{count} місця", many: "{count} місць" },
  },
  new_ticket_type: { en: "Another ticket type", uk: "Ще один вид квитка" },
  add_ticket_type: { en: "Add", uk: "Додати" },
  sale: { en: "Sale", uk: "Продаж" },
  hold_minutes: { en: "A hold lasts at most, minutes", uk: "Притримувати щонайбільше, хвилин" },
  most_places: { en: "Places in one hold, at most", uk: "Місць за раз, щонайбільше" },
  on_sale_at_once: { en: "Put on sale at once", uk: "Одразу в продаж" },
  create_event: { en: "Create event", uk: "Створити подію" },
  no_prices_yet: { en: "Enter at least one price.", uk: "Вкажіть хоча б одну ціну." },
  event_created: { en: "“{name}” is created.", uk: "Подію «{name}» створено." },
  look_at_it: { en: "Look at it", uk: "Подивитися" },
  new_key: { en: "New key", uk: "Новий ключ" },
  key_name_hint: { en: "Whose it is, such as “North gate”.", uk: "Чий він, як-от «Північний вхід»." },
  key_events: { en: "Only for events", uk: "Лише для подій" },
  key_events_hint: {
    en: "Their ids, with spaces between them; empty for all.",
    uk: "Їхні імена в адресах через пробіл; порожньо — для всіх.",
  },
  key_expires: { en: "Good until", uk: "Діє до" },
  key_expires_hint: { en: "Empty: until it is revoked.", uk: "Порожньо — доки не відкличуть." },
  for_all_events: { en: "all", uk: "усі" },
  may: { en: "May", uk: "Дозволено" },
  made_at: { en: "Made", uk: "Створено" },
  make_key: { en: "Make key", uk: "Створити ключ" },
  choose_scope: { en: "Tick what the key may do.", uk: "Позначте, що дозволяє ключ." },
  key_made: {
    en: "Copy the key now; it is shown only once:",
    uk: "Скопіюйте ключ зараз; більше його не буде видно:",
  },
  revoke: { en: "Revoke", uk: "Відкликати" },
  really_revoke: {
    en: "Revoke the key “{name}”? Whoever works with it is signed out.",
    uk: "Відкликати ключ «{name}»? Хто з ним працює, того буде відключено.",
  },

  for_developers: { en: "For developers", uk: "Розробникам" },
  find_route: { en: "Find a route", uk: "Знайти запит" },
  parameters: { en: "Parameters", uk: "Параметри" },
  body: { en: "Body", uk: "Тіло" },
  answers: { en: "Answers", uk: "Відповіді" },
  answer: { en: "Answer", uk: "Відповідь" },
  try_it: { en: "Try it", uk: "Спробувати" },
  send: { en: "Send", uk: "Надіслати" },
  members: { en: "members", uk: "поля" },
  schemas: { en: "Schemas", uk: "Схеми" },

  method_cash: { en: "in cash", uk: "готівкою" },
  method_card: { en: "by card", uk: "карткою" },
  method_fakepay: { en: "online", uk: "онлайн" },

  type_adult: { en: "Adult", uk: "Дорослий" },
  type_child: { en: "Child", uk: "Дитячий" },
  type_student: { en: "Student", uk: "Студентський" },
  type_senior: { en: "Senior", uk: "Пенсійний" },
  type_reduced: { en: "Reduced", uk: "Пільговий" },
  type_standard: { en: "Standard", uk: "Звичайний" },

  too_many_bytes: {
    en: "At most {most} bytes; this has {count}. A Cyrillic letter takes two.",
    uk: "Щонайбільше {most} байтів, а тут {count}. Кирилична літера — це два.",
  },

  none_adjoining: {
    en: "No seats are free there. Try another category.",
    uk: "Вільних місць там немає. Спробуйте іншу категорію.",
  },
  not_enough_for_wheelchairs: {
    en:
      "So many seats together, with places for wheelchairs among them ({limit}), are not free. Try fewer," +
      " or another category.",
    uk:
      "Стільки місць поруч, щоб серед них були місця для візків ({limit}), немає. Спробуйте менше або " +
      "іншу категорію.",
  },
} satisfies Record<string, Entry>;
