#include "driver-manager/templates/variables.hpp"

#include "secret/seal.hpp"

namespace drover::templates {
namespace {

using templating::Found;
using templating::State;

Found unknown(std::string what) { return {State::unknown, "", {}, std::move(what)}; }

}  // namespace

void Variables::put(const wire::VariableDesired& variable) {
    remove(variable.path);
    variables_[variable.path] = variable;
}

void Variables::remove(const std::string& path) {
    unconfirmed_.erase(path);
    variables_.erase(path);
    std::erase_if(opened_, [&](const auto& entry) { return entry.first.first == path; });
}

void Variables::begin_snapshot() {
    for (const auto& entry : variables_) unconfirmed_.insert(entry.first);
}

std::vector<std::string> Variables::end_snapshot() {
    std::vector<std::string> gone(unconfirmed_.begin(), unconfirmed_.end());
    for (const std::string& path : gone) remove(path);
    return gone;
}

Found Variables::find(const templating::Reference& reference) const {
    if (!heard_) return unknown("variable " + reference.name + " (the state-store is not heard)");
    const auto variable = variables_.find(reference.name);
    if (variable == variables_.end()) return {State::absent, "", {}, "variable " + reference.name};
    if (!reference.item.empty()) return value_of(variable->second, reference.item);
    Found whole{State::present, "", {}, ""};
    for (const auto& entry : variable->second.items) {
        Found one = value_of(variable->second, entry.first);
        if (one.state != State::present) return one;
        whole.items[entry.first] = std::move(one.text);
    }
    return whole;
}

Found Variables::value_of(const wire::VariableDesired& variable, const std::string& name) const {
    const std::string what = "item " + name + " of variable " + variable.path;
    const auto item = variable.items.find(name);
    if (item == variable.items.end()) return {State::absent, "", {}, what};
    if (item->second.sealed.empty()) return {State::present, item->second.value, {}, ""};
    const auto known = opened_.find({variable.path, name});
    if (known != opened_.end()) return {State::present, known->second, {}, ""};
    if (private_key_.empty()) return unknown(what + " (it is secret, and this node has no secrets_private_key_file)");
    auto opened = secret::open(private_key_, variable.path + " " + name, item->second.sealed);
    if (!opened) return unknown(what + " (" + opened.error().message + ")");
    return {State::present, opened_[{variable.path, name}] = std::move(*opened), {}, ""};
}

}  // namespace drover::templates
