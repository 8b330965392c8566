#include "api/keys.hpp"

#include <algorithm>

#include "api/secrets.hpp"
#include "live/shared_log.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/formats/json_reader.hpp"

namespace server {
namespace {

constexpr std::string_view key_stream = "server/keys";
constexpr std::string_view prefix = "tck_";
constexpr Scope all_scopes[] = {Scope::seller, Scope::box_office, Scope::gate, Scope::admin};

[[nodiscard]] ticketcore::Timestamp wall_clock() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

[[nodiscard]] std::string vault_id(std::string_view id) { return "server/key/" + std::string(id); }

[[nodiscard]] std::string key_record(const ApiKey& key) {
  ticketcore::JsonWriter json;
  json.open_object()
      .key("name")
      .text(key.name)
      .key("hash")
      .text(to_base64url(key.hash))
      .key("created_at")
      .time(key.created_at);
  json.key("scopes").open_array();
  for (const std::string_view scope : key.scopes.names()) json.text(scope);
  json.close_array().key("events").open_array();
  for (const std::string& event : key.events) json.text(event);
  json.close_array();
  if (key.expires_at) json.key("expires_at").time(*key.expires_at);
  if (key.removed) json.key("removed").flag(true);
  return json.close_object().take();
}

[[nodiscard]] ApiKey key_from(std::string id, const ticketcore::Bytes& bytes) {
  ticketcore::JsonDocument document({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const ticketcore::JsonValue record = document.root();
  ApiKey key;
  key.id = std::move(id);
  if (const auto name = record.need("name")) key.name = name->text(0, 100);
  if (const auto hash = record.need("hash")) key.hash = from_base64url(hash->text(0, 100)).value_or("");
  if (const auto at = record.need("created_at"))
    key.created_at = ticketcore::parse_rfc3339(at->text(1, 40)).value_or(ticketcore::Timestamp{});
  if (const auto scopes = record.need("scopes")) {
    for (const ticketcore::JsonValue& scope : scopes->elements(8)) {
      if (const auto known = parse_scope(scope.text(1, 20))) key.scopes.add(*known);
    }
  }
  if (const auto events = record.find("events")) {
    for (const ticketcore::JsonValue& event : events->elements(most_events_of_key))
      key.events.push_back(event.text(1, ticketcore::EventId::max_bytes));
  }
  if (const auto expires = record.find("expires_at")) {
    key.expires_at = ticketcore::parse_rfc3339(expires->text(1, 40));
    if (!key.expires_at) expires->problem("must be a time");
  }
  if (const auto removed = record.find("removed")) key.removed = removed->flag();
  if (!document.is_good())
    throw ticketcore::StorageDamaged("the vault's record of API key " + key.id + " is damaged");
  return key;
}

[[nodiscard]] bool was_removed(const std::vector<std::string>& entries, const std::string& id) {
  return std::find(entries.begin(), entries.end(), "-" + id) != entries.end();
}

/// The ids of the keys that were added and not removed, oldest first.
[[nodiscard]] std::vector<std::string> ids_in(const std::vector<std::string>& entries) {
  std::vector<std::string> ids;
  for (const std::string& entry : entries) {
    if (entry.starts_with('+')) ids.push_back(entry.substr(1));
    if (entry.starts_with('-')) std::erase(ids, entry.substr(1));
  }
  return ids;
}

}  // namespace

std::vector<std::string_view> Scopes::names() const {
  std::vector<std::string_view> names;
  for (const Scope scope : all_scopes) {
    if (has(scope)) names.push_back(name_of(scope));
  }
  return names;
}

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::open: return "public";
    case Scope::seller: return "seller";
    case Scope::box_office: return "box_office";
    case Scope::gate: return "gate";
    case Scope::admin: return "admin";
  }
  return "unknown";
}

std::optional<Scope> parse_scope(std::string_view name) {
  for (const Scope scope : all_scopes) {
    if (name_of(scope) == name) return scope;
  }
  return std::nullopt;
}

std::optional<PresentedKey> parse_key(std::string_view text) {
  if (!text.starts_with(prefix) || text.size() > 200) return std::nullopt;
  text.remove_prefix(prefix.size());
  const std::size_t end = text.find('_');
  if (end == std::string_view::npos || end == 0 || end > 40 || text.size() - end - 1 < 20)
    return std::nullopt;
  const auto is_fit = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
  };
  if (!std::all_of(text.begin(), text.end(), is_fit)) return std::nullopt;
  return PresentedKey{std::string(text.substr(0, end)), std::string(text.substr(end + 1))};
}

Scopes ApiKey::scopes_for(std::string_view event) const {
  if (events.empty() || std::find(events.begin(), events.end(), event) != events.end()) return scopes;
  return {};
}

void Keys::put(const ApiKey& key) {
  const std::string record = key_record(key);
  storage_.vault_put(vault_id(key.id), {reinterpret_cast<const std::uint8_t*>(record.data()), record.size()});
}

// The log comes first, so that no key is good which no list shows; and once more at the end: who removed the
// key meanwhile wins.
ApiKey Keys::add(ApiKey key, std::string_view secret) {
  if (const auto kept = find(key.id)) return *kept;
  key.hash = hash_of_secret(secret);
  const ticketcore::StreamId stream(key_stream);
  const auto entries = append_entry(
      storage_, stream, [&](const std::vector<std::string>& before) -> std::optional<std::string> {
        const std::string entry = "+" + key.id;
        const bool known = std::find(before.begin(), before.end(), entry) != before.end();
        return known ? std::nullopt : std::optional<std::string>(entry);
      });
  if (!was_removed(entries, key.id)) {
    put(key);
    if (!was_logged_as_removed(key.id)) return key;
  }
  bury(key);
  return key;
}

void Keys::bury(ApiKey& key) {
  key.removed = true;
  key.hash.clear();
  key.scopes = {};
  put(key);
}

bool Keys::remove(const std::string& id) {
  forget(id);
  bool removed = false;
  append_entry(storage_, ticketcore::StreamId(key_stream),
               [&](const std::vector<std::string>& entries) -> std::optional<std::string> {
                 const auto ids = ids_in(entries);
                 removed = std::find(ids.begin(), ids.end(), id) != ids.end();
                 return removed ? std::optional<std::string>("-" + id) : std::nullopt;
               });
  // Also when another server logged the removal, and died before this.
  if (auto key = find(id); key && !key->removed && was_logged_as_removed(id)) bury(*key);
  forget(id);
  return removed;
}

bool Keys::was_logged_as_removed(const std::string& id) {
  ticketcore::Revision after = 0;
  return was_removed(read_entries(storage_, ticketcore::StreamId(key_stream), after), id);
}

void Keys::forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  remembered_.erase(id);
}

std::vector<ApiKey> Keys::list() {
  ticketcore::Revision after = 0;
  std::vector<ApiKey> keys;
  for (const std::string& id : ids_in(read_entries(storage_, ticketcore::StreamId(key_stream), after))) {
    if (auto key = find(id); key && !key->removed) keys.push_back(std::move(*key));
  }
  return keys;
}

std::optional<ApiKey> Keys::find(const std::string& id) {
  const auto record = storage_.vault_get(vault_id(id));
  if (!record) return std::nullopt;
  return key_from(id, *record);
}

std::optional<Keys::Remembered> Keys::find_verified(const PresentedKey& key) {
  std::optional<Remembered> found;
  {
    const std::lock_guard lock(mutex_);
    const auto at = remembered_.find(key.id);
    if (at == remembered_.end()) return std::nullopt;
    found = at->second;
  }
  return same(found->key.hash, hash_of_secret(key.secret)) ? found : std::nullopt;
}

std::optional<ApiKey> Keys::remembered(const PresentedKey& key) {
  const auto found = find_verified(key);
  if (!found || found->until < std::chrono::steady_clock::now() || found->key.expired(wall_clock()))
    return std::nullopt;
  return found->key;
}

bool Keys::was_verified(const PresentedKey& key) { return find_verified(key).has_value(); }

std::optional<ApiKey> Keys::verify(const PresentedKey& key) {
  auto found = find(key.id);
  if (!found || found->removed || found->expired(wall_clock())) {
    forget(key.id);
    return std::nullopt;
  }
  if (!same(found->hash, hash_of_secret(key.secret))) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (remembered_.size() >= remembered_keys) remembered_.clear();
  remembered_.insert_or_assign(key.id, Remembered{*found, std::chrono::steady_clock::now() + remembered_for});
  return found;
}

}  // namespace server
