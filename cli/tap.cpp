// drover tap [PREFIX]: what the services say, straight from the bus or from a recording.
#include "bus/recording.hpp"
#include "cli/ear.hpp"
#include "cli/tap_message.hpp"
#include "cli/tap_rates.hpp"

namespace drover::cli {
namespace {

struct TapOptions {
    std::string prefix;
    std::vector<std::string> endpoints;
    std::string keys;
    std::uint64_t count = 0;
    TapFilter filter;
    std::vector<std::string> conditions;
    std::string record;
    std::string replay;
    bool rates = false;

    bool enough(std::uint64_t seen) const { return count != 0 && seen >= count; }
};

constexpr Duration kWait = seconds(3600);
constexpr Duration kRound = seconds(1);  // of --rates

std::string full_prefix(const std::string& prefix) {
    return prefix.empty() || prefix.rfind("v1/", 0) == 0 ? prefix : "v1/" + prefix;
}

// Shows a message if it passes the filter; true if it did.
bool show_message(const Session& session, const TapOptions& options, const bus::Heard& heard, bus::Loss& loss) {
    const Json message = tap_json(heard, options.filter, loss);
    if (message.is_null()) return false;
    if (!session.print_json(message)) session.out(tap_text(session, message));
    return true;
}

int replay_tap(const Session& session, const TapOptions& options) {
    auto recording = bus::Recording::open(options.replay);
    if (!recording) return session.fail(recording.error());
    const std::string prefix = full_prefix(options.prefix);
    bus::Loss loss(prefix);
    bus::Heard heard;
    for (std::uint64_t seen = 0; !options.enough(seen);) {
        const auto more = recording->next(heard);
        if (!more) return session.fail(more.error());
        if (!*more) break;
        if (heard.topic.rfind(prefix, 0) == 0 && show_message(session, options, heard, loss)) ++seen;
    }
    return kOk;
}

int listen_in(const Session& session, const TapOptions& options, bus::Tap& tap) {
    bus::Loss loss(full_prefix(options.prefix));
    bus::Heard heard;
    for (std::uint64_t seen = 0; !options.enough(seen);) {
        if (tap.next(heard.topic, heard.payload, kWait) && show_message(session, options, heard, loss)) ++seen;
    }
    return kOk;
}

int record_tap(const Session& session, const TapOptions& options, bus::Tap& tap) {
    auto recorder = bus::Recorder::create(options.record);
    if (!recorder) return session.fail(recorder.error());
    session.err("Recording to " + options.record + "; Ctrl-C ends it.\n");
    bus::Heard heard;
    for (std::uint64_t seen = 0; !options.enough(seen);) {
        if (!tap.next(heard.topic, heard.payload, kWait)) continue;
        heard.at = session.now();
        if (auto kept = recorder->add(heard); !kept) return session.fail(kept.error());
        ++seen;
    }
    return kOk;
}

int show_rates(const Session& session, const TapOptions& options, bus::Tap& tap) {
    TapRates rates(full_prefix(options.prefix));
    bus::Heard heard;
    for (std::uint64_t round = 0; !options.enough(round); ++round) {
        const Instant began = session.now();
        for (Instant now = began; now < began + kRound; now = session.now()) {
            if (tap.next(heard.topic, heard.payload, began + kRound - now)) rates.count(heard);
        }
        const Json taken = rates.take(session.now() - began);
        if (!session.print_json(taken)) session.out(rates_text(taken) + "\n");
    }
    return kOk;
}

int run_tap(const Session& session, TapOptions& options) {
    for (const std::string& text : options.conditions) {
        auto condition = parse_condition(text);
        if (!condition) return session.fail(condition.error());
        options.filter.values.push_back(std::move(*condition));
    }
    if (!options.replay.empty()) return replay_tap(session, options);
    auto tap = open_ear(session.environment, options.endpoints, full_prefix(options.prefix), options.keys);
    if (!tap) return session.fail(tap.error());
    if (!options.record.empty()) return record_tap(session, options, **tap);
    return options.rates ? show_rates(session, options, **tap) : listen_in(session, options, **tap);
}

}  // namespace

void add_tap(CLI::App& root, Session& session) {
    const auto options = std::make_shared<TapOptions>();
    CLI::App* verb = add_verb(root, session, "tap",
                              "listen in on the bus: every message whose topic begins with PREFIX, as it is said; "
                              "docs/topics.md lists the topics",
                              "drover tap task/event/web/ --where type=Terminated",
                              [&session, options] { return run_tap(session, *options); });
    verb->add_option("PREFIX", options->prefix, "beginning of topics, as task/event/web/ or node/; all when left out")
        ->type_name("");
    verb->add_option("--endpoint", options->endpoints,
                     "tap endpoints to connect to instead of those of the data directory")
        ->type_name("ENDPOINT");
    verb->add_option(
            "--keys", options->keys,
            "directory of drover keys init, for endpoints that ask for a key: the key of tap is used, and an endpoint "
            "without a key behind it is the state-store's")
        ->type_name("DIR");
    verb->add_option("-n,--count", options->count, "end after so many messages, or rounds of --rates")->type_name("N");
    verb->add_option("--kind", options->filter.kinds, "only records of this kind, as TaskEvent; may be given again")
        ->type_name("KIND");
    verb->add_option("--key", options->filter.key, "only records whose key has this in it")->type_name("TEXT");
    verb->add_option("--where", options->conditions,
                     "only records with this value in the message, as type=Terminated; may be given again, and then "
                     "all have to hold")
        ->type_name("FIELD=VALUE");
    verb->add_option("--from", options->filter.from, "only what this service says, as alloc-runner-0")->type_name("ID");
    CLI::Option* rates =
        verb->add_flag("--rates", options->rates, "how much is said in each stream, once a second, instead of what");
    CLI::Option* record = verb->add_option("--record", options->record, "write what is heard to a new file, unfiltered")
                              ->type_name("FILE")
                              ->excludes(rates);
    verb->add_option("--replay", options->replay, "show what --record has written, without a running Drover")
        ->type_name("FILE")
        ->excludes(rates)
        ->excludes(record);
}

}  // namespace drover::cli
