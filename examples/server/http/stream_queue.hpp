#pragma once
// What a stream's writers have handed over and its connection has not sent yet.

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace server {

class StreamQueue {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  struct Batch {
    std::vector<Bytes> parts{};
    bool closed = false;
  };
  enum class Written {
    no,        ///< It is closed.
    cut,       ///< It is closed by this: its client is too far behind. The connection is to be told.
    quietly,   ///< The connection knows already that there is something to send.
    and_tell,  ///< It is to be told.
  };

  explicit StreamQueue(std::size_t backlog_bytes_max) : backlog_bytes_max_(backlog_bytes_max) {}

  Written write(Bytes bytes) {
    const std::lock_guard lock(mutex_);
    if (closed_) return Written::no;
    if (backlog_bytes_ + bytes->size() > backlog_bytes_max_) {
      closed_ = cut_ = true;
      waiting_.clear();
      return Written::cut;
    }
    if (bytes->empty()) return Written::quietly;
    backlog_bytes_ += bytes->size();
    waiting_.push_back(std::move(bytes));
    return waiting_.size() == 1 ? Written::and_tell : Written::quietly;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  /// Its client was too far behind.
  [[nodiscard]] bool cut() const {
    const std::lock_guard lock(mutex_);
    return cut_;
  }
  [[nodiscard]] Batch take() {
    const std::lock_guard lock(mutex_);
    return {std::exchange(waiting_, {}), closed_};
  }
  /// Parts count as backlog until they are sent.
  void sent(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    backlog_bytes_ -= bytes;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Bytes> waiting_{};
  std::size_t backlog_bytes_max_;
  std::size_t backlog_bytes_ = 0;
  bool closed_ = false;
  bool cut_ = false;
};

}  // namespace server
