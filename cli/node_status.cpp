// drover node status
#include <algorithm>

#include "cli/verb.hpp"

namespace drover::cli {
namespace {

std::string cores(double count) {
    std::string text = std::to_string(count);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
}

// "docker (unhealthy), raw_exec"; drivers that are not there are left out.
std::string drivers(const Json& all) {
    std::string text;
    for (const auto& driver : all.items()) {
        if (!driver.value().value("detected", false)) continue;
        text += (text.empty() ? "" : ", ") + driver.key();
        if (!driver.value().value("healthy", false)) text += " (unhealthy)";
    }
    return text;
}

// "yes", "no", "draining", or "draining, 55m left" for batch jobs
std::string eligible(const Session& session, const Json& node) {
    if (!node.value("draining", false)) return node.value("eligible", true) ? "yes" : session.paint("no", Tone::busy);
    const Instant deadline{node.value("drain_deadline", 0LL)};
    const bool left = deadline.set() && deadline > session.now();
    return session.paint("draining", Tone::busy) + (left ? ", " + age(session.now(), deadline) + " left" : "");
}

// "84%", "-" when it does not say
std::string disk(const Json& node) {
    const Json attributes = node.value("attributes", Json::object());
    const std::string share = attributes.value("storage.used_percent", "");
    return share.empty() ? "-" : share.substr(0, share.find('.')) + "%";
}

// "2 nvidia/gpu/Tesla T4, 1 of 2 healthy mock/gpu/test"
std::string devices(const Json& groups) {
    std::string text;
    for (const Json& group : groups) {
        const Json& all = group["devices"];
        const auto healthy =
            std::count_if(all.begin(), all.end(), [](const Json& device) { return device.value("healthy", false); });
        const auto total = static_cast<std::ptrdiff_t>(all.size());
        text += (text.empty() ? "" : ", ") + std::to_string(healthy) +
                (healthy == total ? " " : " of " + std::to_string(total) + " healthy ") + group.value("vendor", "") +
                "/" + group.value("type", "") + "/" + group.value("name", "");
    }
    return text.empty() ? "-" : printable(text);
}

int show_node_status(const Session& session) {
    auto answer = session.client().get("/v1/nodes");
    if (!answer) return session.fail(answer.error());
    if (session.print_json(*answer)) return kOk;
    Table table(
        {"NODE", "NAME", "STATE", "SINCE", "ELIGIBLE", "ALLOCS", "CPU", "MEMORY", "DISK", "DRIVERS", "DEVICES", "WHY"});
    for (const Json& node : (*answer)["nodes"]) {
        table.add({short_id(node.value("id", "")), node.value("name", ""), session.status(node.value("state", "")),
                   age({node.value("since", 0LL)}, session.now()), eligible(session, node),
                   std::to_string(node.value("allocs", 0ULL)),
                   cores(node.value("cpu_asked_for", 0.0)) + " of " + cores(node.value("cpu", 0.0)),
                   bytes(node.value("memory_asked_for", 0ULL)) + " of " + bytes(node.value("memory", 0ULL)), disk(node),
                   drivers(node["drivers"]), devices(node.value("devices", Json::array())),
                   printable(node.value("why", ""))});
    }
    session.out(table.empty() ? "No node has reported yet.\n" : table.text());
    return kOk;
}

}  // namespace

void add_node_status(CLI::App& node, Session& session) {
    add_verb(node, session, "status", "list the nodes: what they have, and whether they take new allocs",
             "drover node status", [&session] { return show_node_status(session); });
}

}  // namespace drover::cli
