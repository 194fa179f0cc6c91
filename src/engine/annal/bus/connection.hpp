// What holds a subscription, a middleware or a control handler in place.
#pragma once

#include <memory>
#include <utility>

namespace annal {

// What is connected, as whoever holds it sees it. For those who hand out connections.
//   threads   every member: any number of callers
class Attachment {
 public:
  virtual ~Attachment() = default;
  virtual void cut() noexcept = 0;
  virtual void wait_until_idle() = 0;
  virtual void pause(bool paused) noexcept = 0;
};

// Cut when destroyed. May outlive the bus.
//   threads   one at a time; whatever the bus is doing meanwhile on others
class [[nodiscard]] Connection {
 public:
  Connection() = default;
  explicit Connection(std::shared_ptr<Attachment> attached) : attached_(std::move(attached)) {}
  Connection(Connection&& other) noexcept = default;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection() { disconnect(); }

  // A call already running finishes, and is not waited for; none starts afterwards.
  void disconnect() noexcept;
  // The same, and returns when no call is running any more: what the handler uses may go then. Waits
  // for every event that is being told on other threads to this one, also to those beside it.
  //   throws    WouldDeadlock inside a handler of the same bus; it is cut all the same
  void disconnect_and_wait();
  // Nothing is told in between: events of that time are not made up for. An observer is still told what
  // waits for it already, and one that reads on in the log what it reads there.
  void pause() { set_paused(true); }
  void resume() { set_paused(false); }
  // Leaves it in place for as long as the bus, and its owner if it names one, lives.
  void release() { attached_.reset(); }
  // True until disconnect() or release(); an owner that is gone is not noticed here.
  bool connected() const { return attached_ != nullptr; }

 private:
  void set_paused(bool paused) {
    if (attached_) attached_->pause(paused);
  }

  std::shared_ptr<Attachment> attached_;
};

}  // namespace annal
