// How a keeper moves the output of its container into the task's log.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "driver-manager/docker/keeper.hpp"
#include "shim/entry.hpp"
#include "shim/text.hpp"

namespace drover::docker {

namespace {

constexpr Duration kHeadLimit = seconds(30);
constexpr Duration kSilence = seconds(30);  // of a daemon that has output to give
constexpr Duration kSettled = seconds(1);   // an end that comes sooner, again and again, is not asked about at once
constexpr const char* kPositionsFile = "positions";

std::uint64_t end_of(const shim::Log& log) { return log.start + log.size; }

}  // namespace

Result<void> Keeper::open_log() {
    if (frames_) return {};
    char error[sizeof ShimStatus::error];
    if (!shim::open_logs(spec_, &logs_[0], &logs_[1], error, sizeof error)) return fail(ErrorKind::unavailable, error);
    positions_fd_ = ::open(kPositionsFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    // Without an earlier keeper what is in the log is of earlier starts.
    Positions positions;
    if (::pread(positions_fd_, positions.data(), sizeof positions, 0) != static_cast<ssize_t>(sizeof positions))
        for (std::size_t i = 0; i < 2; ++i) positions[i] = {0, 0, end_of(logs_[i])};
    const std::array<std::uint64_t, 2> ends = {end_of(logs_[0]), end_of(logs_[1])};
    frames_.emplace(positions, ends, [this](int stream, std::int64_t at, std::string_view bytes) {
        shim::Log& log = logs_[stream];
        if (spec_.discards_output) return end_of(log);
        if (at != log.stamped_at) shim::stamp_log(&log, at);
        shim::write_log(&log, bytes.data(), bytes.size());
        return end_of(log);
    });
    keep_positions();
    return {};
}

Result<void> Keeper::open_output(bool follow) {
    if (const auto open = open_log(); !open) return open;
    output_.reset();
    frames_->restart();
    const std::string path = "/containers/" + id_ +
                             "/logs?stdout=1&stderr=1&timestamps=1&follow=" + (follow ? "1" : "0") +
                             "&since=" + frames_->since();
    auto stream = engine_.open("GET", path, "", kHeadLimit);
    if (!stream) return tl::unexpected(stream.error());
    if (!stream->head.good()) return fail(ErrorKind::unavailable, reason(stream->head));
    output_ = std::move(*stream);
    opened_at_ = shim::monotonic_ns();
    const auto fed = frames_->feed(output_->head.body);
    output_->head.body.clear();
    keep_positions();
    return fed;
}

// What the container's end and the daemon's have in common is that nothing more comes.
void Keeper::hear() {
    std::string bytes;
    const auto more = read_more(*output_, bytes, {});
    const auto fed = frames_->feed(bytes);
    keep_positions();
    if (more && *more && fed) return;
    output_.reset();
    if (shim::monotonic_ns() - opened_at_ > kSettled.ns) looks_ = 0;
    if (looks_ > 0) return look_later();
    looks_ = 1;
    look_at_ = shim::monotonic_ns();
}

Result<void> Keeper::drain() {
    if (const auto open = open_output(false); !open) return open;
    while (true) {
        std::string bytes;
        const auto more = read_more(*output_, bytes, kSilence);
        if (!more) return tl::unexpected(more.error());
        if (const auto fed = frames_->feed(bytes); !fed) return fed;
        if (!*more) break;
    }
    output_.reset();
    keep_positions();
    for (shim::Log& log : logs_) shim::end_log(&log);
    return {};
}

// A keeper that is killed before this is written leaves more in the log than is said here, which the next one allows
// for.
void Keeper::keep_positions() {
    const Positions positions = frames_->positions();
    (void)!::pwrite(positions_fd_, positions.data(), sizeof positions, 0);
    for (const shim::Log& log : logs_) shim::note_log(log);
}

}  // namespace drover::docker
