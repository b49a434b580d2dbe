// Resolver: host names to addresses, on a thread of its own, because a lookup may block for as long as DNS likes and
// libzmq would do it in the thread that serves every connection.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "rt/loop.hpp"

namespace drover::bus {

class Resolver {
   public:
    // Every numeric address of `host`, IPv6 in brackets. A lookup that fails is not told: what was known stays true.
    using Handler = std::function<void(const std::string& host, const std::vector<std::string>& addresses)>;

    // `handler` runs on the loop, for each name after each lookup; every name is looked up at once and then each 5 s.
    Resolver(rt::Loop& loop, std::vector<std::string> hosts, Handler handler);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // Looks every name up again at once instead of when it is due.
    void look_again();

   private:
    struct Shared;
    void deliver();

    rt::Loop& loop_;
    Handler handler_;
    std::shared_ptr<Shared> shared_;
    rt::Token token_ = 0;
};

}  // namespace drover::bus
