#include "cli/ear.hpp"

#include "host/keys.hpp"
#include "os/files.hpp"

namespace drover::cli {

namespace {

// An endpoint that names no key is the state-store's.
Result<bus::CurveConfig> read_keys(const std::string& dir, std::vector<std::string>& endpoints) {
    host::ServiceConfig config;
    config.curve_secret_key_file = dir + "/tap/curve.key";
    config.curve_public_key_file = dir + "/public/tap.pub";
    const auto keys = host::read_curve_keys(config);
    if (!keys) return tl::unexpected(keys.error());
    for (std::string& endpoint : endpoints)
        if (endpoint.find('#') == std::string::npos) endpoint += "#file:" + dir + "/public/state-store.pub";
    auto named = host::read_peer_keys(endpoints);
    if (!named) return tl::unexpected(named.error());
    endpoints = std::move(*named);
    return bus::CurveConfig{keys->public_key, keys->secret_key, {}};
}

}  // namespace

Result<std::unique_ptr<bus::Tap>> open_ear(const Environment& environment, std::vector<std::string> endpoints,
                                           const std::string& prefix, const std::string& keys) {
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
    if (keys.empty()) return bus::Tap::open(endpoints, prefix);
    const auto curve = read_keys(keys, endpoints);
    if (!curve) return tl::unexpected(curve.error());
    return bus::Tap::open(endpoints, prefix, *curve);
}

}  // namespace drover::cli
