#pragma once
// Orders as the API shows them: what the event's books say of them, with the buyer's name and address from
// the vault beside it. All of it waits for turns and for the store: for workers only.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/secrets.hpp"
#include "live/events.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/engine/box_office.hpp"

namespace server {

struct Buyer {
  std::string name{};
  std::string email{};
  friend bool operator==(const Buyer&, const Buyer&) = default;
};

/// A page of a list, and where the next begins; empty at the end.
struct Page {
  std::string items{};  ///< JSON array.
  std::string next{};   ///< A position, not yet a cursor.
};

class OrderBooks {
 public:
  OrderBooks(ticketcore::Storage& storage, const ticketcore::BoxOffice& office, const Secrets& secrets)
      : storage_(storage), office_(office), secrets_(secrets) {}

  void put_buyer(ticketcore::OrderId order, const Buyer& buyer);
  /// Puts it if there is none.
  void keep_buyer(ticketcore::OrderId order, const Buyer& buyer);
  /// After a refusal: erases whom the order would have been for, if the log has no order of this id. The same
  /// request may be granted on another server meanwhile; then the record stays.
  void erase_buyer_of_no_order(const OpenEvent& event, ticketcore::OrderId order);
  /// Of an order that there can't be.
  void erase_buyer(ticketcore::OrderId order);
  [[nodiscard]] std::optional<Buyer> buyer(ticketcore::OrderId order) const;

  /// nullopt if there is none.
  [[nodiscard]] std::optional<std::string> order_json(OpenEvent& event, ticketcore::OrderId order) const;
  /// The newest first; only those that the words fit, if there are any.
  [[nodiscard]] Page orders(OpenEvent& event, const std::string& position, std::uint32_t limit,
                            const std::string& words) const;
  /// Who sits where, in the order of the places; only places whose label begins so.
  [[nodiscard]] Page seating(OpenEvent& event, const std::string& position, std::uint32_t limit,
                             const std::string& place) const;
  /// nullopt if there is no such ticket.
  [[nodiscard]] std::optional<std::string> ticket_picture(OpenEvent& event,
                                                          const ticketcore::TicketId& ticket) const;

 private:
  void write_seat(ticketcore::JsonWriter& json, const ticketcore::Occupant& seat) const;

  ticketcore::Storage& storage_;
  const ticketcore::BoxOffice& office_;
  const Secrets& secrets_;
};

/// For comparing what people type: Latin and Cyrillic letters small.
[[nodiscard]] std::string folded(std::string_view text);

}  // namespace server
