#include "cli/tap_message.hpp"

#include <algorithm>

#include "wire/codec.hpp"
#include "wire/envelope.hpp"

namespace drover::cli {
namespace {

Json parse(const Result<std::string>& text) { return text ? Json::parse(*text, nullptr, false) : Json(); }

bool has(const Json& body, const std::string& field, const std::string& value) {
    if (!body.is_object() || !body.contains(field)) return false;
    const Json& found = body[field];
    return (found.is_string() ? found.get<std::string>() : found.dump()) == value;
}

bool passes(const TapFilter& filter, const wire::Record& record, const Json& body) {
    const auto& kinds = filter.kinds;
    if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), record.kind) == kinds.end()) return false;
    if (record.key.find(filter.key) == std::string::npos) return false;
    return std::all_of(filter.values.begin(), filter.values.end(),
                       [&](const auto& one) { return has(body, one.first, one.second); });
}

}  // namespace

Result<std::pair<std::string, std::string>> parse_condition(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
        return fail(ErrorKind::invalid, "--where \"" + text + "\" is not FIELD=VALUE, as type=Terminated");
    }
    return std::pair{text.substr(0, equals), text.substr(equals + 1)};
}

// The bodies inside an envelope are MessagePack again.
Json tap_json(const bus::Heard& heard, const TapFilter& filter, bus::Loss& loss) {
    const auto envelope = wire::decode<wire::Envelope>(heard.payload);
    if (!envelope) {
        if (!filter.empty()) return nullptr;
        return {{"topic", heard.topic}, {"envelope", parse(wire::to_json(std::string_view(heard.payload)))}};
    }
    // Counted before anything is left out: what is not shown was heard.
    const std::uint64_t missed = loss.missed(*envelope);
    if (!filter.from.empty() && envelope->from != filter.from) return nullptr;
    Json records = Json::array();
    for (const wire::Record& record : envelope->records) {
        Json body = record.erased ? Json() : parse(wire::to_json(std::string_view(record.body)));
        if (!passes(filter, record, body)) continue;
        records.push_back({{"number", record.number},
                           {"kind", record.kind},
                           {"key", record.key},
                           {"erased", record.erased},
                           {"body", std::move(body)}});
    }
    if (records.empty() && !filter.empty()) return nullptr;
    return {{"topic", heard.topic},
            {"missed", missed},
            {"envelope",
             {{"from", envelope->from},
              {"boot", envelope->boot},
              {"stream", envelope->stream},
              {"epoch", envelope->epoch},
              {"prev", envelope->prev},
              {"at", envelope->at.ns},
              {"records", std::move(records)}}}};
}

std::string tap_text(const Session& session, const Json& message) {
    const Json& envelope = message["envelope"];
    std::string out;
    if (const std::uint64_t missed = message.value("missed", 0ULL); missed > 0) {
        out = session.paint(std::to_string(missed) + " missed", Tone::bad) + "  " + envelope.value("from", "") + "  " +
              envelope.value("stream", "") + "\n";
    }
    for (const Json& record : envelope.value("records", Json::array())) {
        const Instant at{envelope.value("at", 0LL)};
        out += session.paint(clock(at, session.now()), Tone::dim) + "  " + envelope.value("from", "") + "  " +
               envelope.value("stream", "") + " " + std::to_string(record.value("number", 0ULL)) + "  " +
               printable(record.value("key", "")) + "  " +
               (record.value("erased", false) ? "erased" : record.value("kind", "") + " " + record["body"].dump()) +
               "\n";
    }
    return out;
}

}  // namespace drover::cli
