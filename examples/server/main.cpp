// A box office as an HTTP server: ticketcore_server --help. docs/server.md says how to run a theatre's sale with it.

#include <signal.h>
#include <sys/stat.h>

#include <sys/resource.h>
#include <csignal>

#include <fstream>
#include <iostream>
#include <thread>

#include "access_log.hpp"
#include "api.hpp"
#include "cli/open_storage.hpp"
#include "demo_event.hpp"
#include "fake_payments.hpp"
#include "http_server.hpp"
#include "options.hpp"
#include "ticketcore/storage/memory.hpp"
#include "time_zone.hpp"

namespace {

using namespace server;
using namespace std::chrono_literals;

constexpr unsigned worker_threads = 4;
constexpr std::size_t worker_queue = 2'000;

[[nodiscard]] std::unique_ptr<ticketcore::Storage> open(const std::string& url) {
  if (url == "memory:") return std::make_unique<ticketcore::MemoryStorage>();
  return ticketcore::cli::open_storage(url, ticketcore::cli::Use::make).storage;
}

[[nodiscard]] std::string read_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) throw std::runtime_error(file + " can't be read, or is empty");
  return line;
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
  const ticketcore::Timestamp now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  Scopes admin;
  admin.add(Scope::admin);
  if (options.admin_key_file.empty()) {
    if (!options.print_admin_key) return {};
    const PresentedKey key = new_key();
    static_cast<void>(keys.add(key, "made at a start", admin, now));
    return to_string(key);
  }
  if (!std::ifstream(options.admin_key_file).good()) write_secret(options.admin_key_file, to_string(new_key()));
  const std::string line = read_line(options.admin_key_file);
  const auto key = parse_key(line);
  if (!key) throw std::runtime_error(options.admin_key_file + " holds no API key; its first line must be tck_..., or let the server make the file");
  static_cast<void>(keys.add(*key, "admin", admin, now));
  return options.print_admin_key ? line : std::string();
}

/// Takes the answer to a request that the server sends itself.
class AnswerSink final : public Reply::Sink {
 public:
  explicit AnswerSink(std::function<void(bool)> done) : done_(std::move(done)) {}
  void send(Response response) override { done_(response.status < 300); }
  std::shared_ptr<Stream> stream(Response) override { throw std::logic_error("a notice is not answered by a stream"); }

 private:
  std::function<void(bool)> done_;
};

/// The provider's notice comes in like any other request, only not through a socket.
void deliver_notice(Api& api, const std::string& path, const std::string& signature, const std::string& body, std::function<void(bool)> done) {
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
  for (const Route& route : routes()) std::cout << route.method << " " << route.pattern << " " << name_of(route.scope) << "\n";
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
  explicit SignalThread(std::function<void()> stop) : thread_([this, stop = std::move(stop)] { wait(stop); }) {}
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

/// Everything, in the order in which it may be taken apart again from the back.
class Service {
 public:
  explicit Service(const Options& options)
      : options_(options),
        log_(options.access_log),
        storage_(open(options.storage)),
        secrets_(*storage_),
        keys_(*storage_),
        http_(
            http_options(options), [this](Request request, Reply reply) { api_->handle(std::move(request), std::move(reply)); }, metrics_, log_),
        office_(*storage_, office_options()),
        desks_(office_, std::clamp(std::thread::hardware_concurrency(), 1U, 4U)),
        pages_(options.web.empty() ? Pages() : Pages(options.web)),
        events_(*storage_, office_, options.storage != "memory:", [this](const std::string& what) { log_.trouble("", what); }),
        workers_(std::in_place, worker_threads, worker_queue) {
    if (options.fake_payments) {
      fake_.emplace(*storage_, options.payment_secret_file.empty() ? secrets_.notice_key() : read_line(options.payment_secret_file));
      payments_.emplace(*storage_, secrets_, events_, OrderBooks(*storage_, office_, secrets_), *fake_,
                        metrics_.counter("ticketcore_orders_total", "Orders placed, answers to repeated requests included."));
    }
    const ApiParts parts{*storage_,
                         office_,
                         secrets_,
                         keys_,
                         events_,
                         *workers_,
                         payments_ ? &*payments_ : nullptr,
                         fake_ ? &*fake_ : nullptr,
                         pages_,
                         metrics_,
                         [this](const std::string& id, const std::string& what) { log_.trouble(id, what); }};
    api_.emplace(parts, ApiOptions{options.requests_per_second, options.cors_origins, options.trusted_proxies, !options.tls_certificate.empty()});
    if (!options.demo.empty()) make_demo_event(office_, options.demo);
    admin_key_ = admin_key(options, keys_);
    plan_housekeeping();
  }

  void run() {
    const SignalThread signals([this] { stop(); });
    const std::string host = options_.address.find(':') == std::string::npos ? options_.address : "[" + options_.address + "]";
    std::cout << "listening on " << (options_.tls_certificate.empty() ? "http" : "https") << "://" << host << ":" << http_.port() << "\n";
    if (!admin_key_.empty()) std::cout << "admin key " << admin_key_ << "\n";
    std::cout.flush();
    http_.run();
    events_.close();
    workers_.reset();
  }

 private:
  [[nodiscard]] static HttpOptions http_options(const Options& options) {
    HttpOptions http;
    http.address = options.address;
    http.port = options.port;
    http.threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    http.tls_certificate = options.tls_certificate;
    http.tls_key = options.tls_key;
    return http;
  }

  [[nodiscard]] ticketcore::BoxOfficeOptions office_options() {
    ticketcore::BoxOfficeOptions office;
    const ticketcore::SigningKey kept = secrets_.ticket_key();
    office.signing_key = options_.signing_key.empty() ? kept : ticketcore::SigningKey::load_or_create(options_.signing_key);
    // Tickets that were sold before there was a key file are good all the same.
    office.trusted_keys = {kept.verify_key()};
    office.on_trouble = [this](const ticketcore::EventId& event, const std::string& what) { log_.trouble("", event.text() + ": " + what); };
    return office;
  }

  void plan_housekeeping() {
    api_->probe_storage();
    http_.every(1s, [this] { api_->probe_storage(); });
    http_.every(15s, [this] { events_.heartbeat(); });
    if (!payments_) return;
    http_.every(100ms, [this] {
      fake_->send_notices([this](const std::string& path, const std::string& signature, const std::string& body, std::function<void(bool)> done) {
        deliver_notice(*api_, path, signature, body, std::move(done));
      });
    });
    http_.every(1s, [this] { static_cast<void>(workers_->submit([this] { sweep(); })); });
  }

  void sweep() {
    try {
      payments_->sweep();
    } catch (const std::exception& error) {
      log_.trouble("", std::string("payments: ") + error.what());
    }
  }

  void stop() {
    api_->drain();
    std::this_thread::sleep_for(std::chrono::seconds(options_.drain_seconds));
    events_.close();
    http_.drain();
  }

  const Options options_;
  Metrics metrics_;
  AccessLog log_;
  std::unique_ptr<ticketcore::Storage> storage_;
  Secrets secrets_;
  Keys keys_;
  HttpServer http_;
  ticketcore::BoxOffice office_;
  DeskThreads desks_;
  Pages pages_;
  Events events_;
  std::optional<FakePayments> fake_;
  std::optional<PaymentDesk> payments_;
  std::optional<Api> api_;
  std::optional<Workers> workers_;
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
    const Options options = parse_options({arguments + 1, arguments + count});
    if (options.help) return std::cout << usage(), 0;
    if (options.print_routes) return print_routes(), 0;
    use_time_zone(options.time_zone);
    allow_many_files();
    const sigset_t signals = SignalThread::signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    Service(options).run();
    return 0;
  } catch (const UsageError& error) {
    std::cerr << "ticketcore_server: " << error.what() << "\n\n" << usage();
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "ticketcore_server: " << error.what() << "\n";
    return 1;
  }
}
