#include "api/staff_log.hpp"

#include <exception>

#include "live/shared_log.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/formats/json_reader.hpp"

namespace server {
namespace {

constexpr std::size_t waiting_most = 2'000;
constexpr std::size_t read_at_once = 64U << 10;
constexpr std::size_t deeds_in_entry = 2'000;

[[nodiscard]] ticketcore::StreamId stream_of_month(std::string_view month) {
  return "server/staff/" + std::string(month);
}

[[nodiscard]] Deed from_json(const ticketcore::JsonValue& json) {
  const auto text = [&](std::string_view key) {
    const auto value = json.find(key);
    return value ? value->text(0, 20'000) : std::string();
  };
  return {ticketcore::parse_rfc3339(text("at")).value_or(ticketcore::Timestamp{}), text("key"), text("what"),
          text("path"), text("request")};
}

}  // namespace

std::string month_of(ticketcore::Timestamp time) { return ticketcore::to_rfc3339(time).substr(0, 7); }

bool StaffLog::record(Deed deed, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= waiting_most) return false;
    waiting_.push_back({std::move(deed), std::move(done)});
    // Whoever is first has the others written along.
    if (waiting_.size() > 1) return true;
  }
  if (writer_.submit([this] { write(); })) return true;
  // One writing at most is queued at a time, so that there is always room for it while the server runs.
  throw std::logic_error("the staff log's writer takes no more work");
}

void StaffLog::write() {
  std::vector<Waiting> deeds;
  {
    const std::lock_guard lock(mutex_);
    deeds.swap(waiting_);
  }
  std::exception_ptr failure;
  try {
    append(month_of(deeds.front().deed.at), deeds);
  } catch (const std::exception&) {
    seen_ = {};
    failure = std::current_exception();
  }
  for (const Waiting& waiting : deeds) waiting.done(failure);
}

void StaffLog::append(const std::string& month, const std::vector<Waiting>& deeds) {
  ticketcore::JsonWriter json(deeds.size() * 250);
  json.open_array();
  for (const auto& [deed, done] : deeds) {
    json.open_object()
        .key("at")
        .time(deed.at)
        .key("key")
        .text(deed.key)
        .key("what")
        .text(deed.what)
        .key("path")
        .text(deed.path);
    json.key("request").text(deed.request).close_object();
  }
  const std::string text = json.close_array().take();
  if (const auto stream = stream_of_month(month); seen_.stream != stream) seen_ = {stream, 0, {}};
  append_text(storage_, seen_, text);
}

StaffLog::Page StaffLog::read(std::string_view month, ticketcore::Revision after, std::size_t limit) const {
  Page page;
  for (;;) {
    const auto entries = storage_.read(stream_of_month(month), after, read_at_once);
    if (entries.empty()) return page;
    for (const ticketcore::Entry& entry : entries) {
      if (page.deeds.size() >= limit) {
        page.next = after;
        return page;
      }
      ticketcore::JsonDocument document(
          {reinterpret_cast<const char*>(entry.bytes.data()), entry.bytes.size()});
      for (const ticketcore::JsonValue& deed : document.root().elements(deeds_in_entry))
        page.deeds.push_back(from_json(deed));
      if (!document.is_good())
        throw ticketcore::StorageDamaged("an entry of the staff log of " + std::string(month) +
                                         " is damaged");
      after = entry.revision;
    }
  }
}

}  // namespace server
