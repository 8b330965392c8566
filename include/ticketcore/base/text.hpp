#pragma once
// What the library asks of every text that comes from outside, for programs that want to ask it first.

#include "ticketcore/base/detail/control_characters.hpp"

namespace ticketcore {

/// Of Unicode as RFC 3629 has it: no overlong forms, no surrogates, nothing cut short.
using detail::is_utf8;
/// What terminals and printers obey rather than show: U+0000 to U+001F, and U+007F to U+009F.
using detail::has_control_character;
/// Why a text can't be kept and printed, as the end of a sentence; empty when it can.
using detail::fault_of_text;

}  // namespace ticketcore
