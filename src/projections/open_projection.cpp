#include "ticketcore/projections/open_projection.hpp"

#include "storage/scheme_registry.hpp"
#include "ticketcore/storage/open_storage.hpp"

namespace ticketcore {
namespace {

[[nodiscard]] SchemeRegistry<ProjectionOpener>& projections() {
  static SchemeRegistry<ProjectionOpener> registry;
  return registry;
}

}  // namespace

void register_projection(std::string scheme, ProjectionOpener opener) {
  projections().put(std::move(scheme), std::move(opener));
}

std::unique_ptr<ProjectionSink> open_projection(const std::string& url) {
  return projections().need(read_storage_url(url).scheme, "_projection")(url);
}

}  // namespace ticketcore
