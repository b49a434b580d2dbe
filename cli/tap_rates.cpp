#include "cli/tap_rates.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "wire/codec.hpp"

namespace drover::cli {
namespace {

std::string one_digit(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

}  // namespace

void TapRates::count(const bus::Heard& heard) {
    const auto envelope = wire::decode<wire::Envelope>(heard.payload);
    const auto who = envelope ? std::pair{envelope->from, envelope->stream} : std::pair{std::string("?"), heard.topic};
    if (counts_.size() == kMaxRows && !counts_.contains(who)) return;
    Count& count = counts_[who];
    ++count.messages;
    count.bytes += heard.topic.size() + heard.payload.size();
    if (!envelope) return;
    count.records += envelope->records.size();
    count.missed += loss_.missed(*envelope);
}

Json TapRates::take(Duration span) {
    std::vector<std::pair<std::pair<std::string, std::string>, Count>> rows;
    for (auto& row : std::exchange(counts_, {})) rows.emplace_back(row);
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.bytes > b.second.bytes; });
    const double seconds = std::max(1e-9, static_cast<double>(span.ns) / 1e9);
    Json out = Json::array();
    for (const auto& [who, count] : rows) {
        out.push_back({{"from", who.first},
                       {"stream", who.second},
                       {"messages_per_second", static_cast<double>(count.messages) / seconds},
                       {"records_per_second", static_cast<double>(count.records) / seconds},
                       {"bytes_per_second", static_cast<double>(count.bytes) / seconds},
                       {"missed", count.missed}});
    }
    return out;
}

std::string rates_text(const Json& rates) {
    Table table({"FROM", "STREAM", "MESSAGES/S", "RECORDS/S", "BYTES/S", "MISSED"});
    for (const Json& row : rates) {
        table.add({row.value("from", ""), printable(row.value("stream", "")),
                   one_digit(row.value("messages_per_second", 0.0)), one_digit(row.value("records_per_second", 0.0)),
                   bytes(static_cast<std::uint64_t>(row.value("bytes_per_second", 0.0))),
                   std::to_string(row.value("missed", 0ULL))});
    }
    return table.empty() ? "nothing was said\n" : table.text();
}

}  // namespace drover::cli
