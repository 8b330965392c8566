#pragma once
// openapi.json, as it was when the server was built.

#include <string_view>

namespace server {

[[nodiscard]] std::string_view openapi_document();

}  // namespace server
