// What the service's operations want of a document, and what makes two requests the same.
#include "annal/event/codec.hpp"
#include "annal/service/change.hpp"

#include <utility>

namespace annal::proposals {
namespace {

using document::Command;

// Everything a request says.
struct Request {
  std::string operation;
  std::string key;
  std::optional<std::string> title;
  std::optional<Json> content;
  std::optional<std::string> who;
  std::optional<std::string> detail;  // a reason, a version, a point

  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(operation), CEREAL_NVP(key), CEREAL_NVP(title), CEREAL_NVP(content),
            CEREAL_NVP(who), CEREAL_NVP(detail));
  }

  Hash hash() const { return sha256({"annal.document.request.1", annal::encode(*this)}); }
};

struct RequestOf {
  std::string key;

  Request operator()(const document::Create& c) const {
    return {"create", key, c.title, c.content, c.author, {}};
  }
  Request operator()(const document::Update& c) const {
    return {"update", key, c.title, c.content, c.editor, {}};
  }
  Request operator()(const document::Patch& c) const {
    return {"patch", key, {}, c.patch, c.editor, {}};
  }
  Request operator()(const document::Delete& c) const {
    return {"delete", key, {}, {}, c.editor, c.reason};
  }
  Request operator()(const document::Undelete& c) const {
    return {"undelete", key, {}, {}, c.editor, {}};
  }
  Request operator()(const document::Restore& c) const {
    return {"restore", key, c.title, c.content, c.editor, std::to_string(c.at_version)};
  }
  Request operator()(const document::Purge& c) const {
    return {"purge", key, {}, {}, c.editor, c.reason};
  }
};

std::optional<std::string> unless_empty(std::string text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

Proposal command(const DocumentKey& key, Command command) {
  const auto hash = std::visit(RequestOf{key.to_string()}, command).hash();
  return {[command = std::move(command)](const Folded&) -> Proposal::Answer { return command; },
          hash};
}

Proposal put(const DocumentKey& key, document::Create command) {
  auto request = RequestOf{key.to_string()}(command);
  request.operation = "put";
  const auto hash = request.hash();
  return {[command = std::move(command)](const Folded& current) -> Proposal::Answer {
            if (!current.state.exists()) return Command{command};
            return Command{
                document::Update{command.title, command.content, unless_empty(command.author)}};
          },
          hash};
}

Proposal restore(const ServiceParts& parts, const DocumentKey& key, const Point& at,
                 std::optional<std::string> editor, std::string_view written) {
  // `2 hours ago` is another time when it is said again.
  const bool in_words = std::holds_alternative<AtTime>(at) && !written.empty();
  const auto point = in_words ? std::string(written) : to_string(at);
  const auto hash = Request{"restore", key.to_string(), {}, {}, editor, point}.hash();
  return {[&log = parts.log, &catalogue = parts.catalogue, stream = key.stream(), at,
           editor = std::move(editor)](const Folded& current) -> Proposal::Answer {
            if (current.state.is_purged()) return document::Refusal{document::AlreadyPurged{}};
            const auto then = DocumentPast(log, catalogue).at(stream, resolve(at, log, stream));
            require_known(stream, then);
            if (!then.state.exists()) return document::Refusal{document::NotFound{}};
            return Command{document::Restore{then.version.value, then.state.title,
                                             then.state.content, editor}};
          },
          hash};
}

}  // namespace annal::proposals
