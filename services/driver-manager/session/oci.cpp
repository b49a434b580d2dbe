#include "driver-manager/session/oci.hpp"

#include <nlohmann/json.hpp>

#include "shim/protocol.h"

namespace drover::session {
namespace {

using Json = nlohmann::json;

void set_variable(Json& env, const std::string& name, const std::string& value) {
    Json out = Json::array();
    for (const Json& entry : env)
        if (!entry.get_ref<const std::string&>().starts_with(name + "=")) out.push_back(entry);
    out.push_back(name + "=" + value);
    env = std::move(out);
}

}  // namespace

Result<std::string> oci_process(std::string_view config, const Wanted& wanted) {
    try {
        Json process = Json::parse(config).at("process");
        // The first word is the program that also ran the task, as it is called inside.
        Json args = Json::array({process.at("args").at(0), SHIM_TIED});
        for (const std::string& word : wanted.words) args.push_back(word);
        process["args"] = std::move(args);
        if (wanted.env) process["env"] = *wanted.env;
        const bool terminal = wanted.tty && !wanted.tty_type.empty();
        process["terminal"] = terminal;
        if (terminal) set_variable(process["env"], "TERM", wanted.tty_type);
        return process.dump();
    } catch (const Json::exception& error) {
        return fail(ErrorKind::invalid,
                    std::string("the command cannot be started in the isolated task: ") + error.what());
    }
}

}  // namespace drover::session
