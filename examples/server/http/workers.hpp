#pragma once
// A few threads for what waits: reads of the store, the vault, the payment provider. The queue has a limit;
// past it the caller is told at once, and says 503.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace server {

class Workers {
 public:
  using Task = std::function<void()>;

  Workers(unsigned threads, std::size_t queue_limit);
  /// What is queued is done first.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// False, and nothing queued, when the queue is full. Tasks must not throw.
  [[nodiscard]] bool submit(Task task);
  [[nodiscard]] std::size_t waiting() const;

 private:
  void work();

  const std::size_t queue_limit_;
  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::deque<Task> queue_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace server
