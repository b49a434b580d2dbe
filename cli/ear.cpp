#include "cli/ear.hpp"

#include "os/files.hpp"

namespace drover::cli {

Result<std::unique_ptr<bus::Tap>> open_ear(const Environment& environment, std::vector<std::string> endpoints,
                                           const std::string& prefix) {
    if (endpoints.empty()) {
        const std::string run = run_dir(data_dir(environment));
        for (const char* service : kServices) endpoints.push_back(tap(run, service));
        // Connecting to a socket that is not there yet is no error for the bus, and would wait for ever.
        const std::string socket = endpoints.front().substr(std::string("ipc://").size());
        if (!os::exists(socket))
            return fail(ErrorKind::unavailable, "cannot listen in: there is no " + socket +
                                                    ". Start Drover with: drover dev\nOr name the tap of another with "
                                                    "--endpoint.");
    }
    return bus::Tap::open(endpoints, prefix);
}

}  // namespace drover::cli
