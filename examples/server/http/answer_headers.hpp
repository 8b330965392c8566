#pragma once
// What every answer says to browsers. The server adds the strict ones to each answer that has none of its
// own, refusals of what is no request and of what is too much included; handlers choose others for pages and
// pictures.

#include <memory>
#include <string>
#include <string_view>

namespace server {

struct AnswerHeaders {
  /// secure: served by TLS. other_origins: pages of other sites may read some answers.
  struct Site {
    bool secure = false;
    bool other_origins = false;
  };
  explicit AnswerHeaders(const Site& site)
      : strict(lines(site, "default-src 'none'; frame-ancestors 'none'")),
        page(lines(site,
                   "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; "
                   "object-src 'none'; "
                   "form-action 'self'; frame-ancestors 'none'",
                   "Permissions-Policy: camera=(self), microphone=(), geolocation=()\r\n"
                   "Cross-Origin-Opener-Policy: same-origin\r\n")),
        picture(lines(site, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")) {}

  // Whole lines, each with its CRLF.
  std::shared_ptr<const std::string> strict;
  std::shared_ptr<const std::string> page;
  std::shared_ptr<const std::string> picture;

 private:
  [[nodiscard]] static std::shared_ptr<const std::string> lines(const Site& site, std::string_view policy,
                                                                std::string_view more = {}) {
    std::string text =
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: ";
    text.append(policy).append("\r\n").append(more);
    if (site.secure) text += "Strict-Transport-Security: max-age=31536000\r\n";
    if (site.other_origins) text += "Vary: Origin\r\n";
    return std::make_shared<const std::string>(std::move(text));
  }
};

}  // namespace server
