// drover node drain NODE [--deadline 1h | --no-deadline] | --disable
#include "base/units.hpp"
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

struct NodeDrainOptions {
    std::string node;
    std::string deadline = "1h";
    bool no_deadline = false;
    bool disable = false;
};

int drain(const Session& session, const NodeDrainOptions& options) {
    const std::string path = "/v1/nodes/" + encode_segment(options.node) + "/drain";
    Json body = Json::object();
    if (!options.no_deadline) {
        const auto limit = parse_duration(options.deadline);
        if (!limit) return session.fail(limit.error());
        if (*limit == Duration{}) return session.fail(Error{ErrorKind::invalid, "a deadline is longer than 0"});
        body["deadline"] = options.deadline;
    }
    auto answer = options.disable ? session.client().remove(path) : session.client().post(path, body.dump());
    if (!answer) return session.fail(answer.error());
    if (session.print_json(*answer)) return kOk;
    const std::string id = short_id(answer->value("id", options.node));
    if (options.disable) {
        const bool eligible = answer->value("eligible", false);
        session.out("Node " + id + " is not drained any more" +
                    (eligible
                         ? ".\n"
                         : " and gets no new allocs yet.\nTo let it: drover node eligibility " + id + " --enable\n"));
        return kOk;
    }
    session.out("Node " + id + " is being drained: services leave it now, batch jobs " +
                (options.no_deadline ? "when they have ended" : "within " + options.deadline) +
                ".\nWatch it with: drover node status\n");
    return kOk;
}

}  // namespace

void add_node_drain(CLI::App& node, Session& session) {
    const auto options = std::make_shared<NodeDrainOptions>();
    CLI::App* verb =
        add_verb(node, session, "drain", "move everything off a node, which then gets no new allocs",
                 "drover node drain worker-3 --deadline 30m", [&session, options] { return drain(session, *options); });
    verb->add_option("NODE", options->node, "its name, its id, or the beginning of that")->required()->type_name("");
    CLI::Option* deadline =
        verb->add_option("--deadline", options->deadline, "how long batch jobs may still run there, as 30m or 2h")
            ->type_name("DURATION")
            ->capture_default_str();
    CLI::Option* none = verb->add_flag("--no-deadline", options->no_deadline, "batch jobs may finish, however long");
    verb->add_flag("--disable", options->disable, "end the drain; the node stays ineligible until it is enabled")
        ->excludes(deadline)
        ->excludes(none);
    none->excludes(deadline);
}

}  // namespace drover::cli
