// drover tap [PREFIX]: what the services say, straight from the bus.
#include "bus/loss.hpp"
#include "cli/ear.hpp"
#include "cli/verb.hpp"
#include "wire/codec.hpp"
#include "wire/envelope.hpp"

namespace drover::cli {
namespace {

struct TapOptions {
    std::string prefix;
    std::vector<std::string> endpoints;
    std::uint64_t count = 0;
};

constexpr Duration kWait = seconds(3600);

Json parse(const Result<std::string>& text) { return text ? Json::parse(*text, nullptr, false) : Json(); }

// The bodies inside an envelope are MessagePack again. `missed`: how many records of its stream went by unheard before.
Json message_json(const std::string& topic, const std::string& payload, bus::Loss& loss) {
    const auto envelope = wire::decode<wire::Envelope>(payload);
    if (!envelope) return {{"topic", topic}, {"envelope", parse(wire::to_json(std::string_view(payload)))}};
    Json records = Json::array();
    for (const wire::Record& record : envelope->records) {
        records.push_back({{"number", record.number},
                           {"kind", record.kind},
                           {"key", record.key},
                           {"erased", record.erased},
                           {"body", record.erased ? Json() : parse(wire::to_json(std::string_view(record.body)))}});
    }
    return {{"topic", topic},
            {"missed", loss.missed(*envelope)},
            {"envelope",
             {{"from", envelope->from},
              {"boot", envelope->boot},
              {"stream", envelope->stream},
              {"epoch", envelope->epoch},
              {"prev", envelope->prev},
              {"at", envelope->at.ns},
              {"records", std::move(records)}}}};
}

std::string message_text(const Session& session, const Json& message) {
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

int listen(const Session& session, const TapOptions& options) {
    std::string prefix = options.prefix;
    if (!prefix.empty() && prefix.rfind("v1/", 0) != 0) prefix = "v1/" + prefix;
    auto opened = open_ear(session.environment, options.endpoints, prefix);
    if (!opened) return session.fail(opened.error());
    bus::Loss loss(prefix);
    std::string topic, payload;
    for (std::uint64_t seen = 0; options.count == 0 || seen < options.count;) {
        if (!(*opened)->next(topic, payload, kWait)) continue;
        ++seen;
        const Json message = message_json(topic, payload, loss);
        if (!session.print_json(message)) session.out(message_text(session, message));
    }
    return kOk;
}

}  // namespace

void add_tap(CLI::App& root, Session& session) {
    const auto options = std::make_shared<TapOptions>();
    CLI::App* verb = add_verb(root, session, "tap",
                              "listen in on the bus: every message whose topic begins with PREFIX, as it is said",
                              "drover tap task/event/web/", [&session, options] { return listen(session, *options); });
    verb->add_option("PREFIX", options->prefix, "beginning of topics, as task/event/web/ or node/; all when left out")
        ->type_name("");
    verb->add_option("--endpoint", options->endpoints,
                     "tap endpoints to connect to instead of those of the data directory")
        ->type_name("ENDPOINT");
    verb->add_option("-n,--count", options->count, "end after so many messages")->type_name("N");
}

}  // namespace drover::cli
