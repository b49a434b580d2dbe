#include "driver-manager/launcher/record.hpp"

#include <algorithm>
#include <cstring>
#include <system_error>

#include "os/files.hpp"
#include "os/pidfd.hpp"
#include "os/proc.hpp"

namespace drover::launcher {

namespace {

constexpr std::size_t kMaxFile = 4096;

std::string path_of(const std::string& dir) { return dir + "/" + SHIM_STATUS_FILE; }

void set_text(char* out, std::size_t size, const std::string& text) {
    std::memset(out, 0, size);
    std::memcpy(out, text.data(), std::min(text.size(), size - 1));
}

wire::RunPhase phase_of(const ShimStatus& status) {
    switch (status.phase) {
        case SHIM_RUNNING: return wire::RunPhase::running;
        case SHIM_EXITED: return wire::RunPhase::exited;
        case SHIM_START_FAILED: return wire::RunPhase::start_failed;
        case SHIM_NEVER_STARTED: return wire::RunPhase::never_started;
        default: return wire::RunPhase::starting;
    }
}

}  // namespace

Record read_record(const std::string& dir) {
    const Result<std::string> bytes = os::read_file(path_of(dir), kMaxFile);
    Record out;
    if (!bytes && bytes.error().kind == ErrorKind::not_found) return out;
    const bool good = bytes && shim_status_pick(bytes->data(), bytes->size(), &out.status) != 0;
    out.state = good ? RecordState::good : RecordState::damaged;
    return out;
}

UniqueFd open_shim(const ShimStatus& status) {
    if (status.boot != os::boot_number() || status.shim_pid <= 0) return {};
    Result<UniqueFd> pidfd = os::open_pidfd(status.shim_pid);
    if (!pidfd) return {};
    // Looked at after the pidfd was opened, so it is the process that the pidfd names.
    const Result<os::ProcStat> stat = os::read_proc(status.shim_pid);
    const bool same = stat && stat->start_time == status.shim_start && stat->state != 'Z';
    return same ? std::move(*pidfd) : UniqueFd();
}

Result<void> write_record(const std::string& dir, ShimStatus status) {
    status.magic = SHIM_MAGIC;
    status.version = SHIM_VERSION;
    status.generation += 1;
    status.checksum = shim_checksum(&status);
    const std::string_view bytes(reinterpret_cast<const char*>(&status), sizeof status);
    return os::write_file_atomic(path_of(dir), bytes, 0600, os::Durable::yes);
}

bool is_final(const ShimStatus& status) { return status.phase >= SHIM_EXITED; }

ShimStatus new_record(const std::string& id, ShimPhase phase, const std::string& error) {
    ShimStatus status{};
    status.phase = phase;
    set_text(status.id, sizeof status.id, id);
    set_error(status, error);
    return status;
}

void set_error(ShimStatus& status, const std::string& error) { set_text(status.error, sizeof status.error, error); }

wire::IncarnationObserved to_observed(std::uint64_t seq, const ShimStatus& status) {
    wire::IncarnationObserved out;
    out.seq = seq;
    out.id = status.id;
    out.phase = phase_of(status);
    out.pid = status.task_pid;
    out.started_at = Instant{status.started_at};
    out.finished_at = Instant{status.finished_at};
    out.signals_applied = status.signals_applied;
    if (status.signal_errno != 0) {
        out.signal_error = "the signal could not be delivered: " + std::generic_category().message(status.signal_errno);
    }
    if (out.phase == wire::RunPhase::exited) {
        out.exit = wire::ExitRecord{status.exit_code, status.exit_signal, status.oom != 0, status.error};
    } else {
        out.error = status.error;
        out.recoverable = status.recoverable != 0;
    }
    return out;
}

}  // namespace drover::launcher
