// drover alloc logs [-f] [--stderr] [--tail N] ID [TASK]
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

struct AllocLogsOptions {
    std::string id;
    std::string task;
    bool follow = false;
    bool errors = false;
    std::string tail;
};

int show_alloc_logs(const Session& session, const AllocLogsOptions& options) {
    const std::string stream = options.errors ? "stderr" : "stdout";
    const std::string path = with_query(
        "/v1/allocs/" + encode_segment(options.id) + "/logs",
        {{"task", options.task}, {"stream", stream}, {"tail", options.tail}, {"follow", options.follow ? "true" : ""}});
    auto done = session.client().stream(path, [&](std::string_view bytes) {
        if (!session.print_json({{"stream", stream}, {"data", bytes}})) session.out(bytes);
        return true;
    });
    return done ? kOk : session.fail(done.error());
}

}  // namespace

void add_alloc_logs(CLI::App& alloc, Session& session) {
    const auto options = std::make_shared<AllocLogsOptions>();
    CLI::App* verb = add_verb(alloc, session, "logs", "print what a task wrote", "drover alloc logs -f 4f1c2a9b server",
                              [&session, options] { return show_alloc_logs(session, *options); });
    verb->add_flag("-f,--follow", options->follow, "go on until the task is dead and everything was printed");
    verb->add_flag("--stderr", options->errors, "standard error instead of standard output");
    verb->add_option("--tail", options->tail, "only the last N lines (of the last 256 KiB)")
        ->check(CLI::Range(0U, 1'000'000U))
        ->type_name("N");
    verb->add_option("ID", options->id, "the alloc's id, or its beginning")->required()->type_name("");
    verb->add_option("TASK", options->task, "one of its tasks; may be left out when there is one")->type_name("");
}

}  // namespace drover::cli
