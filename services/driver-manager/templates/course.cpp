#include "driver-manager/templates/course.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "driver-manager/templates/env_lines.hpp"
#include "driver-manager/templates/files.hpp"
#include "driver-manager/templates/sources.hpp"
#include "os/files.hpp"

namespace drover::templates {
namespace {

constexpr std::size_t kMaxMemory = 256 << 10;

bool may_pass(const Error& error) { return error.kind == ErrorKind::io || error.kind == ErrorKind::unavailable; }

}  // namespace

Result<void> Course::load() {
    const auto text = os::read_file(file_, kMaxMemory);
    if (!text && text.error().kind == ErrorKind::not_found) return {};
    if (!text) return tl::unexpected(text.error());
    auto memory = parse_memory(*text);
    if (!memory) return fail(memory.error().kind, file_ + ": " + memory.error().message);
    memory_ = std::move(*memory);
    return {};
}

bool Course::save() { return os::write_file_atomic(file_, to_text(memory_), 0600, os::Durable::yes).has_value(); }

void Course::set_site(const setup::Site& site) {
    const bool same = templates() == site.command.spec.templates;
    site_ = site;
    if (same && compiled_.size() == templates().size()) return;
    outcomes_.clear();
    compiled_.clear();
    compiled_.resize(templates().size());
    for (std::size_t i = 0; i < templates().size(); ++i) {
        if (templates()[i].source.empty()) compile(i, templates()[i].data);
    }
}

void Course::set_node(const std::string& name, const std::map<std::string, std::string>& attributes) {
    site_.context.node_name = name;
    site_.context.attributes = attributes;
}

void Course::compile(std::size_t index, const std::string& text) {
    Compiled& compiled = compiled_[index];
    if ((compiled.program || !compiled.fault.empty()) && compiled.text == text) return;
    auto program = templating::compile(text);
    compiled = {text, std::nullopt, program ? "" : to_string(program.error())};
    if (program) compiled.program = std::move(*program);
}

Course::Look Course::look_at(std::size_t index, const TaskSources& sources) {
    const wire::Template& spec = templates()[index];
    Look out;
    if (!spec.source.empty()) {
        const auto text = read_source(readable(site_.context), spec.source);
        if (!text && text.error().kind == ErrorKind::refused) {
            out.outcome.why = out.fault = "template " + spec.destination + ": " + text.error().message;
            return out;
        }
        if (!text) {
            out.outcome.why = "file " + spec.source + " (" + text.error().message + ")";
            out.in_doubt = text.error().kind != ErrorKind::not_found;
            return out;
        }
        compile(index, *text);
    }
    const Compiled& compiled = compiled_[index];
    out.fault = compiled.fault;
    if (compiled.program) {
        auto rendered = templating::render(*compiled.program, sources);
        if (std::string refused = sources.take_refusal(); !refused.empty()) {
            out.fault = std::move(refused);
        } else if (!rendered) {
            out.fault = rendered.error().message;
        } else if (rendered->missing.empty() && rendered->unknown.empty()) {
            out.outcome.text = std::move(rendered->text);
        } else {
            std::vector<std::string> names = rendered->missing;
            names.insert(names.end(), rendered->unknown.begin(), rendered->unknown.end());
            out.outcome.why = list_names(names);
            out.in_doubt = rendered->missing.empty();
        }
    }
    if (!out.fault.empty()) out.outcome.why = out.fault = "template " + spec.destination + ": " + out.fault;
    return out;
}

std::vector<Course::Look> Course::look(const Variables& variables) {
    const drivers::Env env = drivers::build_env(site_.command.spec, site_.context);
    const TaskSources sources(variables, env, site_.context);
    std::vector<Look> out;
    for (std::size_t i = 0; i < templates().size(); ++i) out.push_back(look_at(i, sources));
    return out;
}

Result<std::string> Course::begin(const Variables& variables, std::map<std::string, std::string>& env) {
    std::vector<Look> looks = look(variables);
    std::vector<std::string> waits;
    for (std::size_t i = 0; i < looks.size(); ++i) {
        if (!looks[i].fault.empty()) return fail(ErrorKind::invalid, looks[i].fault);
        if (looks[i].outcome.text) continue;
        // Without its source a task starts again with what it had.
        auto before = looks[i].in_doubt && memory_.renders.contains(templates()[i].destination)
                          ? read_source(readable(site_.context), templates()[i].destination)
                          : fail(ErrorKind::not_found, "");
        if (before && stable_hash(*before) == memory_.renders[templates()[i].destination].hash) {
            looks[i].outcome.text = std::move(*before);
        } else if (std::find(waits.begin(), waits.end(), looks[i].outcome.why) == waits.end()) {
            waits.push_back(looks[i].outcome.why);
        }
    }
    if (!waits.empty()) return list_names(waits);
    outcomes_.clear();
    for (std::size_t i = 0; i < looks.size(); ++i) {
        const wire::Template& spec = templates()[i];
        const auto written = write_render(site_.dirs.root, spec, site_.command.spec.user, *looks[i].outcome.text);
        if (!written) {
            return fail(may_pass(written.error()) ? ErrorKind::unavailable : written.error().kind,
                        written.error().message);
        }
        if (spec.env) {
            const auto lines = parse_env(*looks[i].outcome.text);
            if (!lines) return fail(ErrorKind::invalid, "template " + spec.destination + ": " + lines.error().message);
            for (const auto& [name, value] : *lines) env[name] = value;
        }
        outcomes_.push_back(std::move(looks[i].outcome));
    }
    templates::begin(memory_, templates(), outcomes_);
    for (Outcome& outcome : outcomes_) outcome.text.reset();
    if (!save()) return fail(ErrorKind::unavailable, "cannot remember what was rendered in " + file_);
    return std::string();
}

bool Course::follow(const Variables& variables, Instant now) {
    std::vector<Look> looks = look(variables);
    outcomes_.clear();
    for (std::size_t i = 0; i < looks.size(); ++i) {
        Outcome& outcome = looks[i].outcome;
        const wire::Template& spec = templates()[i];
        const auto kept = memory_.renders.find(spec.destination);
        if (outcome.text && kept != memory_.renders.end() && kept->second.hash != stable_hash(*outcome.text)) {
            const auto written = write_render(site_.dirs.root, spec, site_.command.spec.user, *outcome.text);
            if (!written) outcome = {std::nullopt, written.error().message};
        }
        outcomes_.push_back(std::move(outcome));
    }
    const Memory before = memory_;
    const std::string task = site_.command.alloc + "/" + site_.command.task;
    templates::follow(memory_, templates(), outcomes_, task, now);
    for (Outcome& outcome : outcomes_) outcome.text.reset();
    if (memory_ == before || save()) return true;
    // Said only once it is remembered; the next look finds the same.
    memory_ = before;
    return false;
}

std::map<std::string, std::string> late_env(const setup::Site& site) {
    std::map<std::string, std::string> env;
    for (const wire::Template& spec : site.command.spec.templates) {
        const auto text =
            spec.env ? read_source(readable(site.context), spec.destination) : fail(ErrorKind::not_found, "");
        const auto lines = text ? parse_env(*text) : tl::unexpected(text.error());
        for (const auto& [name, value] : lines.value_or(std::map<std::string, std::string>())) env[name] = value;
    }
    return env;
}

Act Course::acknowledge(std::uint64_t rendered) { return templates::acknowledge(memory_, rendered); }

bool Course::reads(const std::string& variable) const {
    for (const Compiled& compiled : compiled_) {
        if (!compiled.program) continue;
        for (const templating::Reference& reference : compiled.program->references) {
            if (reference.source != templating::Source::variable) continue;
            if (variable.empty() || reference.name == variable) return true;
        }
    }
    return false;
}

bool Course::polls() const {
    for (std::size_t i = 0; i < compiled_.size(); ++i) {
        if (!templates()[i].source.empty()) return true;
        if (!compiled_[i].program) continue;
        for (const templating::Reference& reference : compiled_[i].program->references) {
            if (reference.source == templating::Source::file) return true;
        }
    }
    return false;
}

}  // namespace drover::templates
