#pragma once
// A storage written in Python, as the core sees it: each call takes the interpreter's lock, converts, and
// calls the method of the same name (ticketcore/_storage.py has the contract).

#include "callbacks.hpp"
#include "ticketcore/storage/storage.hpp"

namespace ticketcore::python {

class ForeignStorage final : public Storage {
 public:
  explicit ForeignStorage(py::object storage) : storage_(hold_object(std::move(storage))) {}

  [[nodiscard]] std::unique_ptr<Turn> take_turn(std::span<const Position> streams) override;
  [[nodiscard]] std::vector<Entry> read(const StreamId& stream, Revision after,
                                        std::size_t max_bytes) override;
  [[nodiscard]] std::optional<Snapshot> load_snapshot(const StreamId& stream) override;
  void save_snapshot(const Position& at, BytesView bytes) override;
  [[nodiscard]] std::vector<StreamId> list_streams(std::string_view prefix) override;
  void remove_stream(const Position& end) override;
  [[nodiscard]] bool wait_for_news(std::span<const Position> streams,
                                   std::chrono::milliseconds timeout) override;
  void vault_put(std::string_view id, BytesView bytes) override;
  [[nodiscard]] std::optional<Bytes> vault_get(std::string_view id) override;
  void vault_erase(std::string_view id) override;
  void scrub_vault() override;
  [[nodiscard]] std::string describe() const override;

 private:
  HeldObject storage_;
};

}  // namespace ticketcore::python
