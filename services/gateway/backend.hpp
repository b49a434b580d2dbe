// Backend: what a connection's thread may ask of the system. Every call blocks, and every one has a deadline.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "base/result.hpp"
#include "gateway/mirror.hpp"
#include "gateway/sessions.hpp"
#include "wire/log.hpp"
#include "wire/request.hpp"

namespace drover::gateway {

// How long an answered change may take to reach the mirror, so that who made it can read it.
inline constexpr Duration kSettle = seconds(2);

class Backend {
   public:
    virtual ~Backend() = default;

    using Visit = std::function<void(const Mirror&, Instant now)>;
    // Runs `visit` on the thread that owns the mirror. It may run after this call has given up, so it must own what it
    // touches; use look().
    virtual Result<void> visit(Visit visit) = 0;

    using Holds = std::function<bool(const Mirror&)>;
    // Waits until `holds` does; false when `limit` passed first.
    virtual bool until(Holds holds, Duration limit) = 0;

    // Asks the state-store and waits for its answer; a refusal is an error. The id is filled in.
    virtual Result<wire::Answer> ask(wire::Request request) = 0;

    // Asks the driver-manager of `read.node` for a piece of a log. The id is filled in.
    virtual Result<wire::LogChunk> read_log(wire::LogRead read) = 0;

    // The commands that users run beside tasks: as Sessions has them, each waiting for what comes of it.
    virtual Result<std::string> open_session(wire::SessionDesired wanted) = 0;
    virtual Result<SessionNews> read_session(const std::string& id, std::uint64_t heard, std::uint64_t after,
                                             Duration wait) = 0;
    virtual Result<bool> write_session(const std::string& id, std::uint64_t number, std::string bytes, bool last) = 0;
    virtual Result<void> resize_session(const std::string& id, std::uint32_t rows, std::uint32_t columns) = 0;
    virtual Result<void> signal_session(const std::string& id, const std::string& signal) = 0;
    virtual void close_session(const std::string& id) = 0;

    // Counts the hints that new events exist. wait_hint returns as soon as the count differs from `seen`, or after
    // `limit`.
    virtual std::uint64_t hints() = 0;
    virtual void wait_hint(std::uint64_t seen, Duration limit) = 0;

    // Waits for `limit`, or until the gateway is about to end.
    virtual void pause(Duration limit) = 0;

    // The gateway is about to end: streams must end too.
    virtual bool closing() = 0;
};

// What `read` makes of the mirror.
template <class T>
Result<T> look(Backend& backend, std::function<T(const Mirror&, Instant now)> read) {
    auto out = std::make_shared<T>();
    auto seen = backend.visit([out, read = std::move(read)](const Mirror& m, Instant now) { *out = read(m, now); });
    if (!seen) return tl::unexpected(seen.error());
    return std::move(*out);
}

}  // namespace drover::gateway
