#include "commands/command.hpp"

namespace annal::cli {

void add_store_option(CLI::App& app, Invocation& invocation) {
  app.add_option("--store", invocation.store,
                 "The store's file; without it what ANNAL_STORE names, or annal.db")
      ->type_name("PATH")
      ->check([](const std::string& path) {
        return path.empty() ? std::string("is empty: name the store's file") : std::string();
      });
}

void add_json_option(CLI::App& command, Invocation& invocation) {
  command.add_flag("--json", invocation.json, "Answer with JSON");
}

void add_compress_option(CLI::App& command, bool& compress) {
  command.add_flag("--compress", compress, "Compress the data of what is appended");
}

bool ever_existed(Store& store, const std::string& collection) {
  ListRequest any;
  any.collection = collection;
  any.include_deleted = true;
  any.limit = 1;
  return !store.documents().list(any).last.empty();
}

CLI::App& add_command(CLI::App& program, Invocation& invocation, const std::string& name,
                      const std::string& description, const std::string& examples) {
  CLI::App& command = *program.add_subcommand(name, description);
  command.group("Commands");
  add_store_option(command, invocation);
  command.footer("Examples:\n" + examples);
  return command;
}

}  // namespace annal::cli
