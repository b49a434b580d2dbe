// drover var put PATH NAME=VALUE... [--secret NAME=@FILE] [--keep] [--version N]
#include "cli/var_items.hpp"
#include "cli/var_path.hpp"
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

struct VarPutOptions {
    std::string path;
    std::vector<std::string> items, secrets;
    bool keep = false;
    std::uint64_t version = 0;
};

int put(const Session& session, const VarPutOptions& options) {
    auto items = read_items(options.items, options.secrets, read_text);
    if (!items) return session.fail(items.error());
    Json body = {{"items", std::move(*items)}};
    if (options.keep) body["keep"] = true;
    if (options.version != 0) body["version"] = options.version;
    auto answer = session.client().put(variable_path(options.path), body.dump());
    if (!answer) return session.fail(answer.error());
    if (session.print_json(*answer)) return kOk;
    session.out("Variable " + printable(options.path) + " is at version " +
                std::to_string(answer->value("version", 0ULL)) + ".\n");
    return kOk;
}

}  // namespace

void add_var_put(CLI::App& var, Session& session) {
    const auto options = std::make_shared<VarPutOptions>();
    CLI::App* verb = add_verb(var, session, "put", "set a variable: the items given are all that it has from now on",
                              "drover var put db/main user=app --secret password=@./password.txt",
                              [&session, options] { return put(session, *options); });
    verb->add_option("PATH", options->path, "of the variable, as db/main")->required()->type_name("");
    verb->add_option("ITEMS", options->items, "NAME=VALUE: items that everybody may read")->type_name("");
    verb->add_option("--secret", options->secrets,
                     "an item that only tasks may read: NAME=@FILE, or NAME=- for standard input")
        ->allow_extra_args(false)
        ->type_name("NAME=@FILE");
    verb->add_flag("--keep", options->keep, "leave the items that are not given as they are");
    verb->add_option("--version", options->version, "refuse unless the variable is at this version now")
        ->type_name("N");
}

}  // namespace drover::cli
