#include "jobspec/check_templates.hpp"

#include <algorithm>
#include <set>

#include "base/nearest.hpp"
#include "jobspec/check.hpp"
#include "templating/program.hpp"

namespace drover::jobspec {

namespace {

bool is_printable(const std::string& path) {
    return std::none_of(path.begin(), path.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Of a file below the task's directory.
bool is_below(const std::string& path) {
    if (path.empty() || path.front() == '/' || path.back() == '/') return false;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (path.substr(at, end - at) == "..") return false;
        at = end + 1;
    }
    return true;
}

void check_place(Context& context, const std::string& path, const wire::Template& spec, std::set<std::string>& seen) {
    const std::string at = below(path, "destination");
    if (!is_below(spec.destination) || !is_printable(spec.destination)) {
        context.complain(at, "\"" + spec.destination +
                                 "\" is no file below the task's directory; write for example "
                                 "local/app.conf or secrets/app.conf");
    } else if (!seen.insert(spec.destination).second) {
        context.complain(at, "another template is written to " + spec.destination + " already");
    }
}

void check_text(Context& context, const std::string& path, const wire::Template& spec) {
    const bool has_data = context.has(below(path, "data"));
    if (has_data == !spec.source.empty()) {
        return context.complain(path, has_data ? "has data and source; keep one of them"
                                               : "needs data, its text, or source, the file that holds it");
    }
    if (!spec.source.empty() && spec.source.front() != '/' && !is_below(spec.source)) {
        context.complain(below(path, "source"), "\"" + spec.source +
                                                    "\" is neither an absolute path nor a file below the "
                                                    "task's directory");
    }
    const auto program = templating::compile(spec.data);
    if (program) return;
    const templating::Fault& fault = program.error();
    context.complain(below(path, "data"),
                     "line " + std::to_string(fault.line) + ", column " + std::to_string(fault.column) +
                         " of the text: " + fault.message,
                     fault.nearest);
}

void check_signal(Context& context, const std::string& path, const wire::Template& spec) {
    const std::string at = below(path, "change_signal");
    const bool wanted = spec.change_mode == wire::ChangeMode::signal;
    if (wanted == spec.change_signal.empty()) {
        return context.complain(at, wanted ? "is required by change_mode: signal, for example SIGHUP"
                                           : "is given, but change_mode is not signal");
    }
    const auto& names = signal_names();
    if (!wanted || std::find(names.begin(), names.end(), spec.change_signal) != names.end()) return;
    context.complain(at, "\"" + spec.change_signal + "\" is no signal; write for example SIGHUP",
                     nearest(spec.change_signal, names));
}

void check_script(Context& context, const std::string& path, const wire::Template& spec) {
    const std::string at = below(path, "change_script");
    const bool wanted = spec.change_mode == wire::ChangeMode::script;
    if (wanted != spec.change_script.has_value()) {
        context.complain(at, wanted ? "is required by change_mode: script" : "is given, but change_mode is not script");
    } else if (wanted && spec.change_script->command.empty()) {
        context.complain(below(at, "command"), "may not be empty");
    }
}

}  // namespace

void check_templates(Context& context, const std::string& path, const wire::TaskSpec& task) {
    std::set<std::string> destinations;
    for (std::size_t i = 0; i < task.templates.size(); ++i) {
        const std::string at = below(below(path, "templates"), i);
        check_place(context, at, task.templates[i], destinations);
        check_text(context, at, task.templates[i]);
        check_signal(context, at, task.templates[i]);
        check_script(context, at, task.templates[i]);
    }
}

}  // namespace drover::jobspec
