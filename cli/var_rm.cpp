// drover var rm PATH
#include "cli/var_path.hpp"
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

int remove(const Session& session, const std::string& path) {
    auto answer = session.client().remove(variable_path(path));
    if (!answer) return session.fail(answer.error());
    if (!session.print_json(*answer)) session.out("Variable " + printable(path) + " is removed.\n");
    return kOk;
}

}  // namespace

void add_var_rm(CLI::App& var, Session& session) {
    const auto path = std::make_shared<std::string>();
    add_verb(var, session, "rm", "remove a variable; running tasks keep what was rendered from it",
             "drover var rm db/main", [&session, path] { return remove(session, *path); })
        ->add_option("PATH", *path, "of the variable, as db/main")
        ->required()
        ->type_name("");
}

}  // namespace drover::cli
