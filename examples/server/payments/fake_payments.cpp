#include "payments/fake_payments.hpp"

#include <algorithm>
#include <charconv>
#include <thread>

#include "api/secrets.hpp"
#include "http/clocks.hpp"
#include "http/html.hpp"
#include "live/shared_log.hpp"
#include "ticketcore/base/json_writer.hpp"
#include "ticketcore/formats/json_reader.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using ticketcore::Money;

/// Older notices are refused, so that one that was overheard can't be kept for later.
constexpr std::int64_t notice_seconds = 300;
constexpr int notice_attempts = 6;

[[nodiscard]] std::string stream_of(const std::string& payment) { return "fakepay/" + payment; }

[[nodiscard]] std::string signature_of(const std::string& key, std::int64_t time, std::string_view body) {
  const std::string moment = std::to_string(time);
  return "t=" + moment + ",v1=" + hmac_sha256_hex(key, moment + "." + std::string(body));
}

}  // namespace

FakePayments::Account FakePayments::read(const std::vector<std::string>& entries) {
  Account account;
  for (const std::string& entry : entries) {
    ticketcore::JsonDocument document(entry);
    const ticketcore::JsonValue root = document.root();
    const std::string what = root.need("what") ? root.need("what")->text(1, 20) : "";
    const auto minor = root.find("minor");
    if (what == "charge") {
      account.known = true;
      account.description = root.need("description")->text(0, 200);
      account.amount = {minor ? minor->integer(0, INT64_MAX) : 0,
                        ticketcore::Currency(root.need("currency")->text(3, 3))};
    } else if (what == "refund") {
      account.refunded += minor ? minor->integer(0, INT64_MAX) : 0;
    } else if (what == "decision" && account.decision.empty()) {
      account.decision = root.need("decision")->text(1, 20);
      account.due = root.need("due")->integer(0, INT64_MAX);
    }
  }
  return account;
}

FakePayments::Account FakePayments::account(const std::string& payment) {
  ticketcore::Revision after = 0;
  return read(read_entries(storage_, stream_of(payment), after));
}

std::string FakePayments::create(const Charge& charge) {
  std::this_thread::sleep_for(answer_after_);
  append_entry(storage_, stream_of(charge.payment),
               [&](const std::vector<std::string>& entries) -> std::optional<std::string> {
                 if (!entries.empty()) return std::nullopt;
                 ticketcore::JsonWriter json;
                 json.open_object()
                     .key("what")
                     .text("charge")
                     .key("minor")
                     .number(charge.amount.minor())
                     .key("currency")
                     .text(charge.amount.currency().code());
                 return json.key("description").text(charge.description).close_object().take();
               });
  return "/pay/" + charge.payment + "?token=" + charge.token;
}

ChargeStatus FakePayments::status(const std::string& payment) {
  std::this_thread::sleep_for(answer_after_);
  const Account known = account(payment);
  if (known.decision.empty() || known.due > this_second()) return ChargeStatus::pending;
  if (known.decision == "decline") return ChargeStatus::declined;
  return known.refunded >= known.amount.minor() && known.refunded > 0 ? ChargeStatus::refunded
                                                                      : ChargeStatus::approved;
}

void FakePayments::refund(const std::string& payment, const Money& amount, const std::string& key) {
  std::this_thread::sleep_for(answer_after_);
  append_entry(storage_, stream_of(payment),
               [&](const std::vector<std::string>& entries) -> std::optional<std::string> {
                 const std::string refund = ticketcore::JsonWriter()
                                                .open_object()
                                                .key("what")
                                                .text("refund")
                                                .key("minor")
                                                .number(amount.minor())
                                                .key("key")
                                                .text(key)
                                                .close_object()
                                                .take();
                 return std::find(entries.begin(), entries.end(), refund) == entries.end()
                            ? std::optional<std::string>(refund)
                            : std::nullopt;
               });
}

bool FakePayments::is_genuine(const Request& notice, const std::string& payment,
                              ticketcore::Timestamp now) const {
  const std::string_view signature = notice.header("Fakepay-Signature");
  if (!signature.starts_with("t=")) return false;
  std::int64_t time = 0;
  const auto read = std::from_chars(signature.data() + 2, signature.data() + signature.size(), time);
  if (read.ec != std::errc{} || !same(signature, signature_of(notice_key_, time, notice.body))) return false;
  const std::int64_t age = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() - time;
  if (age > notice_seconds || age < -notice_seconds) return false;
  ticketcore::JsonDocument document(notice.body);
  const auto named = !document.malformed() ? document.root().find("payment") : std::nullopt;
  return named && named->text(1, 100) == payment;
}

std::string FakePayments::page(const std::string& payment, const std::string& token,
                               const std::string& return_to) {
  const Account known = account(payment);
  if (!known.known) return {};
  std::string body = "<h1>Pretended payments</h1>\n<p>No money moves here. Somebody asks for <strong>" +
                     escape_html(known.amount.to_string()) + "</strong> for " +
                     escape_html(known.description) + ".</p>\n";
  if (known.decision.empty()) {
    const auto button = [](std::string_view decision, std::string_view text) {
      return "<p><button name=\"decision\" value=\"" + std::string(decision) + "\">" + std::string(text) +
             "</button></p>\n";
    };
    body += "<form method=\"post\" action=\"/pay/" + payment +
            "/decision\">\n<input type=\"hidden\" name=\"token\" value=\"" + escape_html(token) + "\">\n" +
            button("approve", "Approve") + button("decline", "Decline") +
            button("never", "Approve, and lose the notice") +
            "<p><label>Seconds <input type=\"number\" name=\"delay_seconds\" value=\"5\" min=\"0\" "
            "max=\"86400\"></label> " +
            "<button name=\"decision\" value=\"delay\">Approve later</button></p>\n</form>\n";
  } else {
    body += "<p>It was decided: " + escape_html(known.decision) + ".</p>\n";
    if (known.refunded > 0)
      body += "<p>Paid back: " + escape_html(Money(known.refunded, known.amount.currency()).to_string()) +
              ".</p>\n";
  }
  return html_page("Pretended payments",
                   body + "<p><a href=\"" + escape_html(return_to) + "\">Back to the shop</a></p>\n");
}

bool FakePayments::decide(const std::string& payment, FakeDecision decision, std::chrono::seconds delay) {
  const std::int64_t due = this_second() + (decision == FakeDecision::delay ? delay.count() : 0);
  bool known = false;
  bool decided = false;
  append_entry(storage_, stream_of(payment),
               [&](const std::vector<std::string>& entries) -> std::optional<std::string> {
                 const Account before = read(entries);
                 known = before.known;
                 decided = known && before.decision.empty();
                 if (!decided) return std::nullopt;
                 ticketcore::JsonWriter json;
                 json.open_object()
                     .key("what")
                     .text("decision")
                     .key("decision")
                     .text(decision == FakeDecision::decline ? "decline" : "approve");
                 return json.key("due").number(due).close_object().take();
               });
  if (decided && decision != FakeDecision::never)
    plan({payment, std::chrono::steady_clock::now() + (decision == FakeDecision::delay ? delay : 0s), 0});
  return known;
}

void FakePayments::plan(Notice notice) {
  const std::lock_guard lock(mutex_);
  notices_.push_back(std::move(notice));
}

void FakePayments::send_notices(const Deliver& deliver) {
  std::vector<Notice> due;
  {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    const auto later = std::partition(notices_.begin(), notices_.end(),
                                      [&](const Notice& notice) { return notice.due > now; });
    due.assign(later, notices_.end());
    notices_.erase(later, notices_.end());
  }
  for (const Notice& notice : due) {
    const std::string body = ticketcore::JsonWriter()
                                 .open_object()
                                 .key("payment")
                                 .text(notice.payment)
                                 .key("what")
                                 .text("payment decided")
                                 .close_object()
                                 .take();
    deliver("/v1/payments/" + notice.payment + "/notices", signature_of(notice_key_, this_second(), body),
            body, [this, notice](bool taken) {
              if (!taken && notice.attempts < notice_attempts)
                plan({notice.payment,
                      std::chrono::steady_clock::now() + std::chrono::seconds(1LL << notice.attempts),
                      notice.attempts + 1});
            });
  }
}

}  // namespace server
