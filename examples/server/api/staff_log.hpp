#pragma once
// Who of the staff asked for what: written down, durably, before it is done. Kept in logs of the server's
// own, one a month, with ids alone: names are looked up in the vault, where they can be erased. Whether it
// was done stands in the event's log, under the same request id. Many that come at once are written together.

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/workers.hpp"
#include "ticketcore/base/time.hpp"
#include "ticketcore/storage/storage.hpp"

namespace server {

struct Deed {
  ticketcore::Timestamp at{};
  std::string key{};      ///< The API key's id.
  std::string what{};     ///< "POST /v1/events/{event}/scans".
  std::string path{};     ///< As it was asked.
  std::string request{};  ///< The command's id; empty if it has none.
};

class StaffLog {
 public:
  /// Done is called on the one worker that writes; with what went wrong, if the deed is not surely written.
  using Done = std::function<void(std::exception_ptr)>;

  StaffLog(ticketcore::Storage& storage, Workers& writer) : storage_(storage), writer_(writer) {}

  /// False, and Done never called, when too many wait.
  [[nodiscard]] bool record(Deed deed, Done done);

  struct Page {
    std::vector<Deed> deeds{};
    ticketcore::Revision next = 0;  ///< 0: no more.
  };
  /// Those of the month ("2027-01") after the revision, oldest first: limit of them, or somewhat more. Throws
  /// StorageError.
  [[nodiscard]] Page read(std::string_view month, ticketcore::Revision after, std::size_t limit) const;

 private:
  struct Waiting {
    Deed deed{};
    Done done{};
  };
  void write();
  void append(const std::string& month, const std::vector<Waiting>& deeds);

  ticketcore::Storage& storage_;
  Workers& writer_;
  std::mutex mutex_;
  std::vector<Waiting> waiting_;
  // Of the writer alone: how far the month's log was seen.
  ticketcore::Position seen_;
};

/// "2027-01".
[[nodiscard]] std::string month_of(ticketcore::Timestamp time);

}  // namespace server
