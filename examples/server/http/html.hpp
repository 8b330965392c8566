#pragma once
// The few pages that the server writes by itself: plain, without script. Their style comes with the built
// pages.

#include <string>
#include <string_view>

namespace server {

[[nodiscard]] inline std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += letter;
    }
  }
  return escaped;
}

[[nodiscard]] inline std::string html_page(std::string_view title, std::string_view body) {
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
         "content=\"width=device-width, initial-scale=1\">\n"
         "<link rel=\"stylesheet\" href=\"/plain.css\">\n<title>" +
         escape_html(title) + "</title>\n</head>\n<body>\n<main>\n" + std::string(body) +
         "</main>\n</body>\n</html>\n";
}

}  // namespace server
