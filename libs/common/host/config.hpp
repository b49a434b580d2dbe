// Configuration of a program: one plain struct, whose options() lists each member once. Values come from the struct's
// initialisers, then a YAML file (--config FILE or DROVER_CONFIG), then DROVER_<NAME>, then --name value; the last
// wins.
//
//   struct Config : host::ServiceConfig {
//       std::string listen = "127.0.0.1:4646";
//       Duration timeout = seconds(5);
//       std::vector<host::Option> options() {
//           return host::join(service_options(), {{"listen", &listen, "address to serve HTTP on"},
//                                                 {"timeout", &timeout, "how long a request may wait for its
//                                                 answer"}});
//       }
//   };
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

namespace drover::host {

// The member that an option sets; its type says how values are written. A list is comma separated in variables and
// flags, a sequence in YAML. A bool flag may stand alone: --tap_all is --tap_all=true.
using Target = std::variant<std::string*, bool*, std::int64_t*, double*, Duration*, Size*, std::vector<std::string>*>;

struct Option {
    std::string name;  // snake_case; the YAML key; DROVER_<NAME> in capitals; --name, where '-' may stand for '_'
    Target target;
    std::string help;     // says the unit or what the text is; no full stop
    bool secret = false;  // shown as *** by --print-config
};

std::vector<Option> join(std::vector<Option> first, std::vector<Option> more);

// What a program is called and says about itself.
struct Program {
    std::string name;     // "drover-gateway"
    std::string summary;  // one sentence for --help
    std::string example;  // a command line that works
};

struct ConfigInput {
    std::vector<std::string> args;           // without argv[0]
    std::map<std::string, std::string> env;  // names beginning with DROVER_ count
};

ConfigInput config_input(int argc, const char* const* argv);

// Sets the options' targets. The value is the text to print on stdout before exiting with 0 (--help, --version,
// --print-config), or "" to go on. Errors name the file and line, the variable or the flag, and the nearest valid name.
// Variables that no option has are ignored: other programs of Drover read the same environment.
Result<std::string> load_config(const Program& program, const std::vector<Option>& options, const ConfigInput& input);

// Of this build, "0.1.0".
std::string version();

}  // namespace drover::host
