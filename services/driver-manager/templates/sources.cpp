#include "driver-manager/templates/sources.hpp"

#include "driver-manager/templates/files.hpp"

namespace drover::templates {
namespace {

using templating::Found;
using templating::Reference;
using templating::State;

Found look_up(const std::map<std::string, std::string>& map, const Reference& reference) {
    const auto found = map.find(reference.name);
    if (found == map.end()) return {State::absent, "", {}, describe(reference)};
    return {State::present, found->second, {}, ""};
}

}  // namespace

Found TaskSources::file(const Reference& reference) const {
    auto text = read_source(readable(context_), reference.name);
    if (text) return {State::present, std::move(*text), {}, ""};
    if (text.error().kind == ErrorKind::not_found) return {State::absent, "", {}, describe(reference)};
    if (text.error().kind == ErrorKind::refused) refusal_ = text.error().message;
    return {State::unknown, "", {}, describe(reference) + " (" + text.error().message + ")"};
}

Found TaskSources::find(const Reference& reference) const {
    switch (reference.source) {
        case templating::Source::variable: return variables_.find(reference);
        case templating::Source::env: return look_up(env_, reference);
        case templating::Source::file: return file(reference);
        case templating::Source::attribute: return look_up(context_.attributes, reference);
        case templating::Source::meta: return look_up(context_.meta, reference);
        case templating::Source::node: break;
    }
    return {State::present, reference.name == "id" ? context_.node : context_.node_name, {}, ""};
}

}  // namespace drover::templates
