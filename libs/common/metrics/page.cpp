#include "metrics/page.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.hpp"

namespace drover::metrics {
namespace {

constexpr double kExact = 9007199254740992;  // whole numbers up to 2^53 are exact

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    if (std::abs(value) < kExact && value == std::floor(value)) return std::to_string(static_cast<std::int64_t>(value));
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

// Names are ASCII; what is not may come from whoever reports events.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f ? '?' : c;
    }
    return out;
}

// job="web",group="front"
std::string rendered(const Metric& metric, Page::Labels labels) {
    std::string out;
    std::string_view names = metric.labels;
    for (const std::string_view value : labels) {
        CHECK(!names.empty());
        const std::size_t space = names.find(' ');
        if (!out.empty()) out += ',';
        ((out += names.substr(0, space)) += "=\"") += escaped(value) + '"';
        names.remove_prefix(space == std::string_view::npos ? names.size() : space + 1);
    }
    CHECK(names.empty());
    return out;
}

void say(std::string& out, std::string_view name, std::string_view suffix, const std::string& labels, double value) {
    (out += name) += suffix;
    if (!labels.empty()) out += '{' + labels + '}';
    out += ' ' + number(value) + '\n';
}

void say(std::string& out, std::string_view name, const std::string& labels, const Histogram& histogram) {
    const std::string before = labels.empty() ? "" : labels + ",";
    double all = 0;
    for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
        all += static_cast<double>(histogram.counts()[i]);
        const bool last = i == histogram.bounds().size();
        const std::string bound = last ? "+Inf" : number(histogram.bounds()[i]);
        say(out, name, "_bucket", before + "le=\"" + bound + "\"", all);
    }
    say(out, name, "_sum", labels, histogram.sum());
    say(out, name, "_count", labels, all);
}

std::string_view word(Type type) {
    switch (type) {
        case Type::counter: return "counter";
        case Type::gauge: return "gauge";
        case Type::histogram: return "histogram";
    }
    return "untyped";
}

}  // namespace

bool Page::has_room(std::size_t series, bool known) {
    if (known || series < kMaxSeries) return true;
    ++left_out_;
    return false;
}

void Page::add(const Metric& metric, Labels labels, double value) {
    CHECK(metric.type != Type::histogram);
    auto& values = families_[&metric].values;
    const std::string key = rendered(metric, labels);
    if (has_room(values.size(), values.contains(key))) values[key] += value;
}

void Page::add(const Metric& metric, Labels labels, const Histogram& histogram) {
    CHECK(metric.type == Type::histogram);
    auto& histograms = families_[&metric].histograms;
    if (has_room(histograms.size(), false)) histograms.emplace(rendered(metric, labels), histogram);
}

std::string Page::text() const {
    std::string out;
    const auto begin = [&out](const Metric& metric) {
        ((out += "# HELP ") += metric.name) += ' ';
        for (const char c : metric.meaning) out += c == '\\' ? "\\\\" : std::string(1, c);
        (((out += "\n# TYPE ") += metric.name) += ' ') += word(metric.type);
        out += '\n';
    };
    for (const auto& [metric, family] : families_) {
        begin(*metric);
        for (const auto& [labels, value] : family.values) say(out, metric->name, "", labels, value);
        for (const auto& [labels, histogram] : family.histograms) say(out, metric->name, labels, histogram);
    }
    constexpr const Metric& left_out = metrics::metric("drover_metrics_left_out");
    begin(left_out);
    say(out, left_out.name, "", "", static_cast<double>(left_out_));
    return out;
}

}  // namespace drover::metrics
