#include "annal/call/join_point.hpp"

#include "annal/error.hpp"

namespace annal {
namespace {

// One call on its way through a chain: `step` runs what is left of it.
class Passage {
 public:
  Passage(const InterceptorChain& chain, const JoinPoint& point, const std::function<void()>& call)
      : chain_(chain), point_(point), call_(call), proceed_([this] { step(); }) {}
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;

  void run() {
    step();
    if (!finished_)
      throw Error("an aspect around " + std::string(point_.name) +
                  " returned though the call did not finish: it must proceed or throw");
  }

 private:
  // An interceptor that proceeds again finds the place it proceeded from.
  class Place {
   public:
    explicit Place(std::size_t& depth) : depth_(depth) { ++depth_; }
    ~Place() { --depth_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    std::size_t& depth_;
  };

  void step() {
    if (depth_ == chain_.size()) {
      call_();
      finished_ = true;
      return;
    }
    Interceptor& next = *chain_[depth_];
    Place inside(depth_);
    next.around(point_, proceed_);
  }

  const InterceptorChain& chain_;
  const JoinPoint& point_;
  const std::function<void()>& call_;
  std::function<void()> proceed_;  // one pointer: kept in place, made once for the whole chain
  std::size_t depth_ = 0;
  bool finished_ = false;
};

}  // namespace

void call_through(const InterceptorChain& chain, const JoinPoint& point,
                  const std::function<void()>& call) {
  if (chain.empty()) return call();
  Passage(chain, point, call).run();
}

}  // namespace annal
