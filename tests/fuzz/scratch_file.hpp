#pragma once
// A file for what can only be read from files: one per process, in memory where the system has that.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ticketcore/storage/storage.hpp"

namespace ticketcore::fuzz {

class ScratchFile {
 public:
  explicit ScratchFile(const char* name) {
    const std::filesystem::path memory = "/dev/shm";
    path_ = (access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path()) /
            (std::string("ticketcore-") + name + "-" + std::to_string(getpid()));
    remove();
  }
  ~ScratchFile() { remove(); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  void write(BytesView bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    chmod(path_.c_str(), 0600);
  }
  [[nodiscard]] Bytes read() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void remove() const { std::filesystem::remove(path_); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ticketcore::fuzz
