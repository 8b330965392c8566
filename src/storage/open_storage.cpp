#include "ticketcore/storage/open_storage.hpp"

#include <algorithm>

#include "storage/scheme_registry.hpp"
#include "ticketcore/storage/memory.hpp"

namespace ticketcore {
namespace {

constexpr std::string_view memory_url = "memory:";

[[nodiscard]] std::unique_ptr<Storage> open_memory(const std::string&, const OpenOptions& options) {
  if (options.access != StorageAccess::read_write_create)
    throw StorageUnavailable("a store in memory is new each time it is opened: none is there to be opened");
  return std::make_unique<MemoryStorage>(options.clock);
}

[[nodiscard]] SchemeRegistry<StorageOpener>& storages() {
  static SchemeRegistry<StorageOpener> registry;
  static const bool has_memory = (registry.put("memory", open_memory), true);
  static_cast<void>(has_memory);
  return registry;
}

[[nodiscard]] std::string shown(const std::string& scheme) {
  if (scheme == "memory") return std::string(memory_url);
  if (scheme == "sqlite") return "sqlite:///PATH or the path alone";
  if (scheme == "postgresql") return "postgresql://USER@HOST/DATABASE";
  return scheme + "://...";
}

[[nodiscard]] std::filesystem::path file_of(std::string_view path, std::string_view url) {
  if (path.empty() || path == "/")
    throw StorageUrlError("\"" + std::string(url) +
                          "\" names no file; sqlite:///box.db or box.db is one in this folder, memory: a "
                          "store without a file");
  return path;
}

}  // namespace

bool is_scheme(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && std::all_of(text.begin(), text.end(), fits);
}

void refuse_scheme(const std::string& scheme, const std::vector<std::string>& registered,
                   std::string_view call) {
  for (const auto& [known, target] : {std::pair("sqlite", "sqlite"), std::pair("postgresql", "postgres")}) {
    if (scheme == known)
      throw StorageUrlError(
          "this program can't open " + shown(scheme) + ": it must be linked with ticketcore::" + target +
          " and call ticketcore::register_" + target + std::string(call) + "() at its start");
  }
  std::string known;
  for (const std::string& name : registered) known += (known.empty() ? "" : ", ") + shown(name);
  throw StorageUrlError("\"" + shown(scheme) + "\" is nothing that this program can open; it opens " +
                        (known.empty() ? "nothing, as nothing was registered" : known));
}

void register_storage(std::string scheme, StorageOpener opener) {
  storages().put(std::move(scheme), std::move(opener));
}

StorageUrl read_storage_url(std::string_view url) {
  if (url == memory_url) return {"memory", {}};
  if (url == ":memory:" || url.starts_with(memory_url))
    throw StorageUrlError(
        "a store in memory is \"memory:\", without a name: each one that is opened is a new one");
  const std::size_t end = url.find("://");
  // A drive's letter and a colon, or a colon somewhere in a name, make no scheme.
  if (end == std::string_view::npos && !url.starts_with("sqlite:")) return {"sqlite", file_of(url, url)};
  std::string scheme(url.substr(0, std::min(end, url.find(':'))));
  for (char& c : scheme) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (!is_scheme(scheme))
    throw StorageUrlError("\"" + scheme +
                          "\" is no scheme; before \"://\" stand letters, digits, \"+\", "
                          "\"-\" and \".\", as in sqlite:///PATH");
  if (scheme == "postgres") return {"postgresql", {}};
  if (scheme != "sqlite") return {scheme, {}};
  const std::string_view rest = url.substr(scheme.size() + 1);
  if (!rest.starts_with("///"))
    throw StorageUrlError(
        "a SQLite URL has three slashes before its path, four before an absolute one: "
        "sqlite:///box.db");
  return {scheme, file_of(rest.substr(3), url)};
}

std::unique_ptr<Storage> open_storage(const std::string& url, const OpenOptions& options) {
  return storages().need(read_storage_url(url).scheme, "")(url, options);
}

}  // namespace ticketcore
