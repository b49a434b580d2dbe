// Histogram: counts observations in fixed buckets. Of one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace drover::metrics {

// Upper bounds in seconds, from a commit to the download of an artifact.
inline constexpr double kSeconds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                      0.5,   1,      2.5,   5,    10,    30,   60,  300};

class Histogram {
   public:
    // `bounds` grow and outlive this.
    explicit Histogram(std::span<const double> bounds = kSeconds) : bounds_(bounds), counts_(bounds.size() + 1) {}

    void observe(double value) {
        std::size_t bucket = 0;
        while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
        ++counts_[bucket];
        sum_ += value;
    }

    std::span<const double> bounds() const { return bounds_; }
    // One for each bound, not cumulated, and one for what is above them all.
    const std::vector<std::uint64_t>& counts() const { return counts_; }
    double sum() const { return sum_; }

   private:
    std::span<const double> bounds_;
    std::vector<std::uint64_t> counts_;
    double sum_ = 0;
};

}  // namespace drover::metrics
