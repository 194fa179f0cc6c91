// Routes over a store in memory, asked without a socket.
#pragma once

#include "annal/server/routes/routes.hpp"
#include "fakes.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace annal::test {

using Fields = std::initializer_list<std::pair<std::string, std::string>>;

inline const std::pair<std::string, std::string> json_type = {"Content-Type", "application/json"};
inline const std::pair<std::string, std::string> merge_patch_type = {
    "Content-Type", "application/merge-patch+json"};

inline nlohmann::json body_of(const server::Response& response) {
  return nlohmann::json::parse(response.body);
}

inline std::string header_of(const server::Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or(""));
}

// The part of a problem's type that tells them apart.
inline std::string problem_of(const server::Response& response) {
  if (header_of(response, "Content-Type") != "application/problem+json") return "no problem";
  const std::string type = body_of(response).at("type");
  return type.substr(type.rfind(':') + 1);
}

inline void no_lines(Severity, std::string_view) {}

// Keeps quiet about what the tests do wrong on purpose.
inline OpenOptions quiet() {
  OpenOptions options;
  options.log_lines = no_lines;
  return options;
}

class RoutesTest : public testing::Test {
 protected:
  server::Response ask(std::string method, std::string target, Fields fields = {},
                       std::string body = {}) {
    server::Request request{std::move(method), std::move(target), {}, std::move(body)};
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    return routes_.answer(request);
  }
  server::Response get(std::string target, Fields fields = {}) {
    return ask("GET", std::move(target), fields);
  }
  server::Response put(std::string target, std::string body) {
    return ask("PUT", std::move(target), {json_type}, std::move(body));
  }

  // Three versions of orders/7: created by ann, updated by bob, deleted by cyd.
  void write_history() {
    put("/v1/documents/orders/7", R"({"title":"Seven","content":{"total":12},"author":"ann"})");
    clock_.advance(std::chrono::hours(1));
    put("/v1/documents/orders/7", R"({"title":"Seven","content":{"total":13},"author":"bob"})");
    clock_.advance(std::chrono::hours(1));
    ask("DELETE", "/v1/documents/orders/7?reason=too+old", {{"Annal-Editor", "cyd"}});
  }

  std::unique_ptr<Store> open_store() {
    OpenOptions options = quiet();
    options.clock = &clock_;
    options.randomness = &randomness_;
    return open_ephemeral(std::move(options));
  }

  ManualClock clock_;
  SeededRandomness randomness_;
  std::vector<std::string> reports_;
  std::unique_ptr<Store> store_ = open_store();
  server::Routes routes_{*store_, randomness_,
                         [this](std::string_view fault) { reports_.emplace_back(fault); }};
};

}  // namespace annal::test
