// The engine as the core sees it and as the bus sees it.
#pragma once

#include <optional>

#include "bus/feed.hpp"
#include "state-store/core/view.hpp"
#include "state-store/engine/engine.hpp"

namespace drover::store {

class EngineView : public View {
   public:
    explicit EngineView(const Engine& engine) : engine_(engine) {}
    Result<std::optional<std::string>> get(std::string_view key) const override;

    // Set once the medium has failed a read; then nothing that was decided since can be trusted.
    const std::optional<Error>& failure() const { return failure_; }

   private:
    const Engine& engine_;
    mutable std::optional<Error> failure_;
};

class EngineLog : public Log {
   public:
    EngineLog(const Engine& engine, Space space) : engine_(engine), space_(space) {}
    Result<Slice> after(std::string_view prefix, std::uint64_t number, std::size_t limit) const override;
    std::uint64_t head() const override { return engine_.head(space_); }
    std::uint64_t size() const override { return engine_.count(space_); }

   private:
    const Engine& engine_;
    Space space_;
};

// One space as a stream; a record's number is its revision.
class EngineFeed : public bus::FeedSource {
   public:
    EngineFeed(const Engine& engine, Space space) : engine_(engine), space_(space) {}
    std::uint64_t epoch() const override;
    std::uint64_t head() const override { return engine_.head(space_); }
    std::uint64_t floor() const override { return engine_.floor(space_); }
    // Nothing when the medium fails; the next commit finds that out too.
    std::vector<wire::Record> after(std::uint64_t number, std::size_t limit) const override;

   private:
    const Engine& engine_;
    Space space_;
};

Batch to_batch(const Draft& draft);

}  // namespace drover::store
