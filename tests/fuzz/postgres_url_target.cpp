#ifdef TICKETCORE_HAVE_POSTGRES

#include "storage/postgres/postgres_url.hpp"

#include "fuzz.hpp"

namespace ticketcore::fuzz {

void postgres_url(BytesView bytes) {
  try {
    const PostgresUrl url = parse_postgres_url(text_of(bytes), {});
    require(url.options.connections >= 1 && url.options.connections <= 1'000, "connections are in range");
    require(!url.options.schema.empty() && url.options.schema.size() <= 63, "a schema has a name");
    require(url.conninfo.find('\0') == std::string::npos, "libpq gets no text that ends early");
    const PostgresUrl again = parse_postgres_url(url.conninfo, url.options);
    require(again.conninfo == url.conninfo && again.options.schema == url.options.schema &&
                again.options.connections == url.options.connections,
            "what is left for libpq has nothing of ours in it");
  } catch (const StorageError&) {
  }
}

}  // namespace ticketcore::fuzz

#endif
