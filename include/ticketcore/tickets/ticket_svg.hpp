#pragma once
// A ticket as SVG: event, date, place, price, holder's type, order number, and the code as a QR symbol with
// its quiet zone.

#include <string>

namespace ticketcore {

/// All that a ticket shows, ready to read. Texts too long for their room are made smaller, then cut.
struct TicketPicture {
  std::string event{};
  std::string venue{};
  std::string starts_at{};  ///< As people write it: "Sunday, 31 January 2027, 19:30".
  std::string section{};
  std::string row{};
  std::string seat{};
  std::string area{};  ///< Instead of row and seat, for standing places.
  std::string category{};
  std::string category_color = "#333333";  ///< "#RRGGBB".
  std::string ticket_type{};
  std::string price{};
  std::string holder{};
  std::string order_number{};
  std::string ticket_id{};
  std::string code{};  ///< What the barcode carries.
};

/// A whole SVG document, 180 by 80 mm. Throws QrTooLong for a code that no symbol holds.
[[nodiscard]] std::string ticket_svg(const TicketPicture& ticket);

}  // namespace ticketcore
