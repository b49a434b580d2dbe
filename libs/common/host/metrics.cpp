#include "host/metrics.hpp"

#include <array>
#include <cstdio>

#include "base/check.hpp"

namespace drover::host {

namespace {

std::string escaped(const std::string& text, bool in_quotes) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '"' && in_quotes) {
            out += "\\\"";
        } else {
            out += c;
        }
    }
    return out;
}

// {alloc="4f1c",task="server"}, or nothing.
std::string rendered(const Metrics::Labels& labels) {
    if (labels.empty()) return "";
    std::string out;
    for (const auto& [name, value] : labels) {
        out += (out.empty() ? "{" : ",") + name + "=\"" + escaped(value, true) + "\"";
    }
    return out + "}";
}

std::string number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.15g", value);
    return text.data();
}

template <class Series>
typename Series::mapped_type::element_type& find_or_make(Series& series, const std::string& labels) {
    const bool full = series.size() >= Metrics::kMaxSeries && !series.contains(labels);
    auto& slot = series[full ? "{series=\"other\"}" : labels];
    if (!slot) slot = std::make_unique<typename Series::mapped_type::element_type>();
    return *slot;
}

}  // namespace

Metrics::Family& Metrics::family(const std::string& name, const std::string& help) {
    Family& found = families_[name];
    if (found.help.empty()) found.help = help;
    return found;
}

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    const std::lock_guard lock(mutex_);
    Family& f = family(name, help);
    CHECK(f.gauges.empty());
    return find_or_make(f.counters, rendered(labels));
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    const std::lock_guard lock(mutex_);
    Family& f = family(name, help);
    CHECK(f.counters.empty());
    return find_or_make(f.gauges, rendered(labels));
}

std::string Metrics::render() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& [name, f] : families_) {
        out += "# HELP " + name + " " + escaped(f.help, false) + "\n";
        out += "# TYPE " + name + (f.gauges.empty() ? " counter\n" : " gauge\n");
        for (const auto& [labels, counter] : f.counters) {
            out += name + labels + " " + std::to_string(counter->value()) + "\n";
        }
        for (const auto& [labels, gauge] : f.gauges) out += name + labels + " " + number(gauge->value()) + "\n";
    }
    return out;
}

Metrics& metrics() {
    static Metrics& the_metrics = *new Metrics;
    return the_metrics;
}

}  // namespace drover::host
