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
  std::uint64_t scope = 0;  // which scope's it is; 0: no scope's, it stays until it is removed

  bool is(std::string_view named, std::string_view pattern, std::uint64_t of_scope) const {
    return aspect == named && target == pattern && scope == of_scope;
  }
};

// Whether the pattern may be the whole of a name that begins with the prefix.
bool may_name(std::string_view pattern, std::string_view prefix) {
  const auto literal = pattern.substr(0, pattern.find('*'));
  const auto common = std::min(literal.size(), prefix.size());
  return literal.substr(0, common) == prefix.substr(0, common) &&
         (literal.size() >= prefix.size() || literal.size() < pattern.size());
}

// Whether anything is applied to names that begin with a prefix.
struct Watch {
  std::string prefix;
  std::atomic<bool> applied = false;
};

void require_target(std::string_view target) {
  if (target.empty())
    throw ConfigurationError("an aspect is applied to a name or a pattern, not to \"\"");
}

}  // namespace

struct Weaver::State {
  mutable std::mutex mutex;
  std::atomic<bool> anything_applied = false;
  std::vector<Aspect> aspects;            // as added
  std::vector<Application> applications;  // by order, equal ones as applied
  std::uint64_t scopes = 0;               // ever made
  std::map<std::string, std::shared_ptr<WeavingPoint::State>, std::less<>> points;
  std::vector<std::shared_ptr<Watch>> watches;

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

  void look(Watch& watch) const {
    const bool applied =
        std::any_of(applications.begin(), applications.end(),
                    [&](const Application& each) { return may_name(each.target, watch.prefix); });
    watch.applied.store(applied, std::memory_order_relaxed);
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
      for (const auto& watch : watches) look(*watch);
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

  std::shared_ptr<Watch> watch(std::string prefix) {
    auto made = std::make_shared<Watch>();
    made->prefix = std::move(prefix);
    std::lock_guard lock(mutex);
    look(*made);
    watches.push_back(made);
    return made;
  }

  // Called while what is applied changes. Replaces what the same scope, or no scope, has applied.
  void apply(std::string_view aspect_name, std::string_view target, int order,
             std::uint64_t scope) {
    if (aspect(aspect_name) == nullptr)
      throw ConfigurationError("no aspect is called '" + std::string(aspect_name) +
                               "': add it first");
    std::erase_if(applications,
                  [&](const Application& each) { return each.is(aspect_name, target, scope); });
    const auto place =
        std::upper_bound(applications.begin(), applications.end(), order,
                         [](int wanted, const Application& each) { return wanted < each.order; });
    applications.insert(place, {std::string(aspect_name), std::string(target), order, scope});
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
  require_target(target);
  state_->change([&] { state_->apply(aspect, target, order, 0); });
}

std::uint64_t Weaver::begin_scope(std::string_view aspect, std::string_view target, int order) {
  require_target(target);
  std::uint64_t scope = 0;
  state_->change([&] {
    scope = ++state_->scopes;
    state_->apply(aspect, target, order, scope);
  });
  return scope;
}

void Weaver::end_scope(std::uint64_t scope) {
  state_->change([&] {
    std::erase_if(state_->applications,
                  [&](const Application& each) { return each.scope == scope; });
  });
}

bool Weaver::remove(std::string_view aspect, std::string_view target) {
  std::size_t removed = 0;
  state_->change([&] {
    removed = std::erase_if(state_->applications,
                            [&](const Application& each) { return each.is(aspect, target, 0); });
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

std::shared_ptr<Interceptor> Weaver::interceptor(std::string prefix) {
  class WovenByName final : public Interceptor {
   public:
    WovenByName(std::shared_ptr<State> state, std::shared_ptr<const Watch> watch)
        : state_(std::move(state)), watch_(std::move(watch)) {}
    bool idle() const override { return !watch_->applied.load(std::memory_order_relaxed); }
    void around(const JoinPoint& point, const std::function<void()>& proceed) override {
      if (idle()) return proceed();
      const auto woven = state_->point(point.name);
      const auto chain = woven->chain.read();
      if (chain->empty()) return proceed();
      JoinPoint numbered = point;
      numbered.call = woven->calls.fetch_add(1, std::memory_order_relaxed) + 1;
      call_through(*chain, numbered, proceed);
    }

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<const Watch> watch_;
  };
  return std::make_shared<WovenByName>(state_, state_->watch(std::move(prefix)));
}

ScopedAspect::ScopedAspect(Weaver& weaver, std::string_view aspect, std::string_view target,
                           int order)
    : weaver_(weaver), scope_(weaver.begin_scope(aspect, target, order)) {}

ScopedAspect::~ScopedAspect() { weaver_.end_scope(scope_); }

}  // namespace annal
