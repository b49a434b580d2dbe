// DockerWatch: whether the node's Docker daemon answers, asked again and again; and, while it does, the removal of
// containers of ours that no record knows.
#pragma once

#include <functional>
#include <string>

#include "driver-manager/core/failures.hpp"
#include "driver-manager/drivers/driver.hpp"
#include "driver-manager/setup/children.hpp"
#include "rt/loop.hpp"

namespace drover::driver_manager {

class DockerWatch {
   public:
    struct Where {
        std::string program;  // drover-docker; empty: there is none, and nothing is asked
        std::string socket;
        std::string node;
        std::string records;  // directory of all records
        Duration period;      // between questions while it answers
    };

    static constexpr Duration kSweepPeriod = minutes(5);
    static constexpr Duration kLimit = seconds(45);  // of one question

    // `changed` is called whenever the answer is another.
    DockerWatch(rt::Loop& loop, Where where, std::function<void()> changed);
    ~DockerWatch();
    DockerWatch(const DockerWatch&) = delete;
    DockerWatch& operator=(const DockerWatch&) = delete;

    // Asks at once and from then on. Records have to be in hand by now: a container without one is removed.
    void start();

    // It is known whether the daemon answers.
    bool known() const { return where_.program.empty() || known_; }

    // Adds what is known.
    void tell(drivers::HostFacts& host) const;

   private:
    void look();
    void heard(const setup::ChildEnd& end);
    void found(std::string version, std::string error);
    void sweep();
    void swept(const setup::ChildEnd& end);
    setup::Child child(std::vector<std::string> words) const;

    rt::Loop& loop_;
    Where where_;
    std::function<void()> changed_;
    setup::Children children_;
    std::string version_;
    std::string error_ = "nobody has asked the docker daemon yet";
    Failures failures_;
    Instant swept_at_;
    bool sweeping_ = false;
    bool known_ = false;
    rt::Token timer_ = 0;
};

}  // namespace drover::driver_manager
