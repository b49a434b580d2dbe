#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "driver-manager/launcher/orphans.hpp"
#include "driver-manager/launcher/spec_file.hpp"
#include "driver-manager/launcher/state.hpp"
#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/remove.hpp"
#include "os/unix_socket.hpp"

namespace drover::launcher {

namespace {

constexpr std::size_t kMaxEntries = 1 << 20;
constexpr Duration kLookAgain = milliseconds(10);
constexpr Duration kLongestLook = seconds(1);
constexpr std::uint32_t kPatience = 12;  // looks, some six seconds

}  // namespace

// False: the directory holds no start, and never will; it is removed.
bool Launcher::State::adopt(const RunKey& key) {
    Run& run = add(key, Stage::starting);
    if (look(run)) return true;
    (void)os::remove_tree(run.dir);
    erase(key);
    return false;
}

bool Launcher::State::look(Run& run) {
    Record record = read_record(run.dir);
    if (record.state != RecordState::good) return look_without_record(run, record.state);
    UniqueFd shim_fd;
    if (!is_final(record.status)) {
        shim_fd = open_shim(record.status);
        // A shim that has ended in between had written its last word before.
        if (!shim_fd.valid()) record = read_record(run.dir);
    }
    run.seen = to_observed(run.key.seq, record.status);
    if (is_final(record.status)) {
        ended(run, run.seen);
    } else if (shim_fd.valid()) {
        run.stage = Stage::live;
        leave_start(run);
        watch_shim(run, std::move(shim_fd));
        connect(run);
    } else {
        run.stage = Stage::live;
        lost_shim(run, record.status);
    }
    return true;
}

// No record: a shim that is about to write one holds the lock on the spec. Whoever else gets the lock may unlink the
// spec, after which no shim starts from it.
bool Launcher::State::look_without_record(Run& run, RecordState state) {
    const std::string path = run.dir + "/" + SHIM_SPEC_FILE;
    const UniqueFd spec(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!spec.valid() && state == RecordState::absent) return false;
    if (spec.valid() && ::flock(spec.get(), LOCK_EX | LOCK_NB) != 0) {
        const std::string text = os::read_file(path, 4 << 20).value_or(std::string());
        const std::vector<std::string> ids = spec_values(text, "id");
        if (!ids.empty()) run.seen.id = ids[0];
        // One that listens had written its record, so that will not come any more: it has to say who it is.
        if (Result<UniqueFd> socket = os::connect_in(run.dir, SHIM_SOCKET)) {
            use_socket(run, std::move(*socket));
        } else {
            look_again(run);
        }
        return true;
    }
    const Record record = read_record(run.dir);
    if (record.state == RecordState::good) return look(run);
    if (record.state == RecordState::absent) {
        ::unlink(path.c_str());
        return false;
    }
    // A damaged record of a dead shim: it did run, and how it ended cannot be known.
    ShimStatus status = new_record("", SHIM_RUNNING, "");
    status.boot = os::boot_number();
    const std::vector<std::string> ids = spec_values(os::read_file(path, 4 << 20).value_or(std::string()), "id");
    if (!ids.empty()) ids[0].copy(status.id, sizeof status.id - 1);
    run.seen = to_observed(run.key.seq, status);
    begin_ending(run, status);
    return true;
}

void Launcher::State::look_again(Run& run) {
    if (run.tries == kPatience) run.seen.error = "the supervisor of the task holds its directory but writes no record";
    run.retry = loop.at(loop.now() + backoff(kLookAgain, run.tries++, kLongestLook), on_run(run, [this](Run& late) {
                            const RunKey key = late.key;
                            if (!look(late)) {
                                start_failed(late, "the start of the task was cut short; try again", true);
                            }
                            if (Run* found = find(key)) changed_now(*found);
                        }));
}

// Nobody can ask it anything any more, and its task must not run beside its successor: the shim ends it, and the record
// in its new directory says for whom that is to be reported.
Result<void> Launcher::State::end_orphan(Orphan orphan) {
    Run& run = add(orphan.key, Stage::live);
    bool claimed = false;
    if (const Result<void> made = claim(run, claimed); !made) return made;
    if (const Result<void> written = write_record(run.dir, orphan.status); !written) return written;
    run.last = orphan.status;
    run.seen = to_observed(run.key.seq, orphan.status);
    (void)os::send_signal(orphan.shim.get(), SIGTERM);
    watch_shim(run, std::move(orphan.shim));
    return {};
}

// The highest number that was claimed.
Result<std::uint64_t> Launcher::State::adopt_task(const std::string& alloc, const std::string& task) {
    const Result<std::vector<std::string>> names = os::list_dir(state_dir + "/" + alloc + "/" + task, kMaxEntries);
    if (!names) return tl::unexpected(names.error());
    std::uint64_t highest = 0;
    for (const std::string& name : *names) {
        RunKey key{alloc, task, 0};
        if (!parse_seq(name, key.seq)) continue;
        highest = key.seq > highest ? key.seq : highest;
        if (!adopt(key)) continue;
        Run& run = *find(key);
        run.said = run.seen;
    }
    return highest;
}

Result<std::vector<std::pair<RunKey, wire::IncarnationObserved>>> Launcher::adopt() {
    State& s = *state_;
    if (const Result<bool> made = os::make_dir(s.state_dir, 0700); !made) return tl::unexpected(made.error());
    const Result<bool> floors = s.floors.load();
    if (!floors) return tl::unexpected(floors.error());
    Floors::Numbers claimed;
    const Result<std::vector<std::string>> allocs = os::list_dir(s.state_dir, kMaxEntries);
    if (!allocs) return tl::unexpected(allocs.error());
    for (const std::string& alloc : *allocs) {
        if (!os::is_plain_name(alloc)) continue;
        const Result<std::vector<std::string>> tasks = os::list_dir(s.state_dir + "/" + alloc, kMaxEntries);
        if (!tasks) return tl::unexpected(tasks.error());
        for (const std::string& task : *tasks) {
            const Result<std::uint64_t> highest = s.adopt_task(alloc, task);
            if (!highest) return tl::unexpected(highest.error());
            claimed[{alloc, task}] = *highest;
        }
    }
    for (Orphan& orphan : find_orphans(s.state_dir)) {
        std::uint64_t& highest = claimed[{orphan.key.alloc, orphan.key.task}];
        highest = std::max(highest, orphan.key.seq);
        if (const Result<void> done = s.end_orphan(std::move(orphan)); !done) return tl::unexpected(done.error());
    }
    // What is known to have been claimed must not start again; that is all that a floor is for.
    if (!*floors) {
        if (const Result<void> raised = s.floors.raise(claimed); !raised) return tl::unexpected(raised.error());
    }
    std::vector<std::pair<RunKey, wire::IncarnationObserved>> out;
    for (const auto& [key, run] : s.runs) out.emplace_back(key, run.seen);
    return out;
}

}  // namespace drover::launcher
