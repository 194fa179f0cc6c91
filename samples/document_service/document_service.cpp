// A document platform in one program: a store with its bus, effects that are performed by handlers
// of our own, aspects around every call, and documents that are created, changed, deleted and
// looked back at.
//
//   document_service [STORE]     the store's file, documents.db unless named; a new one
#include <annal/effects/kinds.hpp>
#include <annal/service/store.hpp>
#include <annal/service/vocabulary.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

using annal::DocumentKey;
using annal::Envelope;
using annal::document::Create;
using annal::document::Delete;
using annal::document::Patch;
using annal::document::Undelete;
using annal::document::Update;

// What subscribers were told, from whichever thread told them.
class Notebook {
 public:
  void note(std::string line) {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  void print() const {
    std::lock_guard lock(mutex_);
    for (const auto& line : lines_) std::cout << "  " << line << '\n';
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// An aspect of our own: shows every call as it begins.
class Spotlight : public annal::Interceptor {
 public:
  void around(const annal::JoinPoint& point, const std::function<void()>& proceed) override {
    std::cout << "-> " << point.name << ' ' << point.arguments << '\n';
    proceed();
  }
};

// Effects are only descriptions; this is where they meet the world.
void handle_effects(annal::Store& store) {
  using namespace annal::effects;
  store.handlers()
      .on<Notification>([](const Notification& notification) {
        std::cout << "   mail to " << notification.recipient << ": " << notification.message
                  << '\n';
      })
      .on<Logging>(
          [](const Logging& logging) { std::cout << "   log: " << logging.message << '\n'; });
}

void print(const std::string& step, const annal::ChangeOutcome& outcome) {
  std::cout << step << ": ";
  if (const auto* changed = std::get_if<annal::Changed>(&outcome))
    std::cout << changed->key.to_string() << " is at version " << changed->version.value << '\n';
  else if (const auto* refused = std::get_if<annal::Refused>(&outcome))
    std::cout << refused->key.to_string() << ' ' << annal::document::to_string(refused->reason)
              << '\n';
  else if (const auto* stale = std::get_if<annal::StaleVersion>(&outcome))
    std::cout << "expected " << stale->expected.to_string() << ", it is at version "
              << stale->actual.value << '\n';
  else if (const auto* rejected = std::get_if<annal::Rejected>(&outcome))
    std::cout << rejected->message() << '\n';
  else
    std::cout << "nobody knows; ask again with the same idempotency key\n";
}

void change_documents(annal::Store& store) {
  auto& documents = store.documents();
  const auto guide = DocumentKey::parse("guides/setup");
  const auto notes = DocumentKey::parse("notes/friday");

  print("create", documents.create(guide, {"Setup", {R"({"steps":["unpack"]})"}, "ann"}));
  print("create", documents.create(notes, {"Friday", {"\"tidy up\""}, "bob"}));
  print("update", documents.update(guide, {.title = "Setting up", .editor = "bob"}));
  print("patch", documents.patch(guide, {{R"({"content":{"minutes":5}})"}, "carl"}));

  annal::ChangeOptions as_ann_saw_it;
  as_ann_saw_it.expected = annal::ExpectedVersion::exactly({1});
  print("stale update", documents.update(guide, {.title = "My setup"}, as_ann_saw_it));

  print("delete", documents.remove(notes, {.reason = "done", .editor = "bob"}));
  print("delete again", documents.remove(notes, {}));
  // Events are told behind the calls; wait, so that the list below has one order.
  store.dispatcher().wait_until(store.log().head(), std::chrono::minutes{1});
}

// Programs can be looked at before they are run.
void rehearse(annal::Store& store) {
  const auto program =
      store.documents().changing(DocumentKey::parse("guides/setup"), Delete{.reason = "outdated"});
  std::cout << "a deletion would perform:\n";
  for (const auto& effect : program.dry_run(store.handlers()).trace.effects())
    std::cout << "  " << effect.name << ' ' << effect.text << '\n';
}

void look_back(annal::Store& store) {
  for (const std::uint64_t version : {1, 3}) {
    const auto answer =
        store.documents().get(DocumentKey::parse("guides/setup"), annal::AtVersion{{version}});
    const auto& state = std::get<annal::FoundDocument>(answer).document.state;
    std::cout << "guides/setup@v" << version << ": " << state.title << ' ' << state.content.text
              << '\n';
  }
  try {
    store.documents().get(DocumentKey::parse("guides/setup"), annal::AtVersion{{9}});
  } catch (const annal::UnknownPoint& error) {
    std::cout << "guides/setup@v9: " << error.what() << '\n';
  }
}

void print_recent_events(annal::Store& store) {
  std::cout << "recent events, newest first:\n";
  for (const auto& event : store.bus().history({.limit = 4}))
    std::cout << "  " << event.type << ' ' << event.stream << '\n';
}

void print_metrics(annal::Store& store) {
  std::cout << "calls:\n";
  for (const auto& method : store.metrics().snapshot())
    std::cout << "  " << method.name << ' ' << method.count << ", errors " << method.errors << '\n';
}

void run(const std::string& path) {
  annal::OpenOptions options;
  options.mode = annal::OpenOptions::Mode::create_new;
  options.log_lines = [](annal::Severity, std::string_view) {
  };  // every call is shown by our aspect
  const auto store = annal::open(path, std::move(options));

  Notebook notebook;
  const auto updates = store->bus().subscribe<annal::document::Updated>(
      [&](const annal::document::Updated& updated, const Envelope& event) {
        notebook.note(event.stream + " updated by " + updated.editor.value_or("nobody"));
      });
  const auto errors =
      store->bus().subscribe<annal::ErrorRaised>([&](const annal::ErrorRaised& error) {
        notebook.note(error.method.value_or("") + " failed: " + error.error_type.value_or(""));
      });
  handle_effects(*store);
  store->weaver().add("spotlight", std::make_shared<Spotlight>());
  {
    const annal::ScopedAspect lit(store->weaver(), "spotlight", "DocumentService::*");
    change_documents(*store);
  }
  rehearse(*store);
  look_back(*store);

  if (!store->dispatcher().wait_until(store->log().head(), std::chrono::minutes{1}))
    throw annal::Error("the bus has not told everybody within a minute");
  std::cout << "subscribers were told:\n";
  notebook.print();
  print_recent_events(*store);
  print_metrics(*store);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    run(count > 1 ? arguments[1] : "documents.db");
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "document_service: " << error.what() << '\n';
    return 1;
  }
}
