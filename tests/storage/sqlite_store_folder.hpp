#pragma once
// What the tests of SQLite's storage share: a folder with a store, its files' bytes, processes of their own,
// and what an exception says.

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "scratch_folder.hpp"
#include "ticketcore/storage/sqlite.hpp"

namespace ticketcore::sqlite_testing {

using Access = SqliteOptions::Access;

struct StoreFolder : testing::ScratchFolder {
  [[nodiscard]] std::filesystem::path file() const { return path() / "boxoffice.db"; }
};

inline void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Every file of the folder with its bytes.
[[nodiscard]] inline std::map<std::string, std::string> contents(const StoreFolder& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    all[entry.path().filename().string()] = testing::content_of(entry.path());
  return all;
}

inline void run_sql(const std::filesystem::path& path, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

/// Runs the work in a process of its own; finish() answers its status, 99 for an exception, or 100 + the
/// signal that ended it.
template <class Work>
[[nodiscard]] pid_t start(Work&& work) {
  std::fflush(nullptr);  // or the child would print what is waiting a second time
  const pid_t child = fork();
  if (child != 0) return child;
  int status = 99;
  try {
    status = work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  _exit(status);
}

[[nodiscard]] inline int finish(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

template <class Failure>
[[nodiscard]] std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Failure& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("something else: ") + error.what();
  }
  return "nothing thrown";
}

/// What opening throws names the file and says this.
template <class Failure>
void check_refused(const std::filesystem::path& path, std::string_view says, SqliteOptions options = {}) {
  const std::string message =
      message_of<Failure>([&] { static_cast<void>(SqliteStorage::open(path, options)); });
  INFO(message);
  CHECK(message.find(says) != std::string::npos);
  CHECK(message.find(path.filename().string()) != std::string::npos);
}

}  // namespace ticketcore::sqlite_testing
