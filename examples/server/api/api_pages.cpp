// What is neither event nor order: probes, metrics, the API's own description, and the built pages.

#include "api/api.hpp"
#include "http/clocks.hpp"
#include "http/html.hpp"
#include "ticketcore/base/json_writer.hpp"

namespace server {
namespace {

/// The store was silent for so long: not ready.
constexpr std::int64_t silent_ms = 5'000;

void send_text(const CallPtr& call, int status, std::string_view type, std::string body) {
  Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", std::string(type)});
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = std::move(body);
  call->send(std::move(response));
}

}  // namespace

void Api::get_health(const CallPtr& call) { send_text(call, 200, "text/plain; charset=utf-8", "alive\n"); }

void Api::get_readiness(const CallPtr& call) {
  if (draining_) return send_text(call, 503, "text/plain; charset=utf-8", "draining\n");
  if (steady_ms() - storage_ok_at_ms_ > silent_ms)
    return send_text(call, 503, "text/plain; charset=utf-8", "the store does not answer\n");
  send_text(call, 200, "text/plain; charset=utf-8", "ready\n");
}

void Api::probe_storage() {
  if (probing_.exchange(true)) return;
  const bool queued = parts_.pools.probe.submit([this] {
    try {
      if (!parts_.storage.read("server/secret", 0, 1).empty()) storage_ok_at_ms_ = steady_ms();
    } catch (const std::exception& error) {
      parts_.trouble("", error.what());
    }
    probing_ = false;
  });
  if (!queued) probing_ = false;
}

void Api::get_metrics(const CallPtr& call) {
  send_text(call, 200, "text/plain; version=0.0.4; charset=utf-8", parts_.metrics.text());
}

void Api::get_openapi(const CallPtr& call) {
  call->shared(openapi_, "application/json", openapi_etag_, "no-cache");
}

void Api::get_problem(const CallPtr& call) {
  const ProblemKind* kind = find_problem_kind(call->segment(1));
  if (kind == nullptr) return call->problem(make_problem("not_found", "there is no such reason"));
  send_text(
      call, 200, "text/html; charset=utf-8",
      html_page(kind->title, "<h1>" + escape_html(kind->title) + "</h1>\n<p>" + escape_html(kind->about) +
                                 "</p>\n<p>Status " + std::to_string(kind->status) + ", reason <code>" +
                                 escape_html(kind->reason) + "</code>.</p>\n"));
}

void Api::get_page(const CallPtr& call) {
  const bool reads = call->request.method == "GET" || call->request.method == "HEAD";
  const PageFile* file = reads ? parts_.pages.find(call->request.path, call->request.segments) : nullptr;
  if (file == nullptr) return call->problem(make_problem("not_found", "there is nothing at this address"));
  call->shared(file->body, file->type, file->etag,
               file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
}

void Api::get_me(const CallPtr& call) {
  ticketcore::JsonWriter json;
  json.open_object().key("scopes").open_array().text("public");
  for (const std::string_view scope : call->caller.scopes_of_key.names()) json.text(scope);
  json.close_array();
  if (!call->caller.events.empty()) {
    json.key("events").open_array();
    for (const std::string& event : call->caller.events) json.text(event);
    json.close_array();
  }
  if (!call->caller.key_id.empty())
    json.key("id").text(call->caller.key_id).key("name").text(call->caller.name);
  call->json(200, json.close_object().take());
}

}  // namespace server
