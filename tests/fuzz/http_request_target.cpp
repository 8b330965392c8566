#ifdef TICKETCORE_HAVE_SERVER_HTTP

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <optional>
#include <string>

#include "fuzz.hpp"
#include "http/request_parser.hpp"

namespace ticketcore::fuzz {
namespace {

const server::HttpOptions limits{.body_bytes = 200, .header_bytes = 400};

/// The request at the beginning of these bytes, if they are one, read as a connection reads them: in portions
/// of that size.
std::optional<server::Request> parsed(std::string_view bytes, std::size_t portion) {
  server::RequestParser parser(limits);
  std::string unread;
  while (!bytes.empty()) {
    unread += bytes.substr(0, portion);
    bytes.remove_prefix(std::min(portion, bytes.size()));
    boost::beast::error_code error;
    unread.erase(0, parser.take(boost::asio::buffer(unread), error));
    if (error && error != boost::beast::http::error::need_more) {
      const server::Refused refused = parser.refused(error);
      require(refused.status >= 400 && refused.status < 600 && !refused.detail.empty(),
              "a refused request is told why");
      return std::nullopt;
    }
    if (parser.is_done()) return std::move(parser.request());
    require(unread.size() <= limits.header_bytes, "what waits for the rest of a request is within the limit");
  }
  return std::nullopt;
}

}  // namespace

void http_request(BytesView bytes) {
  const std::optional<server::Request> whole = parsed(text_of(bytes), bytes.size());
  for (const std::size_t portion : {std::size_t{1}, std::size_t{7}}) {
    const std::optional<server::Request> again = parsed(text_of(bytes), portion);
    // At the very limit of the head a few bytes more are let pass when they come line by line.
    if (bytes.size() <= limits.header_bytes)
      require(whole.has_value() == again.has_value(), "a request is one in whatever portions it comes");
    if (!whole || !again) continue;
    require(whole->path == again->path && whole->segments == again->segments &&
                whole->query == again->query && whole->body == again->body,
            "and the same one");
  }
  if (!whole) return;
  require(whole->path == "*" || whole->path.starts_with('/'), "a path begins with /");
  require(whole->body.size() <= limits.body_bytes, "a body is within its limit");
  std::size_t head_bytes = 0;
  for (const server::Header& header : whole->headers) head_bytes += header.name.size() + header.value.size();
  require(head_bytes <= limits.header_bytes, "headers are within their limit");
  for (const std::string& segment : whole->segments) {
    require(segment != "." && segment != "..", "no part of a path climbs");
    for (const char character : segment)
      require(static_cast<unsigned char>(character) >= ' ', "no part of a path has control characters");
  }
}

}  // namespace ticketcore::fuzz

#endif
