#include "web/pages.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "api/secrets.hpp"

namespace server {
namespace {

constexpr std::uintmax_t file_bytes = 16U << 20;

[[nodiscard]] std::string_view type_of(const std::string& extension) {
  static const std::map<std::string, std::string_view> types = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".wasm", "application/wasm"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"}};
  const auto found = types.find(extension);
  return found == types.end() ? std::string_view() : found->second;
}

[[nodiscard]] std::string_view page_of(std::span<const std::string> segments) {
  if (segments.empty()) return "/index.html";
  const std::string& first = segments.front();
  if (segments.size() == 1) {
    for (const std::string_view name : {"checkout", "box-office", "gate", "admin", "api"}) {
      if (first != name) continue;
      static const std::map<std::string_view, std::string_view> files = {{"checkout", "/checkout.html"},
                                                                         {"box-office", "/box-office.html"},
                                                                         {"gate", "/gate.html"},
                                                                         {"admin", "/admin.html"},
                                                                         {"api", "/api.html"}};
      return files.at(name);
    }
  }
  if (segments.size() == 2 && first == "events") return "/event.html";
  if (segments.size() == 3 && first == "orders") return "/order.html";
  return {};
}

}  // namespace

Pages::Pages(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder))
    throw std::runtime_error(folder.string() +
                             " is no folder; --web needs the one that the pages were built into");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_symlink() || !entry.is_regular_file()) continue;
    const std::string_view type = type_of(entry.path().extension().string());
    const std::string name = "/" + entry.path().lexically_relative(folder).generic_string();
    if (type.empty() || name.find("/.") != std::string::npos || entry.file_size() > file_bytes) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    auto body = std::make_shared<const std::string>(std::istreambuf_iterator<char>(in),
                                                    std::istreambuf_iterator<char>());
    if (!in) throw std::runtime_error(entry.path().string() + " can't be read");
    std::string etag = "\"" + to_base64url(hash_of_secret(*body)).substr(0, 22) + "\"";
    files_[name] = {std::move(body), std::string(type), std::move(etag), name.starts_with("/assets/")};
  }
}

const PageFile* Pages::find(std::string_view path, std::span<const std::string> segments) const {
  auto found = files_.find(path);
  if (found == files_.end()) found = files_.find(page_of(segments));
  return found == files_.end() ? nullptr : &found->second;
}

}  // namespace server
