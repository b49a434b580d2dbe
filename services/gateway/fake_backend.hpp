// FakeBackend: a system of one thread for the tests of routes: a mirror, an event log and the bytes of one log.
#pragma once

#include "gateway/backend.hpp"
#include "gateway/test_objects.hpp"

namespace drover::gateway::test {

class FakeBackend : public Backend {
   public:
    Mirror mirror;
    std::vector<wire::RecordedEvent> events;
    std::string log;
    // Of several logs, by "<alloc>/<task>/<stream>"; then `log` is of nobody.
    struct Output {
        std::string text;
        std::vector<wire::LogMark> marks;

        // A line that was written at this time.
        void add(std::int64_t at, const std::string& line) {
            marks.push_back({text.size(), Instant{at}});
            text += line + "\n";
        }
    };
    std::map<std::string, Output> outputs;
    Instant log_now = kNever;  // when they are read
    std::vector<wire::LogRead> log_reads;
    std::size_t log_limit = 16384;
    std::optional<Error> store_error, log_error;
    std::vector<wire::Request> asked;
    std::vector<wire::CollectedAlloc> collected;
    std::uint64_t removed = 0;  // events, by retention
    Instant removed_at;
    wire::SessionDesired session;
    std::vector<SessionPiece> pieces;
    std::string session_input;
    std::uint64_t session_heard = 0;
    bool session_ended = false;
    std::function<void()> on_wait;  // what happens while somebody waits
    bool ending = false;
    wire::AuditPage audit;

    void add_event(const std::string& task, const std::string& type) {
        wire::RecordedEvent event;
        event.number = events.empty() ? 10 : events.back().number + 3;
        event.event.job = "web";
        event.event.alloc = "4f1c000000000000";
        event.event.task = task;
        event.event.type = type;
        event.event.time = Instant{seconds(static_cast<std::int64_t>(event.number)).ns};
        events.push_back(event);
    }

    Result<void> visit(Visit visit) override {
        visit(mirror, Instant{seconds(100).ns});
        return {};
    }
    bool until(Holds holds, Duration) override {
        if (!holds(mirror) && on_wait) on_wait();
        return holds(mirror);
    }
    Result<wire::Answer> ask(wire::Request request) override {
        asked.push_back(request);
        if (store_error) return tl::unexpected(*store_error);
        wire::Answer answer;
        answer.index = 7;
        if (request.ask == wire::Ask::collect) answer.collected = collected;
        if (request.ask == wire::Ask::audit) answer.audit = audit;
        if (request.ask == wire::Ask::store_backup || request.ask == wire::Ask::store_check) {
            answer.store.emplace();
            answer.store->file = "/var/lib/drover/state-store/backups/" + request.path;
            answer.store->objects = 12;
        }
        if (request.ask != wire::Ask::events) return answer;
        answer.next = events.empty() ? 0 : events.back().number;
        if (request.since < removed && request.from <= removed_at) {
            answer.removed = removed;
            answer.removed_at = removed_at;
        }
        for (const auto& event : events) {
            if (answer.events.empty() && event.event.time < request.from) continue;
            if (event.number <= request.since || (!request.task.empty() && event.event.task != request.task)) continue;
            if (answer.events.size() == request.limit) {
                answer.more = true;
                answer.next = answer.events.back().number;
                break;
            }
            answer.events.push_back(event);
        }
        return answer;
    }
    Result<wire::LogChunk> read_log(wire::LogRead read) override {
        log_reads.push_back(read);
        if (log_error) return tl::unexpected(*log_error);
        if (!outputs.empty()) return read_output(read);
        const auto size = static_cast<std::int64_t>(log.size());
        const std::int64_t at = read.offset < 0 ? std::max<std::int64_t>(0, size + read.offset) : read.offset;
        wire::LogChunk chunk;
        chunk.offset = static_cast<std::uint64_t>(at);
        chunk.end = log.size();
        if (at < size) chunk.data = log.substr(static_cast<std::size_t>(at), log_limit);
        return chunk;
    }
    Result<std::string> open_session(wire::SessionDesired wanted) override {
        session = std::move(wanted);
        return "s1";
    }
    Result<SessionNews> read_session(const std::string& id, std::uint64_t heard, std::uint64_t after,
                                     Duration) override {
        if (id != "s1") return fail(ErrorKind::not_found, "there is no such session");
        SessionNews news;
        session_heard = heard;
        for (const SessionPiece& piece : pieces)
            if (piece.number > after) news.pieces.push_back(piece);
        news.ended = session_ended;
        news.code = 3;
        return news;
    }
    Result<bool> write_session(const std::string&, std::uint64_t number, std::string bytes, bool last) override {
        session_input += std::to_string(number) + bytes + (last ? "$" : "");
        return true;
    }
    Result<void> resize_session(const std::string&, std::uint32_t rows, std::uint32_t columns) override {
        session.rows = rows;
        session.columns = columns;
        return {};
    }
    Result<void> signal_session(const std::string&, const std::string& signal) override {
        session_input += signal;
        return {};
    }
    void close_session(const std::string&) override { session_ended = true; }
    std::uint64_t hints() override { return 0; }
    void wait_hint(std::uint64_t, Duration) override { wait(); }
    void pause(Duration) override { wait(); }
    bool closing() override { return ending; }

   private:
    Result<wire::LogChunk> read_output(const wire::LogRead& read) {
        const auto found = outputs.find(read.alloc + "/" + read.task + "/" + read.stream);
        if (found == outputs.end()) return fail(ErrorKind::not_found, "the task has no files");
        const Output& output = found->second;
        const auto size = static_cast<std::int64_t>(output.text.size());
        const auto at = std::min(size, read.offset < 0 ? std::max<std::int64_t>(0, size + read.offset) : read.offset);
        wire::LogChunk chunk;
        chunk.offset = static_cast<std::uint64_t>(at);
        chunk.end = output.text.size();
        chunk.data = output.text.substr(chunk.offset, log_limit);
        chunk.marks = output.marks;
        chunk.now = log_now;
        return chunk;
    }
    void wait() {
        if (on_wait) on_wait();
    }
};

}  // namespace drover::gateway::test
