#include "host/config.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/nearest.hpp"
#include "host/config_file.hpp"
#include "host/config_help.hpp"
#include "host/config_value.hpp"

namespace drover::host {

namespace {

constexpr std::string_view kPrefix = "DROVER_";

std::string env_name(const std::string& option) {
    std::string out(kPrefix);
    for (const char c : option) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

struct Flag {
    std::string name;  // snake_case
    std::optional<std::string> value;
};

// What the command line asks for, before any of it is applied.
struct CommandLine {
    std::vector<Flag> flags;
    std::optional<std::string> config;
    bool help = false;
    bool version = false;
    bool print_config = false;
};

class Loader {
   public:
    Loader(const Program& program, const std::vector<Option>& options) : program_(program), options_(options) {
        origins_.assign(options.size(), "default");
    }

    Result<std::string> load(const ConfigInput& input) {
        auto line = parse_flags(input.args);
        if (!line) return tl::unexpected(line.error());
        if (line->help) return help_text(program_, options_);
        if (line->version) return program_.name + " " + version() + "\n";
        const auto env_config = input.env.find("DROVER_CONFIG");
        if (!line->config && env_config != input.env.end()) line->config = env_config->second;
        auto applied = apply_file(line->config.value_or(""));
        if (applied) applied = apply_env(input.env);
        if (applied) applied = apply_flags(line->flags);
        if (!applied) return tl::unexpected(applied.error());
        return line->print_config ? config_text(program_, options_, origins_) : "";
    }

   private:
    std::optional<std::size_t> index_of(const std::string& name) const {
        for (std::size_t i = 0; i < options_.size(); ++i) {
            if (options_[i].name == name) return i;
        }
        return std::nullopt;
    }

    std::string hint(const std::string& name, bool as_flag) const {
        std::vector<std::string> names;
        for (const Option& option : options_) names.push_back(option.name);
        if (as_flag) names.insert(names.end(), {"config", "print_config", "help", "version"});
        const std::string meant = nearest(name, names);
        if (meant.empty()) return "; see " + program_.name + " --help";
        return "; did you mean " + (as_flag ? flag_name(meant) : meant) + "?";
    }

    Result<CommandLine> parse_flags(const std::vector<std::string>& args) const {
        CommandLine line;
        for (std::size_t i = 0; i < args.size(); ++i) {
            const std::string& arg = args[i];
            if (arg == "-h" || arg == "--help") {
                line.help = true;
                continue;
            }
            if (!arg.starts_with("--") || arg.size() == 2) {
                return fail(ErrorKind::invalid, "unexpected argument \"" + arg + "\"; write --name value");
            }
            const std::size_t equals = arg.find('=');
            Flag flag{arg.substr(2, equals - 2), {}};
            std::replace(flag.name.begin(), flag.name.end(), '-', '_');
            if (equals != std::string::npos) flag.value = arg.substr(equals + 1);
            if (flag.name == "version" && !flag.value) {
                line.version = true;
                continue;
            }
            if (flag.name == "print_config" && !flag.value) {
                line.print_config = true;
                continue;
            }
            const auto index = index_of(flag.name);
            if (!index && flag.name != "config") {
                return fail(ErrorKind::invalid, flag_name(flag.name) + ": unknown option" + hint(flag.name, true));
            }
            if (!flag.value && index && is_bool(options_[*index].target)) flag.value = "true";
            if (!flag.value && i + 1 < args.size()) flag.value = args[++i];
            if (!flag.value) return fail(ErrorKind::invalid, flag_name(flag.name) + ": needs a value");
            if (index) {
                line.flags.push_back(std::move(flag));
            } else {
                line.config = flag.value;
            }
        }
        return line;
    }

    Result<void> set(std::size_t index, std::string_view text, const std::string& where, std::string origin) {
        auto done = set_from_text(options_[index].target, text);
        if (!done) {
            const std::string why = options_[index].secret ? "the value has the wrong form" : done.error().message;
            return fail(ErrorKind::invalid, where + ": " + why);
        }
        origins_[index] = std::move(origin);
        return {};
    }

    Result<void> apply_file(const std::string& path) {
        if (path.empty()) return {};
        auto values = read_config_file(path);
        if (!values) return tl::unexpected(values.error());
        for (const FileValue& value : *values) {
            const std::string place = path + ":" + std::to_string(value.line);
            const auto index = index_of(value.name);
            if (!index) {
                return fail(ErrorKind::invalid,
                            place + ": " + value.name + ": unknown option" + hint(value.name, false));
            }
            auto done = apply_value(*index, value, place);
            if (!done) return done;
        }
        return {};
    }

    Result<void> apply_value(std::size_t index, const FileValue& value, const std::string& place) {
        const Target& target = options_[index].target;
        const std::string where = place + ": " + value.name;
        if (value.is_list != is_list(target)) {
            return fail(ErrorKind::invalid,
                        where + (value.is_list ? ": takes one value, not a list" : ": takes a list; write [a, b]"));
        }
        if (!value.is_list) return set(index, value.texts.front(), where, place);
        *std::get<std::vector<std::string>*>(target) = value.texts;
        origins_[index] = place;
        return {};
    }

    Result<void> apply_env(const std::map<std::string, std::string>& env) {
        for (std::size_t i = 0; i < options_.size(); ++i) {
            const auto found = env.find(env_name(options_[i].name));
            if (found == env.end()) continue;
            auto done = set(i, found->second, found->first, found->first);
            if (!done) return done;
        }
        return {};
    }

    Result<void> apply_flags(const std::vector<Flag>& flags) {
        std::set<std::string> seen;
        for (const Flag& flag : flags) {
            const std::string name = flag_name(flag.name);
            if (!seen.insert(name).second) return fail(ErrorKind::invalid, name + ": is given twice; keep one");
            auto done = set(*index_of(flag.name), *flag.value, name, name);
            if (!done) return done;
        }
        return {};
    }

    const Program& program_;
    const std::vector<Option>& options_;
    std::vector<std::string> origins_;
};

}  // namespace

std::vector<Option> join(std::vector<Option> first, std::vector<Option> more) {
    for (Option& option : more) first.push_back(std::move(option));
    return first;
}

ConfigInput config_input(int argc, const char* const* argv) {
    ConfigInput input;
    for (int i = 1; i < argc; ++i) input.args.emplace_back(argv[i]);
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (!text.starts_with(kPrefix) || equals == std::string_view::npos) continue;
        input.env.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return input;
}

Result<std::string> load_config(const Program& program, const std::vector<Option>& options, const ConfigInput& input) {
    return Loader(program, options).load(input);
}

std::string version() { return DROVER_VERSION; }

}  // namespace drover::host
