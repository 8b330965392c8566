#pragma once
// A small log of the server's own beside the events', for what several servers must agree on: which secret
// won, which API keys there are, what the pretended payment provider decided. Whoever appends has seen
// everything before it.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ticketcore/storage/storage.hpp"

namespace server {

/// Everything in the stream after the revision, which moves on. Throws StorageError.
[[nodiscard]] std::vector<std::string> read_entries(ticketcore::Storage& storage,
                                                    const ticketcore::StreamId& stream,
                                                    ticketcore::Revision& after);

/// Shows decide all that the stream holds, alone with it, and appends what it answers, if anything. What was
/// there, and what was added. Throws StorageError; after CommitOutcomeUnknown the caller repeats, and sees.
std::vector<std::string> append_entry(
    ticketcore::Storage& storage, const ticketcore::StreamId& stream,
    const std::function<std::optional<std::string>(const std::vector<std::string>&)>& decide);

/// Appends the text, whatever the stream holds. at says how far the caller has seen it, and moves on to its
/// end, so that only what came meanwhile is read. Throws StorageError; at must start anew then.
void append_text(ticketcore::Storage& storage, ticketcore::Position& at, const std::string& text);

}  // namespace server
