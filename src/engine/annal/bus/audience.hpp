// Those who are interested in events, found by an event's type, stream and tags. Every thread that
// looks has tables of its own, which nobody changes; they are made anew when somebody comes or goes.
#pragma once

#include "annal/bus/lanes.hpp"
#include "annal/event/short_text.hpp"
#include "annal/log/query.hpp"

#include <algorithm>
#include <atomic>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace annal {

// The place of a member among the others: lower ones come first.
struct Rank {
  int section = 0;
  std::int64_t group = 0;
  std::int64_t sequence = 0;
  friend auto operator<=>(const Rank&, const Rank&) = default;
};

// What somebody is interested in, and how he is found: where each item of the query names a stream
// or a tag, by these alone; otherwise by the type of the event.
class Interest {
 public:
  explicit Interest(Query query);

  const Query& query() const { return query_; }
  bool is_found_by_type() const { return found_by_type_; }
  // The streams, and the first tag of each item without one; each once.
  const std::vector<std::string>& streams() const { return streams_; }
  const std::vector<std::string>& tags() const { return tags_; }
  // Whether an event of the type may be meant.
  bool may_mean(std::string_view type) const;
  // Whether an event that led here still has to be held against the query, or may lead here twice.
  bool needs_matching() const { return needs_matching_; }

 private:
  Query query_;
  bool found_by_type_ = false, needs_matching_ = false;
  std::vector<std::string> streams_, tags_;
};

// What a lane keeps where it keeps nothing but who is there.
template <class Member>
struct TableAlone {
  explicit TableAlone(std::vector<std::shared_ptr<Member>> members) : table(std::move(members)) {}
  void retire() noexcept {}
  const std::vector<std::shared_ptr<Member>> table;
};
struct EmptyDesk {
  struct Options {};
  explicit EmptyDesk(const Options&) {}
  template <class Topic>
  void retire(const std::string&, const Topic&) noexcept {}
};

//   Member    has `Interest interest` and a `Rank rank` of its own, neither of which changes
//   Topic     what each lane keeps for a type, a stream or a tag; made of a Table, which it has as
//             `table`; never moved. Told by `retire` that it goes, while the lane's mutex is held
//   Desk      what each lane has beside its tables; made of its `Options`. Its `retire` is told of each
//             type whose topic goes, while the lane's mutex is held
//   threads   every member: any number of callers; destroyed when no visit is left
template <class Member, class Topic = TableAlone<Member>, class Desk = EmptyDesk>
class Audience {
 public:
  using Table = std::vector<std::shared_ptr<Member>>;

 private:
  using Topics = std::unordered_map<std::string, std::unique_ptr<Topic>>;
  struct Tables {
    std::uint64_t version = 0;  // of the audience they are of; 0: none
    bool has_streams = false, has_tags = false;
    Topics types, streams, tags;
    std::size_t size() const { return types.size() + streams.size() + tags.size(); }
  };
  struct Lane {
    explicit Lane(const typename Desk::Options& options) : desk(options) {}
    std::mutex mutex;  // changes of the tables' maps, and what the desk asks for
    Tables tables;
    std::string last_type;
    Topic* last_topic = nullptr;  // that type's; null if nothing was looked up since a change
    Desk desk;
  };
  using Members = std::map<Rank, std::shared_ptr<Member>>;

 public:
  //   remembered   types, streams and tags for which each lane has its tables ready; those of one
  //                event may come on top
  explicit Audience(std::size_t remembered, typename Desk::Options options = {})
      : remembered_(remembered), options_(std::move(options)) {}

  // One thread's stay in a lane. Who left before it began, or before it was last refreshed, is met no
  // more.
  //   threads   one
  class Visit {
   public:
    explicit Visit(Audience& audience)
        : audience_(audience), use_(audience.lanes_.take(audience.options_)), lane_(**use_) {
      refresh();
    }
    ~Visit() {
      const auto version = lane_.tables.version;
      use_.reset();
      // Whoever left meanwhile could not clear this lane.
      if (audience_.version_.load() != version) audience_.clear_stale_lanes();
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    void refresh() {
      if (lane_.tables.version != audience_.version_.load() ||
          lane_.tables.size() > audience_.remembered_)
        renew();
    }

    // Those found by the type of an event. Good until the visit ends, and kept in the lane until the
    // visit is refreshed or another type is looked up.
    Topic& topic(const std::string& type) {
      if (lane_.last_topic && is_same_name(lane_.last_type, type)) return *lane_.last_topic;
      return find_topic(type);
    }
    // The same where the type was looked up before; otherwise null.
    Topic* known_topic(const std::string& type) {
      if (lane_.last_topic && is_same_name(lane_.last_type, type)) return lane_.last_topic;
      return lane_.tables.types.contains(type) ? &find_topic(type) : nullptr;
    }
    // Everybody who may be interested in the event, in their order and each once.
    //   by_type       the topic of the event's type
    //   others        is cleared; then the other topics by which somebody is found
    //   merged        is cleared; where the result is if there are several topics
    //   returns       good until the visit ends, or `merged` changes
    const Table& find(const Envelope& event, const Topic& by_type, std::vector<Topic*>& others,
                      Table& merged);

    Desk& desk() const { return lane_.desk; }
    // Held by whoever looks at the desk and the topics from outside.
    std::mutex& mutex() const { return lane_.mutex; }

   private:
    using Use = typename Lanes<Lane>::Use;

    void renew();
    Topic& find_topic(const std::string& type);
    Topic& find_keyed(Topics& known, const std::unordered_map<std::string, Members>& all,
                      const std::string& key);
    Topic& keep(Topics& known, const std::string& key, Table table);

    Audience& audience_;
    std::vector<Tables> replaced_;  // destroyed last, when the lane was given back
    std::optional<Use> use_;
    Lane& lane_;
  };

  void join(std::shared_ptr<Member> member);
  // Who leaves is in no table of a lane that nobody has, and in the others until their visit ends.
  //   member    the caller holds it; nothing is allocated in here. Others who left are destroyed
  void leave(const Member& member) noexcept;
  // Waits until every visit that others are on now has ended. The caller must be on none.
  void wait_for_visits() const { lanes_.wait_for_those_taken(); }

  bool empty() const { return size_.load() == 0; }
  std::size_t size() const { return size_.load(); }
  // Everybody, in their order.
  Table members() const;
  // Visits each lane's desk, while nobody changes it.
  template <class Visit>
  void for_each_desk(Visit visit) const {
    lanes_.for_each([&](Lane& lane) {
      std::lock_guard lock(lane.mutex);
      visit(lane.desk);
    });
  }
  // Every desk and every topic, none of which changes as long as this lives: what moves from a topic
  // to its desk or its members is seen once.
  //   threads   publishers wait meanwhile, and so does the next look; nothing of a member's may end
  class Look {
   public:
    explicit Look(const Audience& audience) : looking_(audience.looking_) {
      audience.lanes_.for_each([&](Lane& lane) {
        locks_.emplace_back(lane.mutex);
        lanes_.push_back(&lane);
      });
    }
    template <class Visit>
    void for_each_desk(Visit visit) const {
      for (const Lane* lane : lanes_) visit(lane->desk);
    }
    //   visit   takes the type the topic is of, null if it is of a stream or tag, and the topic
    template <class Visit>
    void for_each_topic(Visit visit) const {
      for (const Lane* lane : lanes_) {
        for (const auto& [type, topic] : lane->tables.types) visit(&type, *topic);
        for (const Topics* topics : {&lane->tables.streams, &lane->tables.tags})
          for (const auto& [key, topic] : *topics) visit(nullptr, *topic);
      }
    }

   private:
    const std::lock_guard<std::mutex> looking_;
    std::vector<const Lane*> lanes_;
    std::vector<std::unique_lock<std::mutex>> locks_;
  };

 private:
  static Tables take_tables(Lane& lane) noexcept {
    Tables taken;
    std::lock_guard lock(lane.mutex);
    for (const auto& [type, topic] : lane.tables.types) lane.desk.retire(type, *topic);
    for (Topics* topics : {&lane.tables.types, &lane.tables.streams, &lane.tables.tags})
      for (const auto& [key, topic] : *topics) topic->retire();
    std::swap(taken, lane.tables);
    lane.last_topic = nullptr;
    return taken;
  }
  // Once more where somebody left meanwhile: he passed over the lane that was being looked at.
  void clear_stale_lanes() noexcept {
    std::uint64_t version = 0;
    do {
      version = version_.load();
      lanes_.for_each_free([&](Lane& lane) {
        return lane.tables.version == version_.load() ? Tables() : take_tables(lane);
      });
    } while (version_.load() != version);
  }
  void changed() noexcept {
    ++version_;
    clear_stale_lanes();
  }
  static void leave_from(std::unordered_map<std::string, Members>& all, const std::string& key,
                         const Rank& rank) noexcept {
    const auto found = all.find(key);
    if (found == all.end()) return;
    found->second.erase(rank);
    if (found->second.empty()) all.erase(found);
  }

  const std::size_t remembered_;
  const typename Desk::Options options_;
  std::atomic<std::uint64_t> version_{1};
  std::atomic<std::size_t> size_{0};
  mutable std::mutex mutex_;
  mutable std::mutex looking_;  // two who look would lock the lanes in different orders
  Members everybody_;
  Members by_type_;
  std::unordered_map<std::string, Members> by_stream_, by_tag_;
  mutable Lanes<Lane> lanes_;
};

template <class Member, class Topic, class Desk>
void Audience<Member, Topic, Desk>::join(std::shared_ptr<Member> member) {
  const Rank rank = member->rank;
  const Interest& interest = member->interest;
  {
    std::lock_guard lock(mutex_);
    everybody_.emplace(rank, member);
    if (interest.is_found_by_type()) by_type_.emplace(rank, member);
    for (const auto& stream : interest.streams()) by_stream_[stream].emplace(rank, member);
    for (const auto& tag : interest.tags()) by_tag_[tag].emplace(rank, member);
    size_ = everybody_.size();
  }
  changed();
}

template <class Member, class Topic, class Desk>
void Audience<Member, Topic, Desk>::leave(const Member& member) noexcept {
  {
    std::lock_guard lock(mutex_);
    if (everybody_.erase(member.rank) == 0) return;
    by_type_.erase(member.rank);
    for (const auto& stream : member.interest.streams())
      leave_from(by_stream_, stream, member.rank);
    for (const auto& tag : member.interest.tags()) leave_from(by_tag_, tag, member.rank);
    size_ = everybody_.size();
  }
  changed();
}

template <class Member, class Topic, class Desk>
typename Audience<Member, Topic, Desk>::Table Audience<Member, Topic, Desk>::members() const {
  Table result;
  std::lock_guard lock(mutex_);
  result.reserve(everybody_.size());
  for (const auto& [rank, member] : everybody_) result.push_back(member);
  return result;
}

template <class Member, class Topic, class Desk>
void Audience<Member, Topic, Desk>::Visit::renew() {
  replaced_.push_back(take_tables(lane_));
  lane_.tables.version = audience_.version_.load();
  std::lock_guard lock(audience_.mutex_);
  lane_.tables.has_streams = !audience_.by_stream_.empty();
  lane_.tables.has_tags = !audience_.by_tag_.empty();
}

template <class Member, class Topic, class Desk>
Topic& Audience<Member, Topic, Desk>::Visit::keep(Topics& known, const std::string& key,
                                                  Table table) {
  auto topic = std::make_unique<Topic>(std::move(table));
  std::lock_guard lock(lane_.mutex);
  return *known.emplace(key, std::move(topic)).first->second;
}

template <class Member, class Topic, class Desk>
Topic& Audience<Member, Topic, Desk>::Visit::find_topic(const std::string& type) {
  Topic* topic = nullptr;
  if (const auto found = lane_.tables.types.find(type); found != lane_.tables.types.end()) {
    topic = found->second.get();
  } else {
    if (lane_.tables.size() >= audience_.remembered_) renew();
    Table table;
    {
      std::lock_guard lock(audience_.mutex_);
      for (const auto& [rank, member] : audience_.by_type_)
        if (member->interest.may_mean(type)) table.push_back(member);
    }
    topic = &keep(lane_.tables.types, type, std::move(table));
  }
  lane_.last_type = type;
  lane_.last_topic = topic;
  return *topic;
}

template <class Member, class Topic, class Desk>
Topic& Audience<Member, Topic, Desk>::Visit::find_keyed(
    Topics& known, const std::unordered_map<std::string, Members>& all, const std::string& key) {
  if (const auto found = known.find(key); found != known.end()) return *found->second;
  Table table;
  {
    std::lock_guard lock(audience_.mutex_);
    if (const auto found = all.find(key); found != all.end())
      for (const auto& [rank, member] : found->second) table.push_back(member);
  }
  return keep(known, key, std::move(table));
}

template <class Member, class Topic, class Desk>
const typename Audience<Member, Topic, Desk>::Table& Audience<Member, Topic, Desk>::Visit::find(
    const Envelope& event, const Topic& by_type, std::vector<Topic*>& others, Table& merged) {
  Tables& tables = lane_.tables;
  others.clear();
  merged.clear();
  if (!tables.has_streams && !tables.has_tags) return by_type.table;
  const auto consider = [&](Topic& topic) {
    if (topic.table.empty()) return;
    // An event may carry a tag twice.
    if (std::find(others.begin(), others.end(), &topic) == others.end()) others.push_back(&topic);
  };
  if (tables.has_streams) consider(find_keyed(tables.streams, audience_.by_stream_, event.stream));
  if (tables.has_tags)
    for (const auto& tag : event.tags) consider(find_keyed(tables.tags, audience_.by_tag_, tag));
  if (others.empty()) return by_type.table;
  if (others.size() == 1 && by_type.table.empty()) return others.front()->table;
  merged = by_type.table;
  for (const Topic* topic : others)
    merged.insert(merged.end(), topic->table.begin(), topic->table.end());
  std::sort(merged.begin(), merged.end(),
            [](const auto& a, const auto& b) { return a->rank < b->rank; });
  merged.erase(std::unique(merged.begin(), merged.end()), merged.end());
  return merged;
}

}  // namespace annal
