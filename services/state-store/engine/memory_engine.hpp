// MemoryEngine: the engine of tests and simulations; what it holds ends with it.
#pragma once

#include <map>

#include "state-store/engine/engine.hpp"

namespace drover::store {

class MemoryEngine : public Engine {
   public:
    explicit MemoryEngine(std::string uuid) : uuid_(std::move(uuid)) {}

    const std::string& uuid() const override { return uuid_; }
    std::uint64_t head() const override { return head_; }
    std::uint64_t head(Space space) const override { return find(space).head; }
    std::uint64_t floor(Space space) const override { return find(space).floor; }
    std::uint64_t count(Space space) const override { return find(space).live; }

    Result<std::uint64_t> commit(const Batch& batch) override;
    Result<std::optional<Entry>> get(std::string_view key) const override;
    Result<std::vector<Entry>> range(std::string_view prefix, std::size_t limit, std::string_view above) const override;
    Result<std::vector<Entry>> after(Space space, std::uint64_t revision, std::size_t limit) const override;
    Result<Slice> after(Space space, std::string_view prefix, std::uint64_t revision, std::size_t limit) const override;
    Result<void> renumber(std::uint64_t above) override;
    Result<void> trim_tombstones(Space space, std::uint64_t keep) override;

   private:
    struct SpaceState {
        std::uint64_t head = 0;
        std::uint64_t floor = 0;
        std::uint64_t live = 0;
        std::map<std::uint64_t, std::string> keys;  // by revision
    };
    using Entries = std::map<std::string, Entry, std::less<>>;

    const SpaceState& find(Space space) const;
    bool expectations_hold(const Batch& batch) const;
    void apply(const Change& change);
    void remove(Entries::iterator it);

    std::string uuid_;
    std::uint64_t head_ = 0;
    std::map<Space, SpaceState> spaces_;
    Entries entries_;
};

}  // namespace drover::store
