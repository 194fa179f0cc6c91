// `annal serve`: serves the store over HTTP until it is told to stop.
#include "annal/server/server.hpp"
#include "commands/command.hpp"

#include <signal.h>

namespace annal::cli {
namespace {

struct ServeArguments {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  bool allow_remote = false;
  std::vector<std::string> host_names;
  std::uint64_t scrub_mib = 4;
  bool compress = false;
};

// Signals wait to be asked for: every thread begun after this one was made leaves them to it.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  void wait() const {
    int signal = 0;
    sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_{};
};

ExitCode serve(const ServeArguments& arguments, Invocation& invocation) {
  const StopSignals signals;
  OpenOptions open;
  open.scrub_bytes_per_second = arguments.scrub_mib * 1024 * 1024;
  open.compress = arguments.compress;
  const auto store = invocation.open_to_write(std::move(open));
  ServerOptions options;
  options.address = arguments.address;
  options.port = arguments.port;
  options.allow_remote = arguments.allow_remote;
  options.host_names = arguments.host_names;
  options.report = [](std::string_view line) {
    Output(stderr).line("annal: serve: " + std::string(line));
  };
  Server server(*store, std::move(options));
  server.start();
  invocation.out.line(server.url());
  invocation.out.flush();
  signals.wait();
  server.stop();
  invocation.note("stopped at @" + std::to_string(store->log().head().value));
  return ExitCode::ok;
}

}  // namespace

void add_serve(CLI::App& program, Invocation& invocation) {
  auto& command = add_command(
      program, invocation, "serve", "Serve the store over HTTP, with a page for people at /",
      "  annal serve\n"
      "  annal serve --port 0     picks a free port; the address is printed\n"
      "SIGTERM and Ctrl-C stop it once the requests under way are answered. There is no\n"
      "authentication: whoever reaches the port may read and write.\n");
  auto arguments = std::make_shared<ServeArguments>();
  command.add_option("--port", arguments->port, "The port; 0 picks a free one")
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--address", arguments->address, "The address to listen on, in figures")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command.add_flag("--allow-remote", arguments->allow_remote,
                   "Listen also where other machines can reach it");
  command
      .add_option("--host-name", arguments->host_names,
                  "A name under which clients may call it, beside localhost and the address")
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--scrub", arguments->scrub_mib,
                  "How much of the store to look over for damage in the background; 0: nothing")
      ->type_name("MIB-PER-SECOND")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  add_compress_option(command, arguments->compress);
  runs(command, invocation, arguments, serve);
}

}  // namespace annal::cli
