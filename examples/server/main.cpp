// A box office as an HTTP server: ticketcore_server --help. docs/server.md says how to run a theatre's sale
// with it.

#include <signal.h>
#include <sys/stat.h>

#include <sys/resource.h>
#include <condition_variable>
#include <csignal>
#include <cstdlib>

#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "api/api.hpp"
#include "api/time_zone.hpp"
#include "demo_event.hpp"
#include "http/access_log.hpp"
#include "http/http_server.hpp"
#include "live/clock_watch.hpp"
#include "options.hpp"
#include "payments/fake_payments.hpp"
#include "ticketcore/storage/open_storage.hpp"
#include "ticketcore/storage/sqlite.hpp"
#include "waiting_room.hpp"
#ifdef TICKETCORE_HAVE_POSTGRES
#include "ticketcore/storage/postgres.hpp"
#endif

namespace {

using namespace server;
using namespace std::chrono_literals;

/// Null, and why, when the store is not there yet and may come.
[[nodiscard]] std::unique_ptr<ticketcore::Storage> open(const std::string& url, std::string& why) {
  try {
    return ticketcore::open_storage(url);
  } catch (const ticketcore::StorageUrlError& error) {
    throw UsageError(std::string("--storage: ") + error.what());
  } catch (const ticketcore::StorageNotReached& error) {
    why = error.what();
    return nullptr;
  }
}

void register_backends() {
  ticketcore::register_sqlite();
#ifdef TICKETCORE_HAVE_POSTGRES
  ticketcore::register_postgres();
#endif
}

[[nodiscard]] std::string read_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) throw std::runtime_error(file + " can't be read, or is empty");
  return line;
}

/// A client that guesses it can sign notices.
[[nodiscard]] std::string read_payment_secret(const std::string& file) {
  constexpr std::size_t least = 16;
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  if (line.size() >= least) return line;
  throw UsageError("--payment-secret " + file + " can't be read, or its first line has less than " +
                   std::to_string(least) + " bytes");
}

/// Writes a file that only its owner may read.
void write_secret(const std::string& file, const std::string& line) {
  const mode_t before = umask(0077);
  std::ofstream out(file);
  umask(before);
  out << line << "\n";
  if (!out.flush()) throw std::runtime_error(file + " can't be written");
}

/// The admin's key as the options have it; empty if they want none.
[[nodiscard]] std::string admin_key(const Options& options, Keys& keys) {
  const ticketcore::Timestamp now =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  Scopes admin;
  admin.add(Scope::admin);
  if (options.admin_key_file.empty()) {
    if (!options.print_admin_key) return {};
    const PresentedKey key = new_key();
    static_cast<void>(
        keys.add({.id = key.id, .name = "made at a start", .scopes = admin, .created_at = now}, key.secret));
    return to_string(key);
  }
  if (!std::ifstream(options.admin_key_file).good())
    write_secret(options.admin_key_file, to_string(new_key()));
  const std::string line = read_line(options.admin_key_file);
  const auto key = parse_key(line);
  if (!key)
    throw std::runtime_error(
        options.admin_key_file +
        " holds no API key; its first line must be tck_..., or let the server make the file");
  if (keys.add({.id = key->id, .name = "admin", .scopes = admin, .created_at = now}, key->secret).removed) {
    std::cerr
        << "the admin key in " << options.admin_key_file
        << " was removed, and stays so; take the file away, and the server makes another at its next start\n";
    return {};
  }
  return options.print_admin_key ? line : std::string();
}

/// Takes the answer to a request that the server sends itself.
class AnswerSink final : public Reply::Sink {
 public:
  explicit AnswerSink(std::function<void(bool)> done) : done_(std::move(done)) {}
  void send(Response response) override { done_(response.status < 300); }
  std::shared_ptr<Stream> stream(Response) override {
    throw std::logic_error("a notice is not answered by a stream");
  }

 private:
  std::function<void(bool)> done_;
};

/// The provider's notice comes in like any other request, only not through a socket.
void deliver_notice(Api& api, const std::string& path, const std::string& signature, const std::string& body,
                    std::function<void(bool)> done) {
  Request request;
  request.method = "POST";
  static_cast<void>(parse_target(path, request));
  request.headers = {{"Content-Type", "application/json"}, {"Fakepay-Signature", signature}};
  request.body = body;
  request.peer = "fakepay";
  request.id = "notice";
  api.handle(std::move(request), Reply(std::make_shared<AnswerSink>(std::move(done))));
}

void print_routes() {
  for (const Route& route : routes())
    std::cout << route.method << " " << route.pattern << " " << name_of(route.scope) << "\n";
}

/// Threads that take turns for what HTTP threads submit.
class DeskThreads {
 public:
  DeskThreads(ticketcore::BoxOffice& office, unsigned count) : office_(office) {
    for (unsigned index = 0; index < count; ++index) threads_.emplace_back([this] { office_.run(); });
  }
  ~DeskThreads() {
    office_.stop();
    for (std::thread& thread : threads_) thread.join();
  }
  DeskThreads(const DeskThreads&) = delete;
  DeskThreads& operator=(const DeskThreads&) = delete;

 private:
  ticketcore::BoxOffice& office_;
  std::vector<std::thread> threads_;
};

/// Waits for SIGTERM or SIGINT, which must be blocked in all threads, and then calls back.
class SignalThread {
 public:
  explicit SignalThread(std::function<void()> stop)
      : thread_([this, stop = std::move(stop)] { wait(stop); }) {}
  ~SignalThread() {
    ended_ = true;
    thread_.join();
  }
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

  static sigset_t signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
  }

 private:
  void wait(const std::function<void()>& stop) {
    const sigset_t set = signals();
    const timespec pause{0, 200'000'000};
    while (!ended_) {
      if (sigtimedwait(&set, nullptr, &pause) > 0) return stop();
    }
  }

  std::atomic<bool> ended_{false};
  std::thread thread_;
};

/// Ends the process when its end takes too long: a call that hangs, a store that does not answer. What was
/// answered is in the store.
class Watchdog {
 public:
  Watchdog() = default;
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    news_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void give(std::chrono::seconds time) {
    thread_ = std::thread([this, time] {
      std::unique_lock lock(mutex_);
      if (news_.wait_for(lock, time, [this] { return done_; })) return;
      std::cerr << "ticketcore_server: gave up what is still under way, " << time.count()
                << " s after the signal to end\n";
      std::_Exit(1);
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable news_;
  bool done_ = false;
  std::thread thread_;
};

/// Everything, in the order in which it may be taken apart again from the back.
class Service {
 public:
  Service(const Options& options, std::unique_ptr<ticketcore::Storage> storage)
      : options_(options),
        log_(options.access_log),
        storage_(std::move(storage)),
        secrets_(*storage_),
        keys_(*storage_),
        headers_(
            {.secure = !options.tls_certificate.empty(), .other_origins = !options.cors_origins.empty()}),
        http_(
            http_options(options, headers_),
            [this](Request request, Reply reply) { api_->handle(std::move(request), std::move(reply)); },
            metrics_, log_),
        office_(*storage_, office_options()),
        desks_(office_, std::clamp(std::thread::hardware_concurrency(), 1U, 4U)),
        pages_(options.web.empty() ? Pages() : Pages(options.web)),
        events_(*storage_, office_, options.storage != "memory:", options.open_events,
                [this](const std::string& what) { log_.trouble("", what); }),
        pools_(std::in_place),
        staff_log_(*storage_, pools_->staff_log) {
    if (options.fake_payments) {
      fake_.emplace(*storage_,
                    options.payment_secret_file.empty() ? secrets_.notice_key()
                                                        : read_payment_secret(options.payment_secret_file),
                    std::chrono::seconds(options.fake_payments_seconds));
      provider_.emplace(
          *fake_, ProviderGuard::Limits{.timeout = std::chrono::seconds(options.provider_timeout_seconds)},
          metrics_.counter("ticketcore_provider_calls_total", "Calls to the payment provider."));
      payments_.emplace(*storage_, secrets_, events_, OrderBooks(*storage_, office_, secrets_), *provider_,
                        metrics_.counter("ticketcore_orders_total",
                                         "Orders placed, answers to repeated requests included."),
                        [this](const std::string& what) { log_.trouble("", what); });
    }
    const ApiParts parts{*storage_,
                         office_,
                         secrets_,
                         keys_,
                         events_,
                         *pools_,
                         staff_log_,
                         payments_ ? &*payments_ : nullptr,
                         provider_ ? &*provider_ : nullptr,
                         fake_ ? &*fake_ : nullptr,
                         headers_,
                         pages_,
                         metrics_,
                         [this](const std::string& id, const std::string& what) { log_.trouble(id, what); }};
    api_.emplace(parts, ApiOptions{.requests_per_second = static_cast<double>(options.requests_per_second),
                                   .open_places_per_address = options.open_places_per_address,
                                   .open_places_per_key = options.open_places_per_key,
                                   .public_hold_seconds = options.public_hold_seconds,
                                   .streams = options.streams,
                                   .streams_per_address = options.streams_per_address,
                                   .provider_timeout = std::chrono::seconds(options.provider_timeout_seconds),
                                   .cors_origins = options.cors_origins,
                                   .trusted_proxies = options.trusted_proxies,
                                   .shared_networks = options.shared_networks});
    if (!options.demo.empty()) make_demo_event(office_, options.demo);
    admin_key_ = admin_key(options, keys_);
    plan_housekeeping();
  }

  void run() {
    const SignalThread signals([this] { stop(); });
    const std::string host =
        options_.address.find(':') == std::string::npos ? options_.address : "[" + options_.address + "]";
    std::cout << "listening on " << (options_.tls_certificate.empty() ? "http" : "https") << "://" << host
              << ":" << http_.port() << "\n";
    if (!admin_key_.empty()) std::cout << "admin key " << admin_key_ << "\n";
    std::cout.flush();
    http_.run();
    events_.close();
    pools_.reset();
  }

 private:
  [[nodiscard]] HttpOptions http_options(const Options& options, const AnswerHeaders& headers) {
    HttpOptions http;
    http.fixed_headers = headers.strict;
    http.address = options.address;
    http.port = options.port;
    http.threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    http.tls_certificate = options.tls_certificate;
    http.tls_key = options.tls_key;
    http.connections = options.connections;
    http.connections_of = [this, share = options.connections_per_address](const std::string& peer) {
      return api_->connections_of(peer, share);
    };
    http.admit_large_body = [this](const Request& head, HttpOptions::Decide decide) {
      api_->admit_large_body(head, std::move(decide));
    };
    return http;
  }

  [[nodiscard]] ticketcore::BoxOfficeOptions office_options() {
    ticketcore::BoxOfficeOptions office;
    const ticketcore::SigningKey kept = secrets_.ticket_key();
    office.signing_key =
        options_.signing_key.empty() ? kept : ticketcore::SigningKey::load_or_create(options_.signing_key);
    // Tickets that were sold before there was a key file are good all the same.
    office.trusted_keys = {kept.verify_key()};
    office.on_trouble = [this](const ticketcore::EventId& event, const std::string& what) {
      log_.trouble("", event.text() + ": " + what);
    };
    office.open_events = options_.open_events;
    return office;
  }

  void plan_housekeeping() {
    api_->probe_storage();
    http_.every(1s, [this] { api_->probe_storage(); });
    http_.every(15s, [this] { events_.heartbeat(); });
    http_.every(1s, [this] {
      if (const std::string told = clock_watch_.look(office_.store_clock_ahead()); !told.empty())
        log_.trouble("", told);
    });
    if (!payments_) return;
    http_.every(200ms, [this] { api_->answer_overdue(); });
    http_.every(100ms, [this] {
      fake_->send_notices([this](const std::string& path, const std::string& signature,
                                 const std::string& body, std::function<void(bool)> done) {
        deliver_notice(*api_, path, signature, body, std::move(done));
      });
    });
    http_.every(1s, [this] {
      if (provider_->pausing() || sweeping_.exchange(true)) return;
      if (!pools_->settle.submit([this] { sweep(); })) sweeping_ = false;
    });
  }

  void sweep() {
    try {
      payments_->sweep();
    } catch (const std::exception& error) {
      log_.trouble("", std::string("payments: ") + error.what());
    }
    sweeping_ = false;
  }

  void stop() {
    watchdog_.give(std::chrono::seconds(options_.drain_seconds + options_.drain_limit_seconds));
    api_->drain();
    std::this_thread::sleep_for(std::chrono::seconds(options_.drain_seconds));
    events_.close();
    http_.drain();
  }

  Watchdog watchdog_;
  const Options options_;
  Metrics metrics_;
  AccessLog log_;
  std::unique_ptr<ticketcore::Storage> storage_;
  Secrets secrets_;
  Keys keys_;
  AnswerHeaders headers_;
  HttpServer http_;
  ticketcore::BoxOffice office_;
  DeskThreads desks_;
  ClockWatch clock_watch_;
  Pages pages_;
  Events events_;
  std::optional<FakePayments> fake_;
  std::optional<ProviderGuard> provider_;
  std::optional<PaymentDesk> payments_;
  std::optional<Api> api_;
  std::optional<Pools> pools_;
  StaffLog staff_log_;
  std::atomic<bool> sweeping_{false};
  std::string admin_key_;
};

/// A connection is a file, and the usual limit of a shell is 1,024: as many as the machine allows.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) std::perror("the limit of open files stays as it is");
}

}  // namespace

int main(int count, char** arguments) {
  try {
    Options options = parse_options({arguments + 1, arguments + count});
    if (options.help) return std::cout << usage(), 0;
    if (options.print_routes) return print_routes(), 0;
    if (!options.payment_secret_file.empty())
      static_cast<void>(read_payment_secret(options.payment_secret_file));
    use_time_zone(options.time_zone);
    allow_many_files();
    const sigset_t signals = SignalThread::signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    register_backends();
    auto storage =
        wait_for_store(options, [&options](std::string& why) { return open(options.storage, why); });
    if (storage) Service(options, std::move(storage)).run();
    return 0;
  } catch (const UsageError& error) {
    std::cerr << "ticketcore_server: " << error.what() << "\n\n" << usage();
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "ticketcore_server: " << error.what() << "\n";
    return 1;
  }
}
