// What a gateway and an alloc-runner say in tests of the store, and a world in which one alloc is recorded.
#pragma once

#include <gtest/gtest.h>

#include "state-store/shell/test_world.hpp"

namespace drover::store {

inline wire::Request submit(const std::string& id, const std::string& job, const std::string& task = "server") {
    wire::Request request;
    request.id = id;
    request.ask = wire::Ask::job_submit;
    request.spec.emplace();
    request.spec->name = job;
    request.spec->groups.resize(1);
    request.spec->groups[0].name = "front";
    request.spec->groups[0].tasks.resize(1);
    request.spec->groups[0].tasks[0].name = task;
    request.spec->groups[0].tasks[0].driver = "mock";
    return request;
}

inline wire::Request stop(const std::string& id, const std::string& job) {
    wire::Request request;
    request.id = id;
    request.ask = wire::Ask::job_stop;
    request.job = job;
    return request;
}

inline wire::Request events_of(const std::string& id, const std::string& job, std::uint64_t since = 0) {
    wire::Request request;
    request.id = id;
    request.ask = wire::Ask::events;
    request.job = job;
    request.since = since;
    return request;
}

inline wire::AllocDesired alloc(const std::string& id, const std::string& job, std::uint64_t term) {
    wire::AllocDesired out;
    out.id = id;
    out.job = job;
    out.job_version = 1;
    out.node = "n1";
    out.group = submit("", job).spec->groups[0];
    out.term = term;
    return out;
}

inline wire::AllocReport report(const std::string& id, const std::string& job, std::uint64_t term, std::uint64_t first,
                                std::uint64_t last) {
    wire::AllocReport out;
    out.alloc = id;
    out.term = term;
    for (std::uint64_t n = first; n <= last; ++n) {
        out.events.emplace_back();
        wire::TaskEvent& event = out.events.back();
        event.job = job;
        event.alloc = id;
        event.task = "server";
        event.n = n;
        event.type = "Started";
        event.time = Instant{seconds(1'000'000'000).ns};
    }
    out.status.emplace();
    out.status->id = id;
    out.status->job = job;
    out.status->term = term;
    out.status->version = last;
    return out;
}

class StoreTest : public testing::Test, protected World {
   protected:
    void record_alloc() {
        ASSERT_TRUE(ask(submit("r1", "web")).ok);
        term = generation();
        runner->say("alloc/a1", alloc("a1", "web", term));
        ASSERT_TRUE(until([&] { return state<wire::AllocDesired>("alloc/a1").has_value(); }));
    }
    std::uint64_t recorded() {
        const auto known = runner->ears.find<wire::AllocRecorded>("state", "recorded/a1");
        return known && known->events.contains("server") ? known->events.at("server") : 0;
    }
    std::uint64_t term = 0;
};

}  // namespace drover::store
