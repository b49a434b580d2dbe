// drover var get PATH [ITEM]
#include "cli/var_path.hpp"
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

struct VarGetOptions {
    std::string path;
    std::string item;
};

int get_item(const Session& session, const VarGetOptions& options, const Json& items) {
    if (!items.contains(options.item)) {
        return session.fail(Error{ErrorKind::not_found, "variable \"" + options.path + "\" has no item \"" +
                                                            options.item + "\"; `drover var get " + options.path +
                                                            "` lists its items"});
    }
    const Json& item = items[options.item];
    if (session.print_json(item)) return kOk;
    if (item.value("secret", false)) {
        return session.fail("item \"" + options.item + "\" is secret: only the templates of tasks can read it");
    }
    session.out(item.value("value", "") + "\n");
    return kOk;
}

int get(const Session& session, const VarGetOptions& options) {
    auto answer = session.client().get(variable_path(options.path));
    if (!answer) return session.fail(answer.error());
    const Json& items = (*answer)["items"];
    if (!options.item.empty()) return get_item(session, options, items);
    if (session.print_json(*answer)) return kOk;
    session.out("Variable " + answer->value("path", "") + ", version " +
                std::to_string(answer->value("version", 0ULL)) + ", changed " +
                age({answer->value("changed_at", 0LL)}, session.now()) + " ago\n");
    Table table({"ITEM", "VALUE"});
    for (const auto& item : items.items()) {
        const bool is_secret = item.value().value("secret", false);
        table.add({printable(item.key()),
                   is_secret ? session.paint("(secret)", Tone::dim) : printable(item.value().value("value", ""))});
    }
    session.out(table.text());
    return kOk;
}

}  // namespace

void add_var_get(CLI::App& var, Session& session) {
    const auto options = std::make_shared<VarGetOptions>();
    CLI::App* verb = add_verb(var, session, "get", "show a variable, or print one of its items; secrets are not shown",
                              "drover var get db/main user", [&session, options] { return get(session, *options); });
    verb->add_option("PATH", options->path, "of the variable, as db/main")->required()->type_name("");
    verb->add_option("ITEM", options->item, "print the value of this item and nothing else")->type_name("");
}

}  // namespace drover::cli
