#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iterator>
#include <sstream>
#include <string_view>

#include "cli/verb.hpp"

namespace drover::cli {
namespace {

constexpr const char* kAbout =
    "Drover runs tasks on machines and keeps them running.\n\n"
    "A running Drover is found through DROVER_ADDR (address of its gateway), DROVER_DATA_DIR\n"
    "(its data directory), or in the default directory.";

constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 failed, 2 wrong usage or invalid file, 3 cannot reach Drover, 4 not found.\n\n"
    "First steps:\n"
    "  drover dev                          start Drover here, in the foreground\n"
    "  drover job run examples/hello.yaml  run a job and watch it";

// `--` between an alloc's id and the command beside it, which many write, would end this verb's words for the parser.
std::vector<std::string> without_mark(std::vector<std::string> args) {
    const std::string_view verb[] = {"alloc", "exec"};
    const std::string_view with_value[] = {"--task", "-o", "--output"};
    auto word = std::search(args.begin(), args.end(), std::begin(verb), std::end(verb));
    const auto mark = std::find(word, args.end(), "--");
    if (mark == args.end()) return args;
    int positionals = 0;
    for (word += 2; word < mark; ++word) {
        if (std::find(std::begin(with_value), std::end(with_value), *word) != std::end(with_value))
            ++word;
        else if (!word->starts_with('-'))
            ++positionals;
    }
    if (positionals == 1) args.erase(mark);
    return args;
}

CLI::App* add_noun(CLI::App& root, const std::string& name, const std::string& summary) {
    CLI::App* noun = root.add_subcommand(name, summary);
    noun->require_subcommand(1);
    return noun;
}

// A token itself is no option: arguments can be seen by everybody on the machine.
void add_place_options(CLI::App& root, Session& session) {
    root.add_option_function<std::string>(
            "--token-file",
            [&session](const std::string& file) {
                session.environment.token.clear();
                session.environment.token_file = file;
            },
            "file with the token that is shown to the gateway; in front of the verb, or DROVER_TOKEN_FILE; "
            "DROVER_TOKEN is the token itself")
        ->type_name("FILE");
    root.add_option("--ca-file", session.environment.ca_file,
                    "PEM file with the certificates of issuers that are trusted over https, or DROVER_CACERT")
        ->type_name("FILE");
}

}  // namespace

int exit_code(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid: return kUsage;
        case ErrorKind::not_found: return kNotFound;
        case ErrorKind::unavailable: return kUnreachable;
        default: return kFailed;
    }
}

int Session::fail(const Error& error) const {
    if (json) {
        err(dump(Json{{"error", {{"kind", to_string(error.kind)}, {"message", error.message}}}}));
    } else {
        err(cli::paint("Error:", Tone::bad, environment.colour) + " " + error.message + "\n");
    }
    return exit_code(error.kind);
}

bool Session::print_json(const Json& json_value) const {
    if (json) out(dump(json_value));
    return json;
}

CLI::App* add_verb(CLI::App& parent, Session& session, const std::string& name, const std::string& summary,
                   const std::string& example, std::function<int()> run) {
    CLI::App* verb = parent.add_subcommand(name, summary);
    verb->footer("Example:\n  " + example);
    verb->add_option_function<std::string>(
            "-o,--output", [&session](const std::string& format) { session.json = format == "json"; },
            "text for people, json for programs")
        ->check(CLI::IsMember({"text", "json"}))
        ->type_name("FORMAT");
    verb->callback([&session, run = std::move(run)] { session.run = run; });
    return verb;
}

std::unique_ptr<CLI::App> make_tree(Session& session) {
    auto root = std::make_unique<CLI::App>(kAbout, "drover");
    root->footer(kFooter);
    root->require_subcommand(1);
    add_place_options(*root, session);
    add_dev(*root, session);
    CLI::App* job = add_noun(*root, "job", "run, check, show and stop jobs");
    add_job_run(*job, session);
    add_job_validate(*job, session);
    add_job_status(*job, session);
    add_job_stop(*job, session);
    add_job_policy(*job, session);
    CLI::App* alloc = add_noun(*root, "alloc", "one running copy of a job's group: look at it, steer it");
    add_alloc_status(*alloc, session);
    add_alloc_logs(*alloc, session);
    add_alloc_exec(*alloc, session);
    add_alloc_stats(*alloc, session);
    add_alloc_stop(*alloc, session);
    add_alloc_restart(*alloc, session);
    add_alloc_signal(*alloc, session);
    CLI::App* node = add_noun(*root, "node", "the machines that run tasks");
    add_node_status(*node, session);
    add_node_stats(*node, session);
    add_node_drain(*node, session);
    add_node_eligibility(*node, session);
    CLI::App* driver = add_noun(*root, "driver", "programs that teach nodes to run other kinds of tasks");
    add_driver_test(*driver, session);
    add_gc(*root, session);
    CLI::App* var = add_noun(*root, "var", "variables and secrets that templates of tasks are rendered from");
    add_var_put(*var, session);
    add_var_get(*var, session);
    add_var_list(*var, session);
    add_var_rm(*var, session);
    CLI::App* store = add_noun(*root, "store", "the database of the state-store: back it up, check it");
    add_store_backup(*store, session);
    add_store_check(*store, session);
    CLI::App* audit = add_noun(*root, "audit", "who asked for what: read it, check that nobody has changed it");
    add_audit_list(*audit, session);
    add_audit_verify(*audit, session);
    CLI::App* keys = add_noun(*root, "keys", "who may speak on the bus, and who may listen");
    add_keys_init(*keys, session);
    CLI::App* token = add_noun(*root, "token", "who may use the gateway");
    add_token_new(*token, session);
    add_events(*root, session);
    add_tap(*root, session);
    add_version(*root, session);
    add_completion(*root, session);
    return root;
}

int run_cli(Session& session, const std::vector<std::string>& args) {
    const auto tree = make_tree(session);
    try {
        std::vector<std::string> words = without_mark(args);
        std::reverse(words.begin(), words.end());
        tree->parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        std::ostringstream out, err;
        const int code = tree->exit(error, out, err);
        session.out(out.str());
        session.err(err.str());
        return code == 0 ? kOk : kUsage;
    }
    return session.run();
}

}  // namespace drover::cli
