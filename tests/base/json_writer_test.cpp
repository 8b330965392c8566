#include "ticketcore/base/json_writer.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace ticketcore;

TEST_CASE("commas come by themselves, in objects and arrays in one another") {
  JsonWriter json;
  json.open_object().key("a").number(1).key("b").open_array();
  json.number(2).text("x").open_object().close_object().open_array().close_array().flag(true).flag(false);
  json.close_array().key("c").raw("null").key("").text("").close_object();
  CHECK(json.take() == R"({"a":1,"b":[2,"x",{},[],true,false],"c":null,"":""})");
  CHECK(json.take().empty());
}

TEST_CASE("texts that end like an opening bracket are values all the same") {
  JsonWriter json;
  json.open_array().text("[").text("{").text(":").number(1).close_array();
  CHECK(json.take() == R"(["[","{",":",1])");
}

TEST_CASE("the least and the greatest number are written whole") {
  JsonWriter json;
  json.open_array().number(INT64_MIN).number(INT64_MAX).close_array();
  CHECK(json.take() == "[-9223372036854775808,9223372036854775807]");
}

TEST_CASE("keys and texts of any bytes are valid JSON that no terminal obeys") {
  const auto written = [](std::string_view text) { return JsonWriter().text(text).take(); };
  CHECK(written("Зал \"A\"\\") == R"("Зал \"A\"\\")");
  CHECK(written("a\nb\x7F") == R"("a\u000ab\u007f")");
  CHECK(written(std::string_view("a\0b", 3)) == R"("a\u0000b")");
  CHECK(written("\xC2\x9B"
                "31m") == R"("\u009b31m")");
  CHECK(written("\xFF") == "\"\xEF\xBF\xBD\"");
  CHECK(JsonWriter().open_object().key("a\"b").number(1).close_object().take() == R"({"a\"b":1})");
}

TEST_CASE("money, times and ids have one form") {
  JsonWriter json;
  json.open_object().key("total").money({120'050, Currency("UAH")});
  json.key("at").time(Timestamp{std::chrono::seconds(1'800'000'000)}).close_object();
  CHECK(json.take() == R"({"total":{"amount":"1200.50","currency":"UAH"},"at":"2027-01-15T08:00:00Z"})");
  const HoldId id{};
  CHECK(JsonWriter().id(id).take() == "\"" + to_string(id) + "\"");
}

TEST_CASE("thousandths are decimal numbers with no more digits than they need") {
  JsonWriter json;
  json.open_array();
  for (const std::int32_t value : {0, 1, 10, 100, 1'000, 12'500, 12'345, 10'050, -1, -1'000, -1'500})
    json.thousandths(value);
  json.thousandths(INT32_MIN).thousandths(INT32_MAX);
  CHECK(json.close_array().take() ==
        "[0,0.001,0.01,0.1,1,12.5,12.345,10.05,-0.001,-1,-1.5,-2147483.648,2147483.647]");
}
