// Connections' threads against a hub on a real loop.
#include "gateway/bridged_backend.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "bus/sim_transport.hpp"
#include "gateway/test_objects.hpp"
#include "rt/epoll_loop.hpp"

namespace drover::gateway {
namespace {

struct Bridged : testing::Test {
    // Runs `work` on a thread of its own while this one runs the loop.
    void meanwhile(const std::function<void()>& work) {
        std::atomic<bool> done{false};
        std::thread thread([&] {
            work();
            done = true;
            bridge.post([] {});
        });
        EXPECT_TRUE(loop.run_until([&] { return done.load(); }, seconds(20)));
        thread.join();
    }

    rt::EpollLoop loop;
    bus::SimNetwork network{loop, 1};
    std::unique_ptr<bus::Transport> store_port = network.join(), port = network.join();
    bus::Exchange store{loop, *store_port, {"store-0", "state-store", "b1"}};
    bus::Exchange exchange{loop, *port, {"gw-0", "gateway", "b2"}};
    http::Hints hints;
    Hub hub{loop, exchange, "gw-0", 9, hints};
    http::Bridge bridge{loop};
    BridgedBackend backend{bridge, hub, hints};
};

TEST_F(Bridged, ManyThreadsReadTheStateWhileItChanges) {
    bus::KeyedFeed state{7};
    store.offer("state", state);
    std::function<void(int)> change = [&](int left) {
        if (left == 0) return;
        state.put("job/web" + std::to_string(left % 10), "JobDesired", wire::encode(test::job("web")));
        store.changed("state");
        loop.at(loop.now() + milliseconds(1), [&change, left] { change(left - 1); });
    };
    change(50);
    meanwhile([&] {
        std::vector<std::thread> readers;
        for (int i = 0; i < 4; ++i) {
            readers.emplace_back([&] {
                EXPECT_TRUE(backend.until([](const Mirror& m) { return m.jobs().size() == 10; }, seconds(10)));
                using Jobs = std::vector<Shared<wire::JobDesired>>;
                auto jobs = look<Jobs>(backend, [](const Mirror& m, Instant) { return m.jobs(); });
                ASSERT_TRUE(jobs);
                EXPECT_EQ(jobs->size(), 10U);
                EXPECT_EQ(jobs->front()->spec.name, "web");
            });
        }
        for (auto& reader : readers) reader.join();
    });
}

TEST_F(Bridged, AStateThatDoesNotComeEndsTheWait) {
    bool held = true;
    meanwhile([&] { held = backend.until([](const Mirror&) { return false; }, milliseconds(20)); });
    EXPECT_FALSE(held);
}

TEST_F(Bridged, ClosingAnswersWhoWaitsAndWhoComesLater) {
    std::optional<Result<wire::Answer>> waiting, later;
    std::thread asker([&] { waiting = backend.ask({}); });
    loop.run_until([] { return false; }, milliseconds(50));
    bridge.close();
    hub.close();
    asker.join();
    later = backend.ask({});
    ASSERT_FALSE(*waiting);
    ASSERT_FALSE(*later);
    EXPECT_EQ(waiting->error().kind, ErrorKind::unavailable);
    EXPECT_EQ(later->error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace drover::gateway
