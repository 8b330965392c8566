// docs/log-format.md lists every fact, command and record with its fields; this is what the declarations say.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "ticketcore/sale/commands.hpp"
#include "ticketcore/sale/detail/field_bytes.hpp"

using namespace ticketcore;

namespace {

/// "AreaQuantity".
template <class Record>
[[nodiscard]] std::string name_of_record() {
  std::string_view name = __PRETTY_FUNCTION__;
  name.remove_prefix(name.find("Record = ") + 9);
  name = name.substr(0, name.find_first_of(";]"));
  return std::string(name.substr(name.rfind("ticketcore::") + 12));
}

/// Lists records as the page does, and those that their fields are made of.
class Listing {
 public:
  /// How facts, or commands, have seat maps.
  explicit Listing(std::string seat_map) : seat_map_(std::move(seat_map)) {}

  template <class Variant>
  [[nodiscard]] std::string kinds() {
    return [this]<std::size_t... index>(std::index_sequence<index...>) {
      return (kind<std::variant_alternative_t<index, Variant>>() + ...);
    }
    (std::make_index_sequence<std::variant_size_v<Variant>>());
  }

  [[nodiscard]] std::string records() const {
    std::string text;
    for (const auto& [name, fields] : records_) text += name + "\n" + fields;
    return text;
  }

 private:
  template <class Body>
  [[nodiscard]] std::string kind() {
    return std::to_string(Body::tag) + " " + std::string(Body::name) + "\n" + fields<Body>();
  }
  template <class Record>
  [[nodiscard]] std::string fields() {
    std::string text;
    for_each_field<Record>([&]<class Member>(const Field<Record, Member>& each) {
      text += "    " + std::to_string(each.number) + " " + std::string(each.name) + ": " + type<Member>();
      if (each.rule.most != UINT64_MAX) text += ", at most " + std::to_string(each.rule.most);
      if (each.rule.required) text += ", required";
      text += "\n";
    });
    return text;
  }
  template <class Member>
  [[nodiscard]] std::string type() {
    if constexpr (std::is_same_v<Member, std::string>) {
      return "text";
    } else if constexpr (requires(Member it) { it.text(); }) {
      return "text of 1 to " + std::to_string(Member::max_bytes) + " bytes";
    } else if constexpr (std::derived_from<Member, Id128>) {
      return "id";
    } else if constexpr (std::unsigned_integral<Member> || detail::is_index<Member>) {
      return "number";
    } else if constexpr (std::is_same_v<Member, std::int64_t>) {
      return "signed";
    } else if constexpr (std::is_same_v<Member, std::optional<std::int64_t>>) {
      return "signed or none";
    } else if constexpr (std::is_enum_v<Member>) {
      return words<Member>();
    } else if constexpr (std::is_same_v<Member, std::chrono::seconds>) {
      return "signed, seconds";
    } else if constexpr (std::is_same_v<Member, std::chrono::sys_seconds>) {
      return "number, epoch seconds";
    } else if constexpr (std::is_same_v<Member, Timestamp>) {
      return "signed, epoch microseconds";
    } else if constexpr (std::is_same_v<Member, std::shared_ptr<const SeatMap>>) {
      return seat_map_;
    } else if constexpr (std::is_same_v<Member, PriceList>) {
      return type<PriceListParts>();
    } else if constexpr (Declared<Member>) {
      records_[name_of_record<Member>()] = fields<Member>();
      return name_of_record<Member>();
    } else if constexpr (detail::ListOfNumbers<Member>) {
      return "numbers";
    } else {
      return type<typename Member::value_type>() + ", repeated";
    }
  }
  template <class Enum>
  [[nodiscard]] static std::string words() {
    std::string text;
    std::size_t value = 0;
    for (const std::string_view word : words_of(Enum{}))
      text += (value == 0 ? "" : ", ") + std::to_string(value) + " " + std::string(word), ++value;
    return text;
  }

  std::string seat_map_;
  std::map<std::string, std::string> records_;
};

/// The block of text that follows this heading on the page.
[[nodiscard]] std::string block_under(std::string_view heading) {
  std::ifstream file(std::filesystem::path(TICKETCORE_SOURCE_DIR) / "docs" / "log-format.md");
  REQUIRE(file);
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t at = page.find("\n" + std::string(heading) + "\n");
  REQUIRE(at != std::string::npos);
  const std::size_t from = page.find("```text\n", at);
  REQUIRE(from != std::string::npos);
  const std::size_t to = page.find("```", from + 8);
  REQUIRE(to != std::string::npos);
  return page.substr(from + 8, to - from - 8);
}

/// Fails at the first line that differs, with both.
void compare(std::string_view heading, std::string_view declared) {
  const std::string whole(declared);
  INFO("docs/log-format.md, ", heading, ": the declarations say\n", whole);
  const std::string block = block_under(heading);
  std::string_view page = block;
  const auto next_line = [](std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
  };
  while (!page.empty() || !declared.empty()) REQUIRE(next_line(page) == next_line(declared));
}

}  // namespace

TEST_CASE("the format's page lists the facts, commands and records as they are declared") {
  Listing facts("seat map's hash");
  compare("### Facts", facts.kinds<FactBody>());
  Listing both("seat map");
  compare("### Commands", both.kinds<CommandBody>());
  (void)both.kinds<FactBody>();
  compare("### Records", both.records());
}
