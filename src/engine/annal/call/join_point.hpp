// What surrounds a call: methods, effect handlers and subscribers all take the same chain.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace annal {

// The call being surrounded.
struct JoinPoint {
  std::string_view name;             // `DocumentService::create`
  std::string_view request_id = {};  // the same for everything one request causes; may be empty
  std::string_view arguments = {};   // as text, for people; may be empty
  std::uint64_t call = 0;            // which call of this point it is, from 1
  std::source_location where = std::source_location::current();
};

// Surrounds calls. `proceed` runs the rest of the chain and the call; an exception passes through
// it. An interceptor may proceed again (to retry); one that does not proceed must throw, and so
// must one that stops an exception. It proceeds on its own thread, before it returns.
//   threads   called by any number of threads at once
class Interceptor {
 public:
  virtual ~Interceptor() = default;
  virtual void around(const JoinPoint& point, const std::function<void()>& proceed) = 0;
  // Whether around() would at present do nothing but proceed, so that calls need not be prepared for
  // it. Asked often: no more than a load.
  virtual bool idle() const { return false; }
};

// Interceptors, the first one outermost.
using InterceptorChain = std::vector<std::shared_ptr<Interceptor>>;

// Runs the call inside the interceptors.
//   throws    what the call or an interceptor throws; Error naming the point if the chain returns
//             though the call never finished
//   cost      a virtual call for each interceptor; nothing is allocated
void call_through(const InterceptorChain& chain, const JoinPoint& point,
                  const std::function<void()>& call);

// The same for a function that returns something. The result is that of the last time it finished.
template <class Function>
std::invoke_result_t<Function&> call_around(const InterceptorChain& chain, const JoinPoint& point,
                                            Function&& function) {
  using Result = std::invoke_result_t<Function&>;
  if constexpr (std::is_void_v<Result>) {
    call_through(chain, point, std::ref(function));
  } else if constexpr (std::is_reference_v<Result>) {
    std::remove_reference_t<Result>* result = nullptr;
    auto keep = [&] {
      Result given = std::invoke(function);
      result = std::addressof(given);
    };
    call_through(chain, point, std::ref(keep));
    return static_cast<Result>(*result);
  } else {
    std::optional<Result> result;
    auto keep = [&] { result.emplace(std::invoke(function)); };
    call_through(chain, point, std::ref(keep));
    return std::move(*result);
  }
}

}  // namespace annal
