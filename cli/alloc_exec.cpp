// drover alloc exec [-i] [-t] [--task TASK] ID COMMAND [ARGUMENTS...]
#include "cli/exec_session.hpp"

namespace drover::cli {
namespace {

int exec_in_alloc(const Session& session, const CLI::App& verb, ExecOptions& options) {
    options.command = verb.remaining();
    if (options.command.empty())
        return session.fail(Error{ErrorKind::invalid, "say what to run: drover alloc exec -it ID sh"});
    if (session.json && options.tty)
        return session.fail(Error{ErrorKind::invalid, "a program that reads JSON has no terminal: leave out -t"});
    return ExecSession(session, options).run();
}

}  // namespace

void add_alloc_exec(CLI::App& alloc, Session& session) {
    const auto options = std::make_shared<ExecOptions>();
    const auto self = std::make_shared<CLI::App*>(nullptr);
    CLI::App* verb =
        add_verb(alloc, session, "exec", "run a command beside a running task, in its place and as its user",
                 "drover alloc exec -it 4f1c2a9b sh",
                 [&session, options, self] { return exec_in_alloc(session, **self, *options); });
    *self = verb;
    verb->add_flag("-i,--interactive", options->input, "pass standard input on to the command");
    verb->add_flag("-t,--tty", options->tty, "give the command a terminal");
    verb->add_option("--task", options->task, "one of the alloc's tasks; may be left out when there is one")
        ->type_name("TASK");
    verb->add_option("ID", options->alloc, "the alloc's id, or its beginning; then the command and its arguments")
        ->required()
        ->type_name("");
    // What follows is the command's, options and all.
    verb->prefix_command();
    verb->footer(verb->get_footer() + "\n  drover alloc exec 4f1c2a9b cat /proc/self/limits\n\n" +
                 "The exit code is that of the command, 128 + N when signal N ended it.");
}

}  // namespace drover::cli
