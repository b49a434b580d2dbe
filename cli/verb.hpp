// Verb: what every command of the CLI is made of. Each file <verb>.cpp adds one to the tree.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/client.hpp"
#include "cli/json.hpp"
#include "cli/place.hpp"
#include "cli/text.hpp"

namespace drover::cli {

// Exit codes, documented in `drover --help`.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kUnreachable = 3;
inline constexpr int kNotFound = 4;

int exit_code(ErrorKind kind);

// One run of the program.
struct Session {
    Environment environment;
    std::function<void(std::string_view)> out;  // stdout
    std::function<void(std::string_view)> err;  // stderr
    std::function<Instant()> now;

    bool json = false;         // -o json
    std::function<int()> run;  // what the chosen verb does; returns the exit code

    Client client() const { return Client(environment); }
    std::string paint(std::string_view text, Tone tone) const { return cli::paint(text, tone, environment.colour); }
    std::string status(const std::string& word) const { return paint(word, tone_of(word)); }
    // Says what went wrong and returns the exit code for it.
    int fail(const Error& error) const;
    int fail(const std::string& sentence) const { return fail(Error{ErrorKind::refused, sentence}); }
    // The machine's answer, or nothing when a person reads.
    bool print_json(const Json& json_value) const;
};

// Adds a verb with -o and an example in its help. `run` is called after everything was parsed.
CLI::App* add_verb(CLI::App& parent, Session& session, const std::string& name, const std::string& summary,
                   const std::string& example, std::function<int()> run);

// The whole tree; every option's place lives as long as the tree.
void add_dev(CLI::App& root, Session& session);
void add_job_run(CLI::App& job, Session& session);
void add_job_validate(CLI::App& job, Session& session);
void add_job_status(CLI::App& job, Session& session);
void add_job_stop(CLI::App& job, Session& session);
void add_job_policy(CLI::App& job, Session& session);
void add_alloc_status(CLI::App& alloc, Session& session);
void add_alloc_logs(CLI::App& alloc, Session& session);
void add_alloc_exec(CLI::App& alloc, Session& session);
void add_alloc_stats(CLI::App& alloc, Session& session);
void add_alloc_stop(CLI::App& alloc, Session& session);
void add_alloc_restart(CLI::App& alloc, Session& session);
void add_alloc_signal(CLI::App& alloc, Session& session);
void add_node_status(CLI::App& node, Session& session);
void add_node_stats(CLI::App& node, Session& session);
void add_node_drain(CLI::App& node, Session& session);
void add_node_eligibility(CLI::App& node, Session& session);
void add_driver_test(CLI::App& driver, Session& session);
void add_gc(CLI::App& root, Session& session);
void add_var_put(CLI::App& var, Session& session);
void add_var_get(CLI::App& var, Session& session);
void add_var_list(CLI::App& var, Session& session);
void add_var_rm(CLI::App& var, Session& session);
void add_store_backup(CLI::App& store, Session& session);
void add_store_check(CLI::App& store, Session& session);
void add_audit_list(CLI::App& audit, Session& session);
void add_audit_verify(CLI::App& audit, Session& session);
void add_keys_init(CLI::App& keys, Session& session);
void add_token_new(CLI::App& token, Session& session);
void add_events(CLI::App& root, Session& session);
void add_tap(CLI::App& root, Session& session);
void add_version(CLI::App& root, Session& session);
void add_completion(CLI::App& root, Session& session);
std::unique_ptr<CLI::App> make_tree(Session& session);

// Parses and runs; returns the exit code.
int run_cli(Session& session, const std::vector<std::string>& args);

}  // namespace drover::cli
