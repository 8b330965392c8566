#pragma once
// The built pages, read from a folder once at the start: what is asked for later is looked up in memory,
// never on the disk.

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace server {

struct PageFile {
  std::shared_ptr<const std::string> body{};
  std::string type{};
  std::string etag{};
  bool immutable = false;  ///< Its name changes with its contents.
};

class Pages {
 public:
  /// No pages.
  Pages() = default;
  /// Takes files of known types below the folder, and no links that lead out of it. Throws std::runtime_error
  /// for a folder that can't be read.
  explicit Pages(const std::filesystem::path& folder);

  /// By the path of a URL: a file's own, or a page's ("/events/gala" is event.html). Null if there is none.
  [[nodiscard]] const PageFile* find(std::string_view path, std::span<const std::string> segments) const;
  [[nodiscard]] bool empty() const noexcept { return files_.empty(); }

 private:
  std::map<std::string, PageFile, std::less<>> files_;
};

}  // namespace server
