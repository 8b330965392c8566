#include <doctest/doctest.h>

#include "little_house.hpp"
#include "ticketcore/tickets/seat_map_svg.hpp"
#include "ticketcore/tickets/ticket_svg.hpp"

using namespace ticketcore;

namespace {

[[nodiscard]] std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("each place of a drawn house has a title with label, category and status") {
  const auto map = little::house();
  SeatMapPicture picture;
  picture.title = "Premiere <1>";
  picture.status = [](PlaceIndex place) {
    return place.value == 0 ? PlaceStatus::sold : place.value == 1 ? PlaceStatus::held : PlaceStatus::free;
  };
  picture.area_use = [](AreaIndex) { return AreaUse{7, 1, 2, 0}; };
  const std::string svg = seat_map_svg(*map, picture);
  CHECK(count_of(svg, "<title>") == 1 + map->place_count() + 1);
  CHECK(svg.find("<title>Hall-A-1, Parquet, sold</title>") != std::string::npos);
  CHECK(svg.find("<title>Hall-B-1, Cheap, wheelchair place, free</title>") != std::string::npos);
  CHECK(svg.find("7 of 10 free") != std::string::npos);
  CHECK(svg.find("Premiere &lt;1&gt;") != std::string::npos);
  CHECK(count_of(svg, "class=\"p c0 s\"") == 2);  // the seat and the legend
  CHECK(svg.find("22 free") != std::string::npos);
  CHECK(count_of(svg, "<g") == count_of(svg, "</g>"));
}

TEST_CASE("a chart without stage, focal point or room still draws") {
  SeatMapBuilder builder("One");
  const CategoryIndex category = builder.add_category({"a", "A & B", "#000000"});
  builder.add_row(builder.no_section(), "A");
  builder.add_seat({.label = "<1>", .category = category});
  const std::string svg = seat_map_svg(builder.build());
  CHECK(svg.find("A-&lt;1&gt;, A &amp; B, free") != std::string::npos);
}

TEST_CASE("texts that are no UTF-8, or that XML can't carry, are replaced, so that the picture stays XML") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"a\xC0\xAF"
       "b",
       "a\uFFFD\uFFFD"
       "b"},                                             // an overlong slash
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},            // a surrogate
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},  // past the last character
      {"\xE0\x80\xAF", "\uFFFD\uFFFD\uFFFD"},            // overlong, three bytes
      {"cut \xD0", "cut \uFFFD"},
      {"\xEF\xBF\xBE\xEF\xBF\xBF", "\uFFFD\uFFFD"},  // no characters
      {"\x01\x1F\x7F\xC2\x80\xC2\x9F", "     "},
      {"\xF0\x9F\x8E\xAD Опера", "\xF0\x9F\x8E\xAD Опера"},
  };
  for (const auto& [given, shown] : cases) {
    TicketPicture ticket;
    ticket.event = given;
    ticket.code = "TC1:ABC";
    CHECK(ticket_svg(ticket).find(">" + shown + "</text>") != std::string::npos);
  }
}

TEST_CASE("a ticket shows what it is for, and hostile or endless texts stay inside") {
  TicketPicture ticket;
  ticket.event = std::string(100, 'W') + "<script>";
  ticket.venue = "Опера & Co";
  ticket.section = "Stalls";
  ticket.row = "C";
  ticket.seat = "11";
  ticket.price = "1200.00 UAH";
  ticket.order_number = "17";
  ticket.category_color = "red\" onload=\"alert(1)";
  ticket.code = "TC1:ABC";
  const std::string svg = ticket_svg(ticket);
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find("onload") == std::string::npos);
  CHECK(svg.find("Опера &amp; Co") != std::string::npos);
  CHECK(svg.find("\xE2\x80\xA6</text>") != std::string::npos);  // cut, with an ellipsis
  CHECK(svg.find(">11</text>") != std::string::npos);
  CHECK(svg.find("No. 17") != std::string::npos);
  // 21 modules and a quiet zone of four on each side.
  CHECK(svg.find("<rect width=\"29\" height=\"29\" fill=\"#fff\"/>") != std::string::npos);
}

TEST_CASE("a price in bold ends before the order's number begins") {
  TicketPicture ticket;
  ticket.event = "Gala";
  ticket.price = "1400.00 UAH";
  ticket.order_number = "2";
  ticket.code = "TC1:ABC";
  const std::string svg = ticket_svg(ticket);
  const auto attribute = [&](std::string_view content, std::string_view name) {
    const std::size_t end = svg.find(">" + std::string(content) + "</text>");
    REQUIRE(end != std::string::npos);
    const std::size_t at = svg.find(std::string(name) + "=\"", svg.rfind("<text", end));
    return std::stod(svg.substr(at + name.size() + 2));
  };
  // Advances of DejaVu Sans Bold, the widest of the fonts asked for: six digits, a point, a space, U, A, H.
  constexpr double ems = 6 * 0.696 + 0.380 + 0.348 + 0.812 + 0.774 + 0.837;
  CHECK(attribute("1400.00 UAH", "x") + ems * attribute("1400.00 UAH", "font-size") <
        attribute("No. 2", "x"));
}
