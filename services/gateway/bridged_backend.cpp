#include "gateway/bridged_backend.hpp"

namespace drover::gateway {
namespace {

// Above every deadline that the loop keeps itself, so it only passes when the loop is stuck.
constexpr Duration kLoopLimit = seconds(15);

}  // namespace

Result<void> BridgedBackend::visit(Visit visit) {
    auto done = http::on_loop<bool>(bridge_, kLoopLimit, [this, visit = std::move(visit)](auto deliver) {
        visit(hub_.mirror(), hub_.now());
        deliver(true);
    });
    if (!done) return tl::unexpected(done.error());
    return {};
}

bool BridgedBackend::until(Holds holds, Duration limit) {
    auto held = http::on_loop<bool>(bridge_, limit + kLoopLimit, [this, holds = std::move(holds), limit](auto deliver) {
        hub_.until(holds, limit, [deliver](bool value) { deliver(value); });
    });
    return held && *held;
}

Result<wire::Answer> BridgedBackend::ask(wire::Request request) {
    return http::on_loop<wire::Answer>(
        bridge_, kLoopLimit, [this, request = std::move(request)](auto deliver) { hub_.ask(request, deliver); });
}

Result<wire::LogChunk> BridgedBackend::read_log(wire::LogRead read) {
    return http::on_loop<wire::LogChunk>(
        bridge_, kLoopLimit, [this, read = std::move(read)](auto deliver) { hub_.read_log(read, deliver); });
}

Result<std::string> BridgedBackend::open_session(wire::SessionDesired wanted) {
    return http::on_loop<std::string>(
        bridge_, Sessions::kOpenLimit + kLoopLimit,
        [this, wanted = std::move(wanted)](auto deliver) { hub_.sessions().open(wanted, deliver); });
}

Result<SessionNews> BridgedBackend::read_session(const std::string& id, std::uint64_t heard, std::uint64_t after,
                                                 Duration wait) {
    return http::on_loop<SessionNews>(bridge_, wait + kLoopLimit, [this, id, heard, after, wait](auto deliver) {
        hub_.sessions().read(id, heard, after, wait, deliver);
    });
}

Result<bool> BridgedBackend::write_session(const std::string& id, std::uint64_t number, std::string bytes, bool last) {
    return http::on_loop<bool>(bridge_, kLoopLimit, [this, id, number, bytes = std::move(bytes), last](auto deliver) {
        hub_.sessions().write(id, number, bytes, last, deliver);
    });
}

Result<void> BridgedBackend::resize_session(const std::string& id, std::uint32_t rows, std::uint32_t columns) {
    auto done = http::on_loop<bool>(bridge_, kLoopLimit, [this, id, rows, columns](auto deliver) {
        deliver(hub_.sessions().resize(id, rows, columns).map([] { return true; }));
    });
    return done.map([](bool) {});
}

Result<void> BridgedBackend::signal_session(const std::string& id, const std::string& signal) {
    auto done = http::on_loop<bool>(bridge_, kLoopLimit, [this, id, signal](auto deliver) {
        deliver(hub_.sessions().signal(id, signal).map([] { return true; }));
    });
    return done.map([](bool) {});
}

void BridgedBackend::close_session(const std::string& id) {
    bridge_.post([this, id] { hub_.sessions().close(id); });
}

}  // namespace drover::gateway
