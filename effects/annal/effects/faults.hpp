// Handlers that fail when a test says so, over others that do not.
//
//   Faults faults;
//   faults.fail<Charge>(2, Transient("the bank is busy"));  // the second one
//   faults.lose<Notify>(1, Error("no answer"));             // performed, and its outcome lost
//   sale.outcome(faults.over(handlers));
#pragma once

#include "annal/call/join_point.hpp"
#include "annal/effects/handlers.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace annal::effects {

//   threads   every member: any number of callers
class Faults {
 public:
  Faults() : plan_(std::make_shared<Plan>()) {}

  // The nth effect of the type, counted from 1 and retries included, is not performed: this is thrown.
  // 0: each of them.
  template <class E, class Exception>
  Faults& fail(std::uint64_t nth, Exception exception) {
    return add<E>(nth, false, std::move(exception));
  }
  // It is performed, and then this is thrown: as if the answer were lost.
  template <class E, class Exception>
  Faults& lose(std::uint64_t nth, Exception exception) {
    return add<E>(nth, true, std::move(exception));
  }

  // These handlers with the faults. The faults may be changed afterwards.
  Handlers over(const Handlers& handlers) const;

  // How often effects of the type were begun.
  template <class E>
  std::uint64_t count() const {
    return plan_->count(std::string(EffectPoint<E>::name));
  }

 private:
  struct Fault {
    std::uint64_t nth;
    bool is_performed;
    std::function<void()> raise;
  };
  class Plan final : public Interceptor {
   public:
    void around(const JoinPoint& point, const std::function<void()>& proceed) override;
    void add(const std::string& point, Fault fault);
    std::uint64_t count(const std::string& point) const;

   private:
    struct Of {
      std::uint64_t count = 0;
      std::vector<Fault> faults;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Of, std::less<>> points_;
  };

  template <class E, class Exception>
  Faults& add(std::uint64_t nth, bool is_performed, Exception exception) {
    plan_->add(std::string(EffectPoint<E>::name),
               {nth, is_performed, [exception = std::move(exception)] { throw exception; }});
    return *this;
  }

  std::shared_ptr<Plan> plan_;
};

}  // namespace annal::effects
