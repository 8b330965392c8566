// What goes over the wire: how often a turn waits for the network, what a network does that forgets
// connections, TLS.

#include <doctest/doctest.h>

#include <algorithm>

#include "../conformance/storage_conformance.hpp"
#include "shared_server.hpp"
#include "tcp_proxy.hpp"
#include "ticketcore/storage/postgres.hpp"

using namespace ticketcore;
using namespace std::chrono_literals;
using ticketcore::testing::fresh_schema;
using ticketcore::testing::PostgresServer;
using ticketcore::testing::said_on_opening;
using ticketcore::testing::shared_server;
using ticketcore::testing::TcpProxy;

namespace {

/// In one text, "a | b", for doctest to show.
[[nodiscard]] std::string shown(const std::vector<std::string>& batches) {
  std::string text;
  for (const std::string& batch : batches) text += (text.empty() ? "" : " | ") + batch;
  return text;
}

/// A certificate authority of the test's own and certificates signed by it, made by the openssl command.
class Certificates {
 public:
  explicit Certificates(const PostgresServer& server) : folder_(server.folder() + "/certificates") {
    std::filesystem::create_directory(folder_);
    run("req -x509 -newkey rsa:2048 -nodes -subj '/CN=Box office authority' -days 2 -keyout " +
        word("authority.key") + " -out " + word("authority.crt"));
    run("req -x509 -newkey rsa:2048 -nodes -subj '/CN=Another authority' -days 2 -keyout " +
        word("other.key") + " -out " + word("other.crt"));
    run("req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout " + word("server.key") + " -out " +
        word("server.csr"));
    std::ofstream(file("names")) << "subjectAltName=DNS:localhost\n";
    run("x509 -req -in " + word("server.csr") + " -CA " + word("authority.crt") + " -CAkey " +
        word("authority.key") + " -CAcreateserial -days 2 -extfile " + word("names") + " -out " +
        word("server.crt"));
    std::filesystem::permissions(file("server.key"), std::filesystem::perms::owner_read);
    if (geteuid() == 0) {
      const passwd* postgres = getpwnam("postgres");
      REQUIRE(chown(file("server.key").c_str(), postgres->pw_uid, postgres->pw_gid) == 0);
    }
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }

 private:
  [[nodiscard]] std::string word(const std::string& name) const { return testing::quoted(file(name)); }
  void run(const std::string& arguments) const {
    REQUIRE(std::system(("openssl " + arguments + " >>" + word("log") + " 2>&1").c_str()) == 0);
  }
  std::string folder_;
};

}  // namespace

TEST_CASE("a turn waits for two round trips, however many streams it has") {
  const std::string schema = fresh_schema();
  conformance::append(*PostgresStorage::open(shared_server().url("schema=" + schema)),
                      {{"a", conformance::bytes_of("one")}, {"b", conformance::bytes_of("uno")}});
  TcpProxy proxy(shared_server().port());
  const auto storage = PostgresStorage::open(proxy.url("schema=" + schema));
  (void)proxy.take_batches();
  proxy.hold_answers_to("tc_notify");  // who waited for these would get none
  conformance::append(*storage, {{"a", conformance::bytes_of("two")}, {"b", conformance::bytes_of("due")}});
  CHECK(shown(proxy.take_batches(5)) ==
        "- | tc_begin tc_queue tc_lock tc_unseen tc_queue tc_lock tc_unseen tc_now | tc_add_entry "
        "tc_add_entry tc_commit | tc_notify | tc_notify");
  proxy.release();
  conformance::append(*storage, "a", "three");
  std::vector<std::string> batches = proxy.take_batches();
  std::erase(batches, "tc_notify");
  CHECK(shown(batches) == "tc_begin tc_queue tc_lock tc_unseen tc_now | tc_add_entry tc_commit");
  CHECK(conformance::shown(*storage, "a") == "1=one 2=two 3=three");
  CHECK(conformance::shown(*storage, "b") == "1=uno 2=due");
}

TEST_CASE("connections that the network forgot cost one time-out, not one each") {
  TcpProxy proxy(shared_server().port());
  const auto storage = PostgresStorage::open(proxy.url("schema=" + fresh_schema()),
                                             {.turn_timeout = 500ms, .response_timeout = 500ms});
  const std::array<StreamId, 4> streams{"a", "b", "c", "d"};
  {
    std::vector<std::unique_ptr<Turn>> turns;  // all at once, so that each has a connection of its own
    for (const StreamId& stream : streams) {
      const Position position{stream, 0};
      turns.push_back(storage->take_turn({&position, 1}));
    }
  }
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  const auto at_rest = [] {
    return shared_server().sql(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ticketcore' AND state <> "
               "'idle'") == "0";
  };
  while (!at_rest() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  proxy.freeze();
  for (const StreamId& stream : streams) conformance::append(*storage, stream, "x");
  CHECK(proxy.frozen_tried() == 1);
  for (const StreamId& stream : streams) CHECK(conformance::shown(*storage, stream) == "1=x");
}

TEST_CASE("who waits for news does not hear of a restart") {
  PostgresServer server(PostgresServer::without_fsync);
  const auto storage = PostgresStorage::open(server.url());
  const Position position{"a", 0};
  CHECK_FALSE(storage->wait_for_news({&position, 1}, 1ms));
  server.stop("fast");
  CHECK_THROWS_AS((void)storage->wait_for_news({&position, 1}, 1ms), StorageUnavailable);
  server.start();
  CHECK_FALSE(storage->wait_for_news({&position, 1}, 1ms));
  server.stop("fast");
  server.start();
  CHECK_FALSE(storage->wait_for_news({&position, 1}, 1ms));
  conformance::append(*storage, "a", "x");
  CHECK(storage->wait_for_news({&position, 1}, 10s));
}

TEST_CASE("a server that is too old is told from one that is new enough") {
  TcpProxy old(shared_server().port(), [](std::string& bytes) {
    const std::size_t at = bytes.find(std::string("server_version\0", 15));
    REQUIRE(at != std::string::npos);
    bytes.replace(at + 15, 2, "14");
  });
  const std::string schema = fresh_schema();
  const std::string said = said_on_opening(old.url("schema=" + schema));
  INFO(said);
  CHECK(said.find("PostgreSQL 15 or newer is needed, and this server is 14; upgrade it") !=
        std::string::npos);
  CHECK(shared_server().sql("SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema + "'") == "0");
}

TEST_CASE("TLS is what the URL says: verified to the host's name, or refused") {
  PostgresServer server(PostgresServer::without_fsync);
  const Certificates certificates(server);
  server.set("ssl = on\nssl_cert_file = '" + certificates.file("server.crt") + "'\nssl_key_file = '" +
             certificates.file("server.key") + "'");
  server.reload();
  const auto url = [&](const std::string& host, const std::string& parameters) {
    return "postgresql://postgres@" + host + ":" + std::to_string(server.port()) +
           "/postgres?hostaddr=127.0.0.1&" + parameters;
  };
  const auto storage = PostgresStorage::open(url(
      "localhost", "sslmode=verify-full&sslrootcert=" + testing::in_url(certificates.file("authority.crt"))));
  conformance::append(*storage, "a", "one");
  CHECK(conformance::shown(*storage, "a") == "1=one");
  CHECK(server.sql("SELECT bool_and(ssl) AND count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING(pid) "
                   "WHERE application_name = 'ticketcore'") == "t");
  const std::string wrong_root = said_on_opening(
      url("localhost", "sslmode=verify-full&sslrootcert=" + testing::in_url(certificates.file("other.crt"))));
  INFO(wrong_root);
  CHECK(wrong_root.find("certificate verify failed") != std::string::npos);
  const std::string wrong_name =
      said_on_opening(url("tickets.example.org", "sslmode=verify-full&sslrootcert=" +
                                                     testing::in_url(certificates.file("authority.crt"))));
  INFO(wrong_name);
  CHECK(wrong_name.find("does not match host name") != std::string::npos);
}
