// drover alloc status ID
#include <algorithm>

#include "cli/verb.hpp"

namespace drover::cli {
namespace {

std::string exit_text(const Json& exit) {
    if (!exit.is_object()) return "";
    std::string text = "exit code " + std::to_string(exit.value("code", 0));
    if (exit.value("signal", 0) != 0) text += ", signal " + std::to_string(exit.value("signal", 0));
    if (exit.value("oom", false)) text += ", out of memory";
    if (!exit.value("error", "").empty()) text += ", " + printable(exit.value("error", ""));
    return text;
}

std::string headline(const Session& session, const Json& task) {
    const std::string state = task.value("state", "");
    const bool failed = task.value("failed", false);
    std::string text = "Task \"" + task.value("name", "") + "\" is " +
                       (failed ? session.paint(state + " (failed)", Tone::bad) : session.status(state));
    if (state == "running") text += ", pid " + std::to_string(task.value("pid", 0LL));
    const auto restarts = task.value("restarts", 0ULL);
    if (restarts > 0) text += ", restarted " + (restarts == 1 ? "once" : std::to_string(restarts) + " times");
    const std::string exit = exit_text(task.value("exit", Json()));
    if (!exit.empty()) text += (state == "dead" ? ", " : ", last ") + exit;
    const std::string why = task.value("why", "");
    if (!why.empty()) text += "\n  waiting: " + printable(why);
    const Instant next{task.value("next_attempt", 0LL)};
    if (next.set()) text += " (next attempt at " + clock(next, session.now()) + ")";
    return text + "\n";
}

// "  Ports    admin 10.0.0.5:23456, http 10.0.0.5:8080"
std::string possessions(const Json& task) {
    const Json addresses = task.value("ports", Json::object());
    const Json held = task.value("devices", Json::array());
    std::string ports;
    for (const auto& port : addresses.items())
        ports += (ports.empty() ? "" : ", ") + port.key() + " " + printable(port.value().get<std::string>());
    std::string devices;
    for (const Json& device : held) devices += (devices.empty() ? "" : ", ") + printable(device.get<std::string>());
    return (ports.empty() ? "" : "  Ports    " + ports + "\n") +
           (devices.empty() ? "" : "  Devices  " + devices + "\n");
}

std::string last_output(const Json& task) {
    const std::string text = task.value("last_output", "");
    std::string out = text.empty() ? "" : "  Last output:\n";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        out += "    " + printable(std::string_view(text).substr(at, end - at)) + "\n";
        at = end + 1;
    }
    return out;
}

int show_alloc_status(const Session& session, const std::string& id) {
    auto answer = session.client().get("/v1/allocs/" + encode_segment(id));
    if (!answer) return session.fail(answer.error());
    const Json& alloc = *answer;
    if (session.print_json(alloc)) return kOk;
    session.out("Alloc    " + alloc.value("id", "") + "\nJob      " + alloc.value("job", "") + ", " +
                alloc.value("group", "") + "[" + std::to_string(alloc.value("index", 0U)) + "]\nNode     " +
                alloc.value("node", "") + "\nStatus   " + session.status(alloc.value("status", "")));
    if (!alloc.value("description", "").empty()) session.out(": " + printable(alloc.value("description", "")));
    session.out("\nDesired  " + alloc.value("desired", ""));
    if (!alloc.value("reason", "").empty()) session.out(": " + printable(alloc.value("reason", "")));
    session.out("\nCreated  " + age({alloc.value("created_at", 0LL)}, session.now()) + " ago\n");
    const Instant removed{alloc.value("collected_at", 0LL)};
    if (removed.set()) session.out("Removed  " + age(removed, session.now()) + " ago; this is what is kept of it\n");
    for (const Json& task : alloc["tasks"]) {
        session.out("\n" + headline(session, task) + possessions(task));
        Table events({"TIME", "EVENT", "MESSAGE"});
        for (const Json& event : task["events"]) {
            events.add({session.paint(clock({event.value("time", 0LL)}, session.now()), Tone::dim),
                        event.value("type", ""), printable(event.value("message", ""))});
        }
        if (!events.empty()) session.out(events.text("  "));
        session.out(last_output(task));
    }
    return kOk;
}

}  // namespace

void add_alloc_status(CLI::App& alloc, Session& session) {
    const auto id = std::make_shared<std::string>();
    add_verb(alloc, session, "status", "show an alloc, its tasks and everything that happened to them",
             "drover alloc status 4f1c2a9b", [&session, id] { return show_alloc_status(session, *id); })
        ->add_option("ID", *id, "the alloc's id, or its beginning")
        ->required()
        ->type_name("");
}

}  // namespace drover::cli
