#pragma once
// One request on its way to its answer: who asks, for what, under which id of the command, and the ways to
// answer. Shared by the threads that work on it; answered once.

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/keys.hpp"
#include "http/http.hpp"
#include "http/metrics.hpp"
#include "http/problem.hpp"
#include "live/view.hpp"
#include "ticketcore/base/ids.hpp"
#include "ticketcore/formats/json_reader.hpp"
#include "ticketcore/storage/storage.hpp"

namespace server {

/// Where a request came from, as limits see it.
struct Client {
  std::string name{};
  unsigned buyers = 1;  ///< Whose share it has: more for an address that many buyers have in common.
};

struct Caller {
  std::string key_id{};  ///< Empty: somebody without a key.
  std::string name{};
  Scopes scopes{};                    ///< Here: none where the key is not for the event.
  Scopes scopes_of_key{};             ///< Where it is.
  std::vector<std::string> events{};  ///< The only ones that the key is for; empty: all.
};

/// How often each reason was given.
using ProblemCounters = std::map<std::string, Counter*, std::less<>>;

class Call {
 public:
  Call(Request asked, Reply reply, SharedText fixed_headers, std::string allowed_origin, Client from,
       const ProblemCounters& counters)
      : request(std::move(asked)),
        client(std::move(from)),
        reply_(std::move(reply)),
        fixed_headers_(std::move(fixed_headers)),
        allowed_origin_(std::move(allowed_origin)),
        counters_(counters) {}

  Request request;
  Caller caller{};
  ticketcore::RequestId command{};  ///< From the Idempotency-Key.
  /// How far the event's log was when the caller was last told of it, as his token or his X-Revision says;
  /// nullopt if neither says.
  std::optional<ticketcore::Revision> told_at{};
  Client client;

  /// A part of the path, counted from 0.
  [[nodiscard]] const std::string& segment(std::size_t index) const { return request.segments[index]; }

  void json(int status, std::string body, std::vector<Header> headers = {});
  /// A body that many get, with 304 for those who have it.
  void shared(const SharedText& body, std::string_view type, const std::string& etag,
              std::string_view cache_control, std::vector<Header> headers = {});
  /// The answer will say by X-Revision how far the event's log is: a signed number, to be sent along with the
  /// next request.
  void tell_revision(std::string signed_revision) { signed_revision_ = std::move(signed_revision); }
  void was_told_at(ticketcore::Revision revision) { told_at = std::max(told_at.value_or(0), revision); }
  /// The first answer counts: a failure after it can't be told any more.
  void send(Response response);
  [[nodiscard]] bool answered() const { return answered_.load(std::memory_order_relaxed); }
  void problem(const Problem& problem);
  void refuse(const ticketcore::Refusal& refusal) { problem(make_problem(refusal)); }
  /// Null if the call was answered before. kept lives until the client is gone, or the stream has ended.
  [[nodiscard]] std::shared_ptr<Stream> stream(std::string_view type, std::shared_ptr<void> kept);

  /// Reads the body, and answers itself when there is something wrong with it. False then.
  [[nodiscard]] bool read_body(const std::function<void(const ticketcore::JsonValue&)>& read);
  /// One of the query, within its range; an error answers itself, and is nullopt.
  [[nodiscard]] std::optional<std::uint32_t> read_limit(std::uint32_t usual, std::uint32_t most);

 private:
  void complete(Response& response) const;

  std::atomic<bool> answered_{false};
  Reply reply_;
  SharedText fixed_headers_;    ///< Unless the answer has its own.
  std::string allowed_origin_;  ///< Of another site's page that may read the answer; mostly empty.
  std::string signed_revision_{};
  const ProblemCounters& counters_;
};

using CallPtr = std::shared_ptr<Call>;

/// A cursor that says how far a list was read; opaque to clients.
[[nodiscard]] std::string make_cursor(std::string_view list, std::string_view position);
/// Empty if there is none. nullopt when it is not one of this list's: the call is answered.
[[nodiscard]] std::optional<std::string> read_cursor(Call& call, std::string_view list);

}  // namespace server
