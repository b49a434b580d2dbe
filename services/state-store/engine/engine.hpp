// Engine: a revisioned key space. Every change gets a revision, which grows and is never reused; of each key only the
// newest change survives. One writer. Both implementations keep the same promises (engine_test.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace drover::store {

// Keys belong to spaces, which can be replayed apart from each other. A key stays in the space it was first put into.
using Space = std::uint32_t;

struct Entry {
    std::uint64_t revision = 0;
    Space space = 0;
    std::string key;
    bool erased = false;
    std::string value;  // empty when erased

    friend bool operator==(const Entry&, const Entry&) = default;
};

// A part of what survives in a space, oldest first.
struct Slice {
    std::vector<Entry> entries;
    std::uint64_t through = 0;  // nothing else is there up to this revision; the space's head when that was all
};

enum class ChangeKind {
    put,
    erase,   // leaves a tombstone, so that a replay tells of it; of a key that is not there: nothing happens
    forget,  // leaves no trace
};

struct Change {
    ChangeKind kind = ChangeKind::put;
    Space space = 0;
    std::string key;
    std::string value;
    // The revision that the key must have at the commit, 0: it must not be there.
    std::optional<std::uint64_t> expected = std::nullopt;
};

using Batch = std::vector<Change>;

// A key an engine may have at its opening: a sentence about what it salvaged and lost. Whoever records it forgets it.
inline constexpr std::string_view kRecoveryKey = "recovery";
inline constexpr Space kRecoverySpace = 255;

// Reads fail with ErrorKind::corrupt when the medium does; opening the engine anew then salvages what is left.
class Engine {
   public:
    virtual ~Engine() = default;

    // Names this numbering of revisions: stays over restarts, new when anything was lost.
    virtual const std::string& uuid() const = 0;
    // The newest revision given to anything, and to anything in `space`; 0 before the first.
    virtual std::uint64_t head() const = 0;
    virtual std::uint64_t head(Space space) const = 0;
    // The newest revision of a tombstone that was trimmed: who has read up to less may not know of an erased key.
    virtual std::uint64_t floor(Space space) const = 0;
    // Number of keys in `space` that are not erased.
    virtual std::uint64_t count(Space space) const = 0;

    // All or nothing, in order, durable when it returns; the value is the head. conflict: an expectation did not hold.
    virtual Result<std::uint64_t> commit(const Batch& batch) = 0;

    // The entry of a key that is not erased.
    virtual Result<std::optional<Entry>> get(std::string_view key) const = 0;
    // The keys that begin with `prefix`, in order of bytes, above `above` when that is not empty; none that is erased.
    virtual Result<std::vector<Entry>> range(std::string_view prefix, std::size_t limit,
                                             std::string_view above = {}) const = 0;
    // What survives in `space` above `revision`, oldest first, tombstones included.
    virtual Result<std::vector<Entry>> after(Space space, std::uint64_t revision, std::size_t limit) const = 0;
    // The same for the keys that begin with `prefix`. Looks at no more than kLook keys, so that whoever writes need not
    // wait for who reads: of many keys the slice may end before `limit`.
    virtual Result<Slice> after(Space space, std::string_view prefix, std::uint64_t revision,
                                std::size_t limit) const = 0;
    static constexpr std::uint64_t kLook = 4096;

    // Begins a new numbering, for when somebody has read beyond our head: what we have is older than what was once
    // told. A new uuid; the next revision is above `above`.
    virtual Result<void> renumber(std::uint64_t above) = 0;

    // Drops all tombstones of `space` but the newest `keep`.
    virtual Result<void> trim_tombstones(Space space, std::uint64_t keep) = 0;
};

// The first string above every string that begins with `prefix`; empty when there is none.
std::string prefix_end(std::string_view prefix);

}  // namespace drover::store
