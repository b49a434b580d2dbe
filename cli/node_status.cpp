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

// What the drivers of one node are, and what became of them.
std::string details(const Session& session, const Json& node) {
    Table all({"DRIVER", "STATE", "DESCRIPTION"});
    const Json drivers = node.value("drivers", Json::object());
    for (const auto& driver : drivers.items()) {
        const bool healthy = driver.value().value("healthy", false);
        const bool detected = driver.value().value("detected", false);
        all.add({driver.key(),
                 session.paint(healthy    ? "healthy"
                               : detected ? "unhealthy"
                                          : "undetected",
                               healthy    ? Tone::good
                               : detected ? Tone::bad
                                          : Tone::dim),
                 printable(driver.value().value("description", ""))});
    }
    std::string text = "\n" + all.text();
    Table history({"TIME", "SUBSYSTEM", "EVENT"});
    for (const Json& event : node.value("events", Json::array()))
        history.add({clock({event.value("time", 0LL)}, session.now()), event.value("subsystem", ""),
                     printable(event.value("message", ""))});
    return history.empty() ? text : text + "\n" + history.text();
}

bool is_meant(const Json& node, const std::string& text) {
    return node.value("name", "") == text || node.value("id", "").starts_with(text);
}

int show_node_status(const Session& session, const std::string& which) {
    auto answer = session.client().get("/v1/nodes");
    if (!answer) return session.fail(answer.error());
    Json& nodes = (*answer)["nodes"];
    if (!which.empty()) {
        for (std::size_t i = nodes.size(); i-- > 0;)
            if (!is_meant(nodes[i], which)) nodes.erase(i);
        if (nodes.empty())
            return session.fail(
                {ErrorKind::not_found, "there is no node \"" + which + "\"; `drover node status` lists the nodes"});
    }
    if (session.print_json(*answer)) return kOk;
    Table table(
        {"NODE", "NAME", "STATE", "SINCE", "ELIGIBLE", "ALLOCS", "CPU", "MEMORY", "DISK", "DRIVERS", "DEVICES", "WHY"});
    for (const Json& node : nodes) {
        table.add({short_id(node.value("id", "")), node.value("name", ""), session.status(node.value("state", "")),
                   age({node.value("since", 0LL)}, session.now()), eligible(session, node),
                   std::to_string(node.value("allocs", 0ULL)),
                   cores(node.value("cpu_asked_for", 0.0)) + " of " + cores(node.value("cpu", 0.0)),
                   bytes(node.value("memory_asked_for", 0ULL)) + " of " + bytes(node.value("memory", 0ULL)), disk(node),
                   drivers(node["drivers"]), devices(node.value("devices", Json::array())),
                   printable(node.value("why", ""))});
    }
    session.out(table.empty() ? "No node has reported yet.\n" : table.text());
    if (!which.empty())
        for (const Json& node : nodes) session.out(details(session, node));
    return kOk;
}

}  // namespace

void add_node_status(CLI::App& node, Session& session) {
    const auto which = std::make_shared<std::string>();
    CLI::App* verb =
        add_verb(node, session, "status", "list the nodes, or show one: what it has, and whether it takes new allocs",
                 "drover node status", [&session, which] { return show_node_status(session, *which); });
    verb->add_option("NODE", *which, "its name, its id, or the beginning of that")->type_name("");
}

}  // namespace drover::cli
