#include "bus/loss.hpp"

namespace drover::bus {

// Samples have no epoch: their numbers are those of one key.
std::uint64_t Loss::missed(const wire::Envelope& envelope) {
    if (envelope.records.empty()) return 0;
    const bool sample = envelope.epoch == 0;
    if (!sample && !("v1/" + envelope.stream + "/").starts_with(prefix_)) return 0;
    if (last_.size() >= kMaxKept) last_.clear();
    const Numbering numbering{envelope.from, envelope.boot, envelope.epoch, envelope.stream,
                              sample ? envelope.records.front().key : std::string()};
    const auto [it, first] = last_.try_emplace(numbering, 0);
    const std::uint64_t before = sample ? envelope.records.front().number - 1 : envelope.prev;
    const std::uint64_t missed = !first && before > it->second ? before - it->second : 0;
    it->second = envelope.records.back().number;
    return missed;
}

}  // namespace drover::bus
