// drover var list [PREFIX]
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

int list_variables(const Session& session, const std::string& prefix) {
    auto answer = session.client().get("/v1/variables");
    if (!answer) return session.fail(answer.error());
    Json variables = Json::array();
    Table table({"PATH", "VERSION", "CHANGED", "ITEMS"});
    for (const Json& variable : (*answer)["variables"]) {
        const std::string path = variable.value("path", "");
        if (!path.starts_with(prefix)) continue;
        std::string items;
        for (const auto& item : variable["items"].items()) {
            items +=
                (items.empty() ? "" : ", ") + item.key() + (item.value().value("secret", false) ? " (secret)" : "");
        }
        table.add({printable(path), std::to_string(variable.value("version", 0ULL)),
                   age({variable.value("changed_at", 0LL)}, session.now()), printable(items)});
        variables.push_back(variable);
    }
    if (session.print_json(Json{{"variables", std::move(variables)}})) return kOk;
    session.out(table.empty() ? "There are no variables.\n" : table.text());
    return kOk;
}

}  // namespace

void add_var_list(CLI::App& var, Session& session) {
    const auto prefix = std::make_shared<std::string>();
    add_verb(var, session, "list", "list variables, their versions and the names of their items", "drover var list db/",
             [&session, prefix] { return list_variables(session, *prefix); })
        ->add_option("PREFIX", *prefix, "only those whose path begins with this")
        ->type_name("");
}

}  // namespace drover::cli
