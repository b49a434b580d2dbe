// What comes over HTTP: "METHOD TARGET\nBODY".
#include "fuzz/http_target.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "gateway/fake_backend.hpp"
#include "gateway/routes.hpp"

namespace drover::fuzz {
namespace {

constexpr std::size_t kMaxWrites = 100;

// A system with one job that runs, whose log and history have ended.
struct Backend : gateway::test::FakeBackend {
    Backend() {
        const wire::JobDesired job = gateway::test::job("web");
        const wire::AllocDesired alloc = gateway::test::alloc("4f1c000000000000", job);
        gateway::test::put(mirror, "job/web", job);
        gateway::test::put(mirror, "alloc/" + alloc.id, alloc);
        gateway::test::put(mirror, "status/" + alloc.id,
                           gateway::test::status(alloc, wire::ClientStatus::running, wire::TaskState::running));
        gateway::test::put(mirror, "node/node-1", gateway::test::node("node-1"));
        log = "one\ntwo\nthree\n";
        add_event("server", "Started");
        ending = true;
    }
};

void check(const http::Reply& reply) {
    CHECK(reply.status >= 200 && reply.status < 600);
    CHECK(reply.status < 400 || !reply.body.empty());
    if (!reply.stream) return;
    std::size_t writes = 0;
    (void)reply.stream([&](std::string_view) { return ++writes < kMaxWrites; });
    CHECK(writes <= kMaxWrites);
}

}  // namespace

void http(std::string_view bytes) {
    const std::size_t line = std::min(bytes.find('\n'), bytes.size());
    const std::string_view first = bytes.substr(0, line);
    const std::size_t space = std::min(first.find(' '), first.size());
    const std::string_view target = first.substr(std::min(space + 1, first.size()));
    const std::string text(target);
    (void)http::check_origin(text, text, {"drover.example"});
    auto call = http::parse_call(first.substr(0, space), target);
    if (!call) {
        CHECK(!call.error().message.empty());
        return check(http::error_reply(call.error()));
    }
    call->body = bytes.substr(std::min(line + 1, bytes.size()));
    if (call->body.size() > http::kMaxBody) return;
    call->last_event_id = call->body.substr(0, 20);
    Backend backend;
    check(gateway::route({backend, "gw-0"}, *call));
}

}  // namespace drover::fuzz
