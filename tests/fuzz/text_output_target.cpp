// Names come from outside, and are written where other programs read them.

#include <boost/json.hpp>
#include <optional>

#include "base/csv_text.hpp"
#include "fuzz.hpp"
#include "ticketcore/base/detail/control_characters.hpp"
#include "ticketcore/base/json_writer.hpp"

namespace ticketcore::fuzz {
namespace {

/// Records of RFC 4180, read by nothing that wrote them. Nullopt for what the RFC has no reading of.
[[nodiscard]] std::optional<std::vector<std::vector<std::string>>> read_csv(std::string_view text) {
  std::vector<std::vector<std::string>> records(1, std::vector<std::string>(1));
  for (std::size_t at = 0; at < text.size();) {
    std::string& field = records.back().back();
    if (text[at] == '"') {
      if (!field.empty()) return std::nullopt;
      for (++at; at < text.size() && !(text[at] == '"' && text.substr(at + 1, 1) != "\""); ++at) {
        if (text[at] == '"') ++at;
        field += text[at];
      }
      if (at == text.size()) return std::nullopt;
      ++at;
      if (at < text.size() && text[at] != ',' && text[at] != '\n') return std::nullopt;
    } else if (text[at] == ',') {
      records.back().emplace_back();
      ++at;
    } else if (text[at] == '\n') {
      records.emplace_back(1);
      ++at;
    } else if (text[at] == '\r') {
      return std::nullopt;
    } else {
      field += text[at++];
    }
  }
  return records;
}

}  // namespace

void text_output(BytesView bytes) {
  const std::string text(text_of(bytes));
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(json_text(text), error);
  require(!error && value.is_string(), "any text is a text in JSON");
  if (detail::is_utf8(text))
    require(std::string_view(value.get_string().data(), value.get_string().size()) == text,
            "JSON gives the text back");

  const std::string half = text.substr(0, text.size() / 2);
  const auto records =
      read_csv(csv_text(text) + "," + csv_text(half) + "\n" + csv_text(half) + "," + csv_text(text));
  const std::vector<std::vector<std::string>> expected{{text, half}, {half, text}};
  require(records == expected, "CSV gives the fields back");
}

}  // namespace ticketcore::fuzz
