// The catalogue: which event types a program knows,
// listed explicitly where the program is put together.
//
//   annal::Catalogue catalogue;
//   catalogue.add<Created>("document.created");
//   catalogue.add<Updated>("document.updated", 2).upcast<UpdatedV1>(1, [](UpdatedV1 old) {
//     return Updated{.title = old.name};
//   });
#pragma once

#include "annal/event/codec.hpp"
#include "annal/event/envelope.hpp"

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

namespace annal {

// An event type as the program knows it.
struct EventType {
  std::string name;
  std::uint32_t schema_version = 1;
  std::type_index cpp_type;
  FieldDescription fields;
  std::function<std::any(std::string_view)> decode;
  // From the bytes of an older version, by number, to the current C++ value.
  std::map<std::uint32_t, std::function<std::any(std::string_view)>> upcasters;
  std::map<std::uint32_t, FieldDescription> older_fields;
};

//   threads   add while one thread is setting up; afterwards any number of readers
class Catalogue {
 public:
  template <class T>
  class Entry {
   public:
    explicit Entry(EventType& type) : type_(type) {}
    // Reads events of an older version: from a frozen struct, by a function, to the current one.
    // Throws ConfigurationError if the version is not older or was given before.
    template <class Old, class Function>
    Entry& upcast(std::uint32_t version, Function function) {
      check_older(type_, version);
      type_.upcasters[version] = [function](std::string_view bytes) -> std::any {
        return T(function(annal::decode<Old>(bytes)));
      };
      type_.older_fields[version] = describe<Old>();
      return *this;
    }

   private:
    EventType& type_;
  };

  // Throws ConfigurationError if the name is no topic,
  // or the name or the C++ type was added before.
  template <class T>
  Entry<T> add(std::string_view name, std::uint32_t schema_version = 1) {
    return Entry<T>(
        insert({std::string(name),
                schema_version,
                typeid(T),
                describe<T>(),
                [](std::string_view bytes) -> std::any { return annal::decode<T>(bytes); },
                {},
                {}}));
  }

  const EventType* find(std::string_view name) const;
  const EventType* find(std::type_index cpp_type) const;
  // The event type of a C++ type. Throws ConfigurationError if the C++ type was never added.
  template <class T>
  const EventType& of() const {
    return known(typeid(T));
  }

  // An envelope around a payload: type, schema version, codec and data filled in.
  template <class T>
  Envelope wrap(const T& payload) const {
    const EventType& type = of<T>();
    Envelope event;
    event.type = type.name;
    event.schema_version = type.schema_version;
    event.codec = Codec::cereal;
    event.data = encode(payload);
    return event;
  }

  // The event's payload, older versions brought up to date;
  // nothing if the event is of another type.
  //   throws    DecodeError if it is of this type but does not decode, or is of a newer version;
  //             DataPurged if it is of this type and a stub
  template <class T>
  std::optional<T> unwrap(const Envelope& event) const {
    const EventType& type = of<T>();
    if (event.type != type.name) return std::nullopt;
    require_data(event);
    try {
      if (event.schema_version == type.schema_version && event.codec == Codec::cereal)
        return annal::decode<T>(event.data);
      return std::any_cast<T>(unwrap_any(type, event));
    } catch (const DecodeError& error) {
      fail(event, error);
    }
  }

  // The shape of the event's payload; nothing if its type or its schema version is not known here.
  const FieldDescription* fields(const Envelope& event) const;

  // Every version of every type, for the store to keep.
  std::vector<TypeDescription> descriptions() const;
  // In the order of their names.
  std::vector<const EventType*> types() const;

 private:
  static void require_data(const Envelope& event);
  static void check_older(const EventType& type, std::uint32_t version);
  EventType& insert(EventType type);
  const EventType& known(std::type_index cpp_type) const;
  std::any unwrap_any(const EventType& type, const Envelope& event) const;
  [[noreturn]] static void fail(const Envelope& event, const DecodeError& cause);

  std::map<std::string, std::unique_ptr<EventType>, std::less<>> by_name_;
  std::map<std::type_index, EventType*> by_type_;
};

}  // namespace annal
