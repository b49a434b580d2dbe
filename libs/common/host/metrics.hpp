// Counters and gauges with Prometheus' text rendering. Values may be changed from any thread; metrics are made once and
// live as long as their registry.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace drover::host {

// Only grows. Names end in _total.
class Counter {
   public:
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
   public:
    void set(double value) { value_.store(value, std::memory_order_relaxed); }
    double value() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<double> value_{0};
};

class Metrics {
   public:
    using Labels = std::map<std::string, std::string>;

    // The metric of that name and those labels, made at the first call; the first help text stays. A name is either a
    // counter or a gauge, checked. Bounded: beyond kMaxSeries per name, further label sets share one series "other".
    Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
    Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});

    // Text format version 0.0.4, names and labels in order.
    std::string render() const;

    static constexpr std::size_t kMaxSeries = 1000;

   private:
    template <class T>
    using Series = std::map<std::string, std::unique_ptr<T>>;  // by rendered labels
    struct Family {
        std::string help;
        Series<Counter> counters;
        Series<Gauge> gauges;
    };
    Family& family(const std::string& name, const std::string& help);

    mutable std::mutex mutex_;
    std::map<std::string, Family> families_;
};

// The one of this process.
Metrics& metrics();

}  // namespace drover::host
