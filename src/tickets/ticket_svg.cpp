#include "ticketcore/tickets/ticket_svg.hpp"

#include <algorithm>

#include "svg_writer.hpp"
#include "ticketcore/tickets/qr.hpp"

namespace ticketcore {
namespace {

using svg::number;

// All lengths in thousandths of a millimetre.
constexpr std::int64_t mm = 1'000;
constexpr std::int64_t width = 180 * mm;
constexpr std::int64_t height = 80 * mm;
constexpr std::int64_t stub = 118 * mm;  // where the perforation runs

struct Text {
  std::int64_t x = 0;
  std::int64_t y = 0;
  std::int64_t size = 0;
  std::int64_t room = 0;
  const char* style = "";
};

/// Bold letters are this much wider than what svg::width reckons with: in sixths.
constexpr std::int64_t bold = 7;

/// Down to two thirds of the size before anything is cut.
void put(std::string& out, const Text& where, std::string_view content) {
  if (content.empty()) return;
  const std::int64_t room = std::string_view(where.style).find("font-weight") == std::string_view::npos
                                ? where.room
                                : where.room * 6 / bold;
  const std::int64_t wide = std::max<std::int64_t>(svg::width(content), 1);
  const std::int64_t size = std::clamp(room * 1000 / wide, where.size * 2 / 3, where.size);
  out += "<text x=\"" + number(where.x) + "\" y=\"" + number(where.y) + "\" font-size=\"" + number(size) +
         "\" " + where.style + ">" + svg::escape(svg::fit(content, size, room)) + "</text>\n";
}

void put_field(std::string& out, std::int64_t x, std::int64_t y, std::int64_t room, const char* caption,
               std::string_view content, std::int64_t size) {
  if (content.empty()) return;
  put(out, {x, y, 2'500, room, "class=\"caption\""}, caption);
  put(out, {x, y + size + 900, size, room, "font-weight=\"700\""}, content);
}

/// Dark modules as one path of horizontal runs, on a white ground that holds the quiet zone of four modules.
void put_qr(std::string& out, std::int64_t x, std::int64_t y, std::int64_t side, const std::string& code) {
  const QrCode symbol = encode_qr(code, {.level = QrLevel::M});
  const int modules = symbol.size() + 8;
  out += "<g transform=\"translate(" + number(x) + " " + number(y) + ") scale(" +
         std::to_string(static_cast<double>(side) / 1000.0 / modules) + ")\"><rect width=\"" +
         std::to_string(modules) + "\" height=\"" + std::to_string(modules) +
         "\" fill=\"#fff\"/><path shape-rendering=\"crispEdges\" fill=\"#000\" d=\"";
  for (int row = 0; row < symbol.size(); ++row) {
    for (int column = 0; column < symbol.size();) {
      if (!symbol.module(column, row)) {
        ++column;
        continue;
      }
      int end = column;
      while (symbol.module(end, row)) ++end;
      out += "M" + std::to_string(column + 4) + " " + std::to_string(row + 4) + "h" +
             std::to_string(end - column) + "v1h-" + std::to_string(end - column) + "z";
      column = end;
    }
  }
  out += "\"/></g>\n";
}

[[nodiscard]] std::string color_of(const std::string& color) {
  const bool good = color.size() == 7 && color[0] == '#' &&
                    color.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
  return good ? color : "#333333";
}

void put_place(std::string& out, const TicketPicture& ticket, std::int64_t left) {
  constexpr std::int64_t top = 42 * mm;
  if (!ticket.area.empty()) {
    put_field(out, left, top, 100 * mm, "STANDING", ticket.area, 9'000);
    return;
  }
  constexpr std::int64_t gap = 6 * mm;
  std::int64_t x = left;
  const auto big = [&](const char* caption, const std::string& content, std::int64_t room) {
    if (content.empty()) return;
    put_field(out, x, top, room - gap, caption, content, 9'000);
    x += std::min(room, svg::width(content) * 9 * bold / 6 + gap);
  };
  big("SECTION", ticket.section, 58 * mm);
  big(ticket.seat.empty() ? "TABLE" : "ROW", ticket.row, 24 * mm);
  big("SEAT", ticket.seat, 23 * mm);
}

}  // namespace

std::string ticket_svg(const TicketPicture& ticket) {
  const std::string color = color_of(ticket.category_color);
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 180 80\" width=\"180mm\" "
      "height=\"80mm\">\n<title>" +
      svg::escape("Ticket " + ticket.ticket_id + ": " + ticket.event) +
      "</title>\n<style>text{font-family:" + std::string(svg::fonts) +
      ";fill:#1f2933}.caption{fill:#7b8794;letter-spacing:.12px}.small{fill:#52606d}.mono{font-family:'"
      "DejaVu Sans Mono',monospace;fill:#7b8794}</style>\n";
  // A card with a bite at each end of the perforation.
  out +=
      "<path fill=\"#fff\" stroke=\"#cbd2d9\" stroke-width=\".3\" d=\"M3 .2H115a3 3 0 0 0 6 0H177a2.8 2.8 0 "
      "0 1 2.8 2.8V77a2.8 2.8 0 0 1-2.8 2.8H121a3 3 0 0 "
      "0-6 0H3A2.8 2.8 0 0 1 .2 77V3A2.8 2.8 0 0 1 3 .2z\"/>\n";
  out += "<path fill=\"" + color + "\" d=\"M.2 3A2.8 2.8 0 0 1 3 .2H7V79.8H3A2.8 2.8 0 0 1 .2 77z\"/>\n";
  out += "<path stroke=\"#9aa5b1\" stroke-width=\".35\" stroke-dasharray=\"1.2 1.2\" d=\"M118 5V75\"/>\n";
  constexpr std::int64_t left = 13 * mm;
  constexpr std::int64_t room = stub - left - 5 * mm;
  put(out, {left, 15 * mm, 8'400, room, "font-weight=\"800\""}, ticket.event);
  put(out, {left, 23 * mm, 4'400, room, "class=\"small\""}, ticket.venue);
  put(out, {left, 31'500, 5'000, room, "font-weight=\"600\""}, ticket.starts_at);
  out += "<path stroke=\"#e4e7eb\" stroke-width=\".4\" d=\"M13 35.5H113\"/>\n";
  put_place(out, ticket, left);
  out += "<path stroke=\"#e4e7eb\" stroke-width=\".4\" d=\"M13 57.5H113\"/>\n";
  put_field(out, left, 62'500, 30 * mm, "CATEGORY", ticket.category, 3'700);
  put_field(out, 45 * mm, 62'500, 20 * mm, "TYPE", ticket.ticket_type, 3'700);
  put_field(out, 67 * mm, 62'500, 24 * mm, "PRICE", ticket.price, 3'700);
  put_field(out, 93 * mm, 62'500, 20 * mm, "ORDER",
            ticket.order_number.empty() ? "" : "No. " + ticket.order_number, 3'700);
  put(out, {left, 74'500, 2'600, room, "class=\"small\""},
      ticket.holder.empty() ? "" : "For " + ticket.holder);
  constexpr std::int64_t side = 52 * mm;
  put_qr(out, stub + (width - stub - side) / 2, 5 * mm, side, ticket.code);
  const std::string where = !ticket.area.empty()
                                ? ticket.area
                                : ticket.section + (ticket.row.empty() ? "" : "  " + ticket.row) +
                                      (ticket.seat.empty() ? "" : "-" + ticket.seat);
  put(out, {(stub + width) / 2, 64'500, 4'600, 54 * mm, "font-weight=\"700\" text-anchor=\"middle\""}, where);
  put(out, {(stub + width) / 2, 70 * mm, 2'800, 54 * mm, "class=\"small\" text-anchor=\"middle\""},
      ticket.ticket_type + (ticket.price.empty() ? "" : "  \xC2\xB7  " + ticket.price));
  put(out, {(stub + width) / 2, height - 4'500, 2'100, 56 * mm, "class=\"mono\" text-anchor=\"middle\""},
      ticket.ticket_id);
  return out + "</svg>\n";
}

}  // namespace ticketcore
