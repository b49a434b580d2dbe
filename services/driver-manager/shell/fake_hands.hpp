// Hands without processes, for tests: a node whose files outlive the agent, and whose tasks do what the test says.
#pragma once

#include <set>

#include "base/check.hpp"
#include "driver-manager/core/phases.hpp"
#include "driver-manager/shell/hands.hpp"

namespace drover::driver_manager {

class FakeHands : public Hands {
   public:
    void listen(Heard heard) override { heard_ = std::move(heard); }

    void listen_renders(HeardRender heard) override { heard_render_ = std::move(heard); }

    Result<std::vector<Found>> adopt() override {
        std::vector<Found> found;
        for (const auto& [key, files] : tasks_) {
            if (files.runs.empty() && files.floor == 0) continue;
            found.push_back({key, files.floor, {}});
            for (const auto& entry : files.runs) found.back().incarnations.push_back(entry.second);
        }
        return found;
    }

    Result<void> set_floors(const std::map<TaskKey, std::uint64_t>& floors) override {
        if (disk_full) return fail(ErrorKind::io, "the disk is full");
        ++syncs;
        for (const auto& [key, seq] : floors) tasks_[key].floor = std::max(tasks_[key].floor, seq);
        return {};
    }

    Result<std::uint64_t> fence() override { return fence_; }

    Result<void> set_fence(std::uint64_t term) override {
        if (disk_full) return fail(ErrorKind::io, "the disk is full");
        fence_ = std::max(fence_, term);
        return {};
    }

    Result<void> launch(const wire::TaskCommand& command) override {
        if (!launch_error.empty()) return fail(ErrorKind::unavailable, launch_error);
        Files& files = tasks_[{command.alloc, command.task}];
        CHECK(command.seq > files.floor);
        for (const auto& entry : files.runs) CHECK(!is_live(entry.second.phase));
        files.runs[command.seq].seq = command.seq;
        files.runs[command.seq].id = command.incarnation;
        ++launches;
        return {};
    }

    void probe(const wire::TaskCommand& command) override {
        wire::IncarnationObserved& run = tasks_[{command.alloc, command.task}].runs[command.seq];
        run.ready = true;
        heard_({command.alloc, command.task}, wire::IncarnationObserved(run));
    }

    void pre_kill(const wire::TaskCommand& command) override {
        ++pre_kills;
        wire::IncarnationObserved& run = tasks_[{command.alloc, command.task}].runs[command.seq];
        run.pre_kill_done = true;
        heard_({command.alloc, command.task}, wire::IncarnationObserved(run));
    }

    void stop(const TaskKey& key, std::uint64_t seq, const std::string&, Duration) override {
        ++stops;
        if (tasks_[key].runs.contains(seq)) become(key, seq, wire::RunPhase::exited);
    }

    Result<void> signal(const TaskKey& key, std::uint64_t seq, std::uint64_t order, const std::string& name) override {
        if (name == "SIGNOPE") return fail(ErrorKind::invalid, "there is no signal SIGNOPE");
        wire::IncarnationObserved& run = tasks_[key].runs[seq];
        run.signals_applied = order;
        heard_(key, wire::IncarnationObserved(run));
        return {};
    }

    std::string recall(const TaskKey& key, std::uint64_t) override { return key.alloc + " as it was placed"; }

    void keep_templates(const wire::TaskCommand& command) override { rendered = command.rendered; }

    void assume(const wire::TaskCommand&) override {}

    void give_back(const TaskKey& key) override { given_back.insert(key); }

    void release(const TaskKey& key, std::uint64_t seq) override { tasks_[key].runs.erase(seq); }

    void destroy(const TaskKey& key) override { tasks_.erase(key); }

    Result<wire::LogChunk> read_log(const wire::LogRead& read) override {
        ++log_reads;
        const auto log = logs.find(read.task);
        if (log == logs.end()) return fail(ErrorKind::not_found, "there is no log of task " + read.task);
        wire::LogChunk chunk;
        chunk.end = log->second.size();
        chunk.offset = read.offset < 0 ? chunk.end : std::min(chunk.end, static_cast<std::uint64_t>(read.offset));
        chunk.data = log->second.substr(chunk.offset, read.limit);
        return chunk;
    }

    LogEnds log_ends(const TaskKey& key) override {
        return [this, key] {
            const auto log = logs.find(key.task);
            const std::int64_t end = log == logs.end() ? -1 : static_cast<std::int64_t>(log->second.size());
            return std::array{end, end};
        };
    }

    // The task's supervisor says so.
    void become(const TaskKey& key, std::uint64_t seq, wire::RunPhase phase, std::int64_t pid = 0) {
        wire::IncarnationObserved& run = tasks_[key].runs[seq];
        run.phase = phase;
        if (pid != 0) run.pid = pid;
        heard_(key, wire::IncarnationObserved(run));
    }

    void render(const TaskKey& key, const wire::RenderObserved& now) { heard_render_(key, now); }

    bool has_files(const TaskKey& key) const { return tasks_.contains(key); }

    bool disk_full = false;
    std::string launch_error;
    int launches = 0;
    int stops = 0;
    int syncs = 0;
    std::uint64_t rendered = 0;
    int pre_kills = 0;
    std::map<std::string, std::string> logs;
    int log_reads = 0;
    std::set<TaskKey> given_back;

   private:
    struct Files {
        std::uint64_t floor = 0;
        std::map<std::uint64_t, wire::IncarnationObserved> runs;
    };

    std::uint64_t fence_ = 0;
    Heard heard_;
    HeardRender heard_render_;
    std::map<TaskKey, Files> tasks_;
};

}  // namespace drover::driver_manager
