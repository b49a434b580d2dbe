// drover dev: the whole of Drover in one directory, in the foreground.
#include "cli/dev_run.hpp"
#include "cli/verb.hpp"

namespace drover::cli {

void add_dev(CLI::App& root, Session& session) {
    const auto options = std::make_shared<DevOptions>();
    const auto given = std::make_shared<std::string>();
    CLI::App* verb =
        add_verb(root, session, "dev",
                 "run all of Drover in the foreground; when it ends, tasks go on and the next one adopts them",
                 "drover dev --data-dir ./drover-data", [&session, options, given] {
                     options->data_dir = data_dir(session.environment, *given);
                     return run_dev(session, *options);
                 });
    verb->add_option("--data-dir", *given,
                     "everything it keeps, tasks included; default: DROVER_DATA_DIR, "
                     "/var/lib/drover (root) or ~/.local/share/drover")
        ->type_name("DIR");
    verb->add_option("--http", options->http, "HOST:PORT of the HTTP API; port 0 takes a free one")
        ->type_name("ADDRESS")
        ->capture_default_str();
    verb->add_flag("--stop-tasks", options->stop_tasks,
                   "stop every job when it ends, instead of leaving tasks running");
}

}  // namespace drover::cli
