#include "gateway/bridged_backend.hpp"

#include <chrono>
#include <future>

namespace drover::gateway {
namespace {

// Above every deadline that the loop keeps itself, so it only passes when the loop is stuck.
constexpr Duration kLoopLimit = seconds(15);

// Runs `start` on the loop with a function that delivers the result, and waits for it. The result's place is shared, so
// a delivery that comes too late finds it.
template <class T>
Result<T> call(Bridge& bridge, Duration limit, std::function<void(std::function<void(Result<T>)>)> start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto result = promise->get_future();
    const bool posted = bridge.post([promise, start = std::move(start)] {
        start([promise](Result<T> value) { promise->set_value(std::move(value)); });
    });
    if (!posted) return fail(ErrorKind::unavailable, "The gateway is overloaded or stopping; ask again in a moment.");
    if (result.wait_for(std::chrono::nanoseconds(limit.ns)) != std::future_status::ready) {
        return fail(ErrorKind::unavailable, "The gateway did not get to this request in time; ask again in a moment.");
    }
    return result.get();
}

}  // namespace

Result<void> BridgedBackend::visit(Visit visit) {
    auto done = call<bool>(bridge_, kLoopLimit, [this, visit = std::move(visit)](auto deliver) {
        visit(hub_.mirror(), hub_.now());
        deliver(true);
    });
    if (!done) return tl::unexpected(done.error());
    return {};
}

bool BridgedBackend::until(Holds holds, Duration limit) {
    auto held = call<bool>(bridge_, limit + kLoopLimit, [this, holds = std::move(holds), limit](auto deliver) {
        hub_.until(holds, limit, [deliver](bool value) { deliver(value); });
    });
    return held && *held;
}

Result<wire::Answer> BridgedBackend::ask(wire::Request request) {
    return call<wire::Answer>(bridge_, kLoopLimit,
                              [this, request = std::move(request)](auto deliver) { hub_.ask(request, deliver); });
}

Result<wire::LogChunk> BridgedBackend::read_log(wire::LogRead read) {
    return call<wire::LogChunk>(bridge_, kLoopLimit,
                                [this, read = std::move(read)](auto deliver) { hub_.read_log(read, deliver); });
}

Result<std::string> BridgedBackend::open_session(wire::SessionDesired wanted) {
    return call<std::string>(
        bridge_, Sessions::kOpenLimit + kLoopLimit,
        [this, wanted = std::move(wanted)](auto deliver) { hub_.sessions().open(wanted, deliver); });
}

Result<SessionNews> BridgedBackend::read_session(const std::string& id, std::uint64_t heard, std::uint64_t after,
                                                 Duration wait) {
    return call<SessionNews>(bridge_, wait + kLoopLimit, [this, id, heard, after, wait](auto deliver) {
        hub_.sessions().read(id, heard, after, wait, deliver);
    });
}

Result<bool> BridgedBackend::write_session(const std::string& id, std::uint64_t number, std::string bytes, bool last) {
    return call<bool>(bridge_, kLoopLimit, [this, id, number, bytes = std::move(bytes), last](auto deliver) {
        hub_.sessions().write(id, number, bytes, last, deliver);
    });
}

Result<void> BridgedBackend::resize_session(const std::string& id, std::uint32_t rows, std::uint32_t columns) {
    auto done = call<bool>(bridge_, kLoopLimit, [this, id, rows, columns](auto deliver) {
        deliver(hub_.sessions().resize(id, rows, columns).map([] { return true; }));
    });
    return done.map([](bool) {});
}

Result<void> BridgedBackend::signal_session(const std::string& id, const std::string& signal) {
    auto done = call<bool>(bridge_, kLoopLimit, [this, id, signal](auto deliver) {
        deliver(hub_.sessions().signal(id, signal).map([] { return true; }));
    });
    return done.map([](bool) {});
}

void BridgedBackend::close_session(const std::string& id) {
    bridge_.post([this, id] { hub_.sessions().close(id); });
}

}  // namespace drover::gateway
