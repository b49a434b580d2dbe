// drover node eligibility NODE --enable|--disable
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

struct NodeEligibilityOptions {
    std::string node;
    bool enable = false;
    bool disable = false;
};

int set(const Session& session, const NodeEligibilityOptions& options) {
    if (!options.enable && !options.disable) {
        return session.fail(Error{ErrorKind::invalid, "say --enable or --disable"});
    }
    auto answer = session.client().post("/v1/nodes/" + encode_segment(options.node) + "/eligibility",
                                        Json{{"eligible", options.enable}}.dump());
    if (!answer) return session.fail(answer.error());
    if (session.print_json(*answer)) return kOk;
    session.out("Node " + short_id(answer->value("id", options.node)) +
                (options.enable ? " gets new allocs.\n" : " gets no new allocs; those it has stay.\n"));
    return kOk;
}

}  // namespace

void add_node_eligibility(CLI::App& node, Session& session) {
    const auto options = std::make_shared<NodeEligibilityOptions>();
    CLI::App* verb =
        add_verb(node, session, "eligibility", "say whether a node may get new allocs",
                 "drover node eligibility worker-3 --enable", [&session, options] { return set(session, *options); });
    verb->add_option("NODE", options->node, "its name, its id, or the beginning of that")->required()->type_name("");
    CLI::Option* enable = verb->add_flag("--enable", options->enable, "it may");
    verb->add_flag("--disable", options->disable, "it may not")->excludes(enable);
}

}  // namespace drover::cli
