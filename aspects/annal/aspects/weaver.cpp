#include "annal/aspects/weaver.hpp"

#include "annal/error.hpp"

#include <algorithm>
#include <map>

namespace annal {
namespace {

// Whether the pattern, in which `*` stands for any text, is the whole of the name.
bool names(std::string_view pattern, std::string_view name) {
  std::size_t at_pattern = 0, at_name = 0;
  std::size_t star = std::string_view::npos, after_star = 0;
  while (at_name < name.size()) {
    if (at_pattern < pattern.size() && pattern[at_pattern] == '*') {
      star = at_pattern++;
      after_star = at_name;
    } else if (at_pattern < pattern.size() && pattern[at_pattern] == name[at_name]) {
      ++at_pattern;
      ++at_name;
    } else if (star != std::string_view::npos) {  // let the last star take one character more
      at_pattern = star + 1;
      at_name = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at_pattern) == std::string_view::npos;
}

struct Aspect {
  std::string name;
  std::shared_ptr<Interceptor> interceptor;
};

struct Application {
  std::string aspect;
  std::string target;
  int order = 0;

  bool is(std::string_view named, std::string_view pattern) const {
    return aspect == named && target == pattern;
  }
};

}  // namespace

struct Weaver::State {
  mutable std::mutex mutex;
  std::atomic<bool> anything_applied = false;
  std::vector<Aspect> aspects;            // as added
  std::vector<Application> applications;  // by order, equal ones as applied
  std::map<std::string, std::shared_ptr<WeavingPoint::State>, std::less<>> points;

  const Aspect* aspect(std::string_view name) const {
    const auto found = std::find_if(aspects.begin(), aspects.end(),
                                    [&](const Aspect& known) { return known.name == name; });
    return found == aspects.end() ? nullptr : &*found;
  }

  // The aspects around a target, each once, the outermost first.
  std::vector<const Aspect*> around(std::string_view target) const {
    std::vector<const Aspect*> found;
    for (const Application& application : applications) {
      if (!names(application.target, target)) continue;
      const Aspect* known = aspect(application.aspect);
      if (std::find(found.begin(), found.end(), known) == found.end()) found.push_back(known);
    }
    return found;
  }

  void rebuild(WeavingPoint::State& point) const {
    auto chain = std::make_unique<InterceptorChain>();
    for (const Aspect* applied : around(point.name)) chain->push_back(applied->interceptor);
    const bool woven = !chain->empty();
    point.chain.replace(std::move(chain));
    point.woven.store(woven, std::memory_order_relaxed);
  }

  // Changes what is applied, and then what surrounds every point.
  template <class Change>
  void change(Change&& make) {
    std::vector<std::shared_ptr<WeavingPoint::State>> changed;
    {
      std::lock_guard lock(mutex);
      make();
      for (const auto& [name, point] : points) {
        rebuild(*point);
        changed.push_back(point);
      }
      anything_applied.store(!applications.empty(), std::memory_order_relaxed);
    }
    for (const auto& point : changed) point->chain.destroy_replaced();
  }

  std::shared_ptr<WeavingPoint::State> point(std::string_view name) {
    std::lock_guard lock(mutex);
    const auto found = points.find(name);
    if (found != points.end()) return found->second;
    auto made = std::make_shared<WeavingPoint::State>(std::string(name));
    rebuild(*made);
    return points.emplace(made->name, made).first->second;
  }
};

Weaver::Weaver() : state_(std::make_shared<State>()), anything_applied_(state_->anything_applied) {}
Weaver::~Weaver() = default;

void Weaver::add(std::string aspect, std::shared_ptr<Interceptor> interceptor) {
  if (aspect.empty()) throw ConfigurationError("an aspect needs a name");
  if (!interceptor) throw ConfigurationError("the aspect '" + aspect + "' is null");
  std::lock_guard lock(state_->mutex);
  if (state_->aspect(aspect) != nullptr)
    throw ConfigurationError("there is an aspect '" + aspect +
                             "' already: remove it, or take another name");
  state_->aspects.push_back({std::move(aspect), std::move(interceptor)});
}

void Weaver::apply(std::string_view aspect, std::string_view target, int order) {
  if (target.empty())
    throw ConfigurationError("an aspect is applied to a name or a pattern, not to \"\"");
  state_->change([&] {
    if (state_->aspect(aspect) == nullptr)
      throw ConfigurationError("no aspect is called '" + std::string(aspect) + "': add it first");
    auto& applications = state_->applications;
    std::erase_if(applications, [&](const Application& each) { return each.is(aspect, target); });
    const auto place =
        std::upper_bound(applications.begin(), applications.end(), order,
                         [](int wanted, const Application& each) { return wanted < each.order; });
    applications.insert(place, {std::string(aspect), std::string(target), order});
  });
}

bool Weaver::remove(std::string_view aspect, std::string_view target) {
  std::size_t removed = 0;
  state_->change([&] {
    removed = std::erase_if(state_->applications,
                            [&](const Application& each) { return each.is(aspect, target); });
  });
  return removed > 0;
}

bool Weaver::remove(std::string_view aspect) {
  std::shared_ptr<Interceptor>
      forgotten;  // let go of outside the lock: its end may call the weaver
  state_->change([&] {
    auto& aspects = state_->aspects;
    const auto found = std::find_if(aspects.begin(), aspects.end(),
                                    [&](const Aspect& known) { return known.name == aspect; });
    if (found == aspects.end()) return;
    std::erase_if(state_->applications,
                  [&](const Application& each) { return each.aspect == found->name; });
    forgotten = std::move(found->interceptor);
    aspects.erase(found);
  });
  return forgotten != nullptr;
}

std::vector<std::string> Weaver::aspects() const {
  std::lock_guard lock(state_->mutex);
  std::vector<std::string> all;
  for (const Aspect& known : state_->aspects) all.push_back(known.name);
  return all;
}

std::vector<std::string> Weaver::applied_to(std::string_view target) const {
  std::lock_guard lock(state_->mutex);
  std::vector<std::string> applied;
  for (const Aspect* aspect : state_->around(target)) applied.push_back(aspect->name);
  return applied;
}

WeavingPoint Weaver::point(std::string_view name) { return WeavingPoint(state_->point(name)); }

std::shared_ptr<Interceptor> Weaver::interceptor() {
  class WovenByName final : public Interceptor {
   public:
    explicit WovenByName(std::shared_ptr<State> state) : state_(std::move(state)) {}
    void around(const JoinPoint& point, const std::function<void()>& proceed) override {
      const auto woven = state_->point(point.name);
      call_through(*woven->chain.read(), point, proceed);
    }

   private:
    std::shared_ptr<State> state_;
  };
  return std::make_shared<WovenByName>(state_);
}

ScopedAspect::ScopedAspect(Weaver& weaver, std::string aspect, std::string target, int order)
    : weaver_(weaver), aspect_(std::move(aspect)), target_(std::move(target)) {
  weaver_.apply(aspect_, target_, order);
}

ScopedAspect::~ScopedAspect() { weaver_.remove(aspect_, target_); }

}  // namespace annal
