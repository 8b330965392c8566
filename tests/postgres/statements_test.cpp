// Every statement that is run on the tables, looked at as a distributed engine's planner does: it must see in
// the plan which one stream a statement is about. No such engine is needed for that.

#include "projections/postgres_projection_statements.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <regex>
#include <set>

#include "../conformance/storage_conformance.hpp"
#include "shared_server.hpp"
#include "ticketcore/projections/postgres_projection.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using ticketcore::testing::fresh_schema;
using ticketcore::testing::shared_server;

namespace {

[[nodiscard]] bool is_about_rows(const std::string& sql) {
  return sql.starts_with("SELECT") || sql.starts_with("INSERT") || sql.starts_with("UPDATE") ||
         sql.starts_with("DELETE");
}

[[nodiscard]] int parameters_of(const std::string& sql) {
  int count = 0;
  while (sql.find("$" + std::to_string(count + 1)) != std::string::npos) ++count;
  return count;
}

/// The lines of a plan, with the parameters known or not.
[[nodiscard]] std::string plan_of(const std::string& sql, const char* mode) {
  std::string arguments;
  for (int number = 1; number <= parameters_of(sql); ++number) {
    arguments += (number == 1 ? "(" : ", ");
    const std::string parameter = "$" + std::to_string(number);
    const bool is_number = sql.find(parameter + "::bigint") != std::string::npos;
    const bool is_json = sql.find(parameter + "::text::jsonb") != std::string::npos;
    arguments += is_number ? "7" : is_json ? "'[]'" : "'x'";
  }
  if (!arguments.empty()) arguments += ")";
  return shared_server().sql(std::string("SET plan_cache_mode = ") + mode +
                             "; SET enable_seqscan = off; SET enable_bitmapscan = off; PREPARE it AS " + sql +
                             "; EXPLAIN (VERBOSE, COSTS OFF) EXECUTE it" + arguments);
}

/// Names of functions that are called in what a plan compares and that may answer differently for the same
/// arguments.
[[nodiscard]] std::string unstable_functions_in(const std::string& conditions) {
  std::set<std::string> called;
  const std::regex call("\\b([a-z_][a-z_0-9]*)\\(");
  for (auto at = std::sregex_iterator(conditions.begin(), conditions.end(), call);
       at != std::sregex_iterator(); ++at)
    called.insert((*at)[1]);
  std::string unstable;
  for (const std::string& name : called) {
    if (shared_server().sql("SELECT EXISTS(SELECT FROM pg_proc WHERE proname = '" + name +
                            "' AND provolatile <> 'i')") == "t")
      unstable += name + " ";
  }
  return unstable;
}

struct Comparisons {
  std::string conditions{};  // what rows are compared with
  std::string scans{};       // one line for each scan of a table that does not name the stream
  std::string first{};       // what an INSERT puts into its first column
};

[[nodiscard]] Comparisons comparisons_in(const std::string& plan, const std::string& schema) {
  Comparisons found;
  std::istringstream lines(plan);
  std::string scan;
  const std::regex names_stream("\\((\\w+\\.)?(stream|id) = (\\$1|'[^']*'::(text|bytea))\\)");
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" on " + schema + ".") != std::string::npos && line.find("Scan") != std::string::npos) {
      found.scans += scan;
      scan = line + "\n";
    }
    const std::size_t output = line.find("Output: ");
    if (output != std::string::npos && found.first.empty())
      found.first = line.substr(output + 8, line.find(',', output) - output - 8);
    if (line.find("Cond: ") == std::string::npos && line.find("Filter: ") == std::string::npos) continue;
    found.conditions += line + "\n";
    if (std::regex_search(line, names_stream)) scan.clear();
  }
  found.scans += scan;
  return found;
}

void check_all(const StatementList& list, const std::string& schema) {
  for (const StatementList::Placed& placed : list.all()) {
    const std::string& sql = placed.statement.sql;
    if (!is_about_rows(sql)) continue;
    for (const char* mode : {"force_generic_plan", "force_custom_plan"}) {
      const std::string plan = plan_of(sql, mode);
      INFO(sql << "\n" << std::string(mode) << "\n" << plan);
      const Comparisons comparisons = comparisons_in(plan, schema);
      CHECK(unstable_functions_in(comparisons.conditions) == "");
      const bool touches_rows = sql.find("\"" + schema + "\".") != std::string::npos;
      CHECK(touches_rows == (placed.reach != Reach::no_rows));
      if (placed.reach != Reach::one_stream) continue;
      CHECK(comparisons.scans == "");
      if (sql.starts_with("INSERT"))
        CHECK(std::regex_match(sql, std::regex("[^(]*\\([^)]*\\) (VALUES\\(|SELECT )\\$1\\b.*")));
    }
  }
}

}  // namespace

TEST_CASE(
    "every statement names its one stream by a plain parameter, and compares with nothing that is not "
    "constant, under every kind of plan") {
  const std::string schema = fresh_schema();
  const std::string url = shared_server().url("schema=" + schema);
  (void)PostgresStorage::open(url);
  (void)PostgresProjection::open(url);
  PostgresOptions options;
  options.schema = schema;
  const PostgresStatements store(options);
  const ProjectionStatements projection(schema);
  CHECK(store.list().all().size() > 20);
  CHECK(projection.list().all().size() > 20);
  check_all(store.list(), schema);
  check_all(projection.list(), schema);
}

TEST_CASE("the check of statements sees what a distributed engine could not place") {
  const std::string schema = fresh_schema();
  const std::string url = shared_server().url("schema=" + schema);
  (void)PostgresStorage::open(url);
  (void)PostgresProjection::open(url);
  const auto compared = [&](const std::string& sql) {
    return comparisons_in(plan_of(sql, "force_generic_plan"), schema);
  };
  const auto stable = compared("SELECT FROM \"" + schema +
                               "\".projections WHERE stream = convert_from($1::bytea, 'UTF8') FOR UPDATE");
  CHECK(unstable_functions_in(stable.conditions) == "convert_from ");
  CHECK(stable.scans != "");
  CHECK(compared("SELECT FROM \"" + schema + "\".entries WHERE revision = $1::bigint").scans != "");
}

TEST_CASE("there is no SQL for the tables but in the list") {
  for (const char* file : {"storage/postgres/postgres_storage.cpp", "storage/postgres/postgres_body.cpp",
                           "storage/postgres/postgres_body.hpp", "storage/postgres/postgres_turn.hpp",
                           "projections/postgres_projection.cpp"}) {
    std::ifstream in(std::string(TICKETCORE_SOURCE_DIR) + "/src/" + file);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    REQUIRE(text.size() > 1'000);
    for (const char* word :
         {"\"INSERT ", "\"UPDATE ", "\"DELETE ", " WHERE stream", "\"VACUUM ", "FOR UPDATE\""}) {
      INFO(std::string(file) << ": " << std::string(word));
      CHECK(text.find(word) == std::string::npos);
    }
  }
}

TEST_CASE("a statement is planned a few times, and then no more") {
  const std::string schema = fresh_schema();
  const std::string url = shared_server().url("schema=" + schema + "&connections=1");
  // A role's own setting would be a plan that no distributed engine can place.
  shared_server().sql(
      "CREATE ROLE planner SUPERUSER LOGIN; ALTER ROLE planner SET plan_cache_mode = force_generic_plan;");
  const auto storage = PostgresStorage::open("postgresql://planner" + url.substr(url.find('@')));
  shared_server().sql("CREATE TABLE " + schema +
                      ".plans(name text PRIMARY KEY, generic bigint, custom bigint, mode text);");
  // Looked at from inside the session, as the last commit sees it.
  shared_server().sql("CREATE FUNCTION " + schema +
                      ".look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO " + schema +
                      ".plans SELECT name, generic_plans, custom_plans, current_setting('plan_cache_mode') "
                      "FROM pg_prepared_statements; RETURN new; END $$; "
                      "CREATE TRIGGER look BEFORE INSERT ON " +
                      schema + ".entries FOR EACH ROW WHEN (new.revision = 40) EXECUTE FUNCTION " + schema +
                      ".look();");
  for (int number = 0; number < 40; ++number) conformance::append(*storage, "a", "x");
  CHECK(shared_server().sql("SELECT DISTINCT mode FROM " + schema + ".plans") == "auto");
  for (const char* name : {"tc_queue", "tc_lock", "tc_unseen"}) {
    INFO(std::string(name));
    CHECK(shared_server().sql("SELECT custom FROM " + schema + ".plans WHERE generic > 30 AND name = '" +
                              name + "'") == "5");
  }
}
