#include "ticketcore/formats/json_reader.hpp"

#include <doctest/doctest.h>

using namespace ticketcore;

namespace {

/// Every problem as "where: what", a line each.
[[nodiscard]] std::string problems(const JsonDocument& document) {
  if (const auto& malformed = document.malformed()) return malformed->where + ": " + malformed->what;
  std::string lines;
  for (const JsonProblem& problem : document.problems())
    lines += (lines.empty() ? "" : "\n") + problem.where + ": " + problem.what;
  return lines;
}

[[nodiscard]] std::string problems_in(std::string_view text) { return problems(JsonDocument(text)); }

}  // namespace

TEST_CASE("a good document is read whole, and is good") {
  JsonDocument document(R"({"name": "Зал", "count": 3, "whole": 3.0, "x": -1.5, "on": true, "none": null,
                           "kind": "b", "list": ["one", "two"], "in": {"deep": [1]}})");
  const JsonValue root = document.root();
  root.only({"name", "count", "whole", "x", "on", "none", "kind", "list", "in"});
  CHECK(root.text("name") == "Зал");
  CHECK(root.need("name")->text(1, 6) == "Зал");
  CHECK(root.need("count")->integer(3, 3) == 3);
  CHECK(root.need("whole")->integer(0, 9) == 3);
  CHECK(root.need("x")->number(-2, 2) == -1.5);
  CHECK(root.flag("on"));
  CHECK_FALSE(root.flag("off"));
  CHECK_FALSE(root.find("none").has_value());
  CHECK(root.need("kind")->one_of({"a", "b"}) == 1);
  CHECK(root.list("list")[1].text() == "two");
  CHECK(root.list("absent").empty());
  CHECK(root.need("in")->list("deep")[0].where() == "/in/deep/0");
  CHECK(root.need("in")->serialize() == R"({"deep":[1]})");
  CHECK(document.is_good());
}

TEST_CASE("everything that is wrong is told at once, each with its place and with what would be right") {
  JsonDocument document(R"({"a": 11, "b": 1.5, "c": "x", "d": "long", "e": "a\nb", "f": [1, 2, 3], "g": "no",
                           "h": 5, "k/l~m": 1, "n": 1e300, "o": {}})");
  const JsonValue root = document.root();
  root.only({"a", "b", "c", "d", "e", "f", "g", "h", "n", "o"});
  CHECK(root.need("a")->integer(1, 10) == 1);
  CHECK(root.need("b")->integer(-1, 10) == 0);
  CHECK(root.need("c")->integer(0, 10) == 0);
  CHECK(root.need("d")->text(1, 3).empty());
  CHECK(root.need("e")->text(1, 9).empty());
  CHECK(root.need("f")->elements(2).empty());
  CHECK_FALSE(root.flag("g"));
  CHECK(root.need("h")->one_of({"yes", "no"}) == 0);
  CHECK(root.text("h").empty());
  CHECK(root.need("n")->number(-10, 10) == 0);
  CHECK_FALSE(root.need("p").has_value());
  CHECK(root.list("o").empty());
  CHECK(root.need("a")->elements().empty());
  root.need("o")->problem("is odd");
  CHECK(problems(document) ==
        "/k~1l~0m: is not known here; known are a, b, c, d, e, f, g, h, n, o\n"
        "/a: must be a whole number from 1 to 10\n"
        "/b: must be a whole number from -1 to 10\n"
        "/c: must be a whole number from 0 to 10\n"
        "/d: must be a text of 1 to 3 bytes without control characters; this has 4 bytes\n"
        "/e: must be a text of 1 to 9 bytes without control characters; this has 3 bytes\n"
        "/f: must be an array of at most 2 elements\n"
        "/g: must be true or false\n"
        "/h: must be one of yes, no\n"
        "/h: must be a text\n"
        "/n: must be a number from -10 to 10\n"
        "/p: is missing\n"
        "/o: must be an array\n"
        "/a: must be an array\n"
        "/o: is odd");
  CHECK_FALSE(document.is_good());
}

TEST_CASE("a document that is no object is told so once, whatever is asked of it") {
  for (const char* text : {"7", "null", "[]", "\"text\""}) {
    JsonDocument document(text);
    document.root().only({"a"});
    CHECK_FALSE(document.root().need("a").has_value());
    CHECK_FALSE(document.root().need("b").has_value());
    CHECK(problems(document) == ": must be an object");
  }
}

TEST_CASE("a member that stands twice is wrong, wherever it stands") {
  CHECK(problems_in(R"({"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]})").empty());
  CHECK(problems_in(R"({"a": 1, "\u0061": 1, "x": [7, {"b": {}, "b": {}, "b": 0}]})") ==
        "/x/1/b: stands twice\n/a: stands twice");
  CHECK(problems_in(R"({"a/b": 1, "a/b": null, "": 2, "": 3})") == "/: stands twice\n/a~1b: stands twice");
}

TEST_CASE("what is no JSON is told with its line and column") {
  CHECK(problems_in("{\"a\": 1,\n \"b\": 2,, 3}").starts_with("line 2, column 9: is not JSON: "));
  CHECK(problems_in("{} {}").starts_with("line 1, column 4: is not JSON"));
  for (const char* text : {"", "{", "[1,", "NaN", "{\"a\":01}", "\"\xC3\"", "'a'", "{\"a\":1,}"})
    CHECK(problems_in(text).find("is not JSON") != std::string::npos);
  JsonDocument document("{");
  CHECK_FALSE(document.is_good());
  CHECK_FALSE(document.root().find("a").has_value());
}

TEST_CASE("depth and the list of problems have limits") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(problems_in(nested(32)).empty());
  CHECK(problems_in(nested(33)).find("is not JSON") != std::string::npos);
  CHECK_FALSE(JsonDocument(nested(64), {.depth = 64}).malformed().has_value());
  CHECK(JsonDocument(nested(65), {.depth = 64}).malformed().has_value());
  CHECK(problems_in(std::string(1'000'000, '[')).find("is not JSON") != std::string::npos);

  std::string many = "{\"z\": 0";
  for (int member = 0; member < 60; ++member) many += ", \"a" + std::to_string(member) + "\": 0";
  JsonDocument document(many + "}", {.problems = 7});
  document.root().only({"z"});
  CHECK(document.problems().size() == 7);
  JsonDocument usual(many + "}");
  usual.root().only({"z"});
  CHECK(usual.problems().size() == 50);
}
